// Package netcore sends records over sockets: Python's SocketHandler and DatagramHandler.
package netcore
