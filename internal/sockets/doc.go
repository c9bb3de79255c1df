// Package sockets has peers for connections, a proxy and a DNS resolver, for tests and benchmarks.
package sockets
