// Package sockets is the other end of a connection, for tests and benchmarks.
package sockets
