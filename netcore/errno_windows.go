package netcore

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// isTooLarge tells whether err says that a datagram is larger than the system sends.
func isTooLarge(err error) bool { return errors.Is(err, windows.WSAEMSGSIZE) }

// isRefused tells whether err says that nobody listens.
func isRefused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

// setMode does nothing: the directory of the socket says who may connect.
func setMode(uintptr, fs.FileMode) error { return nil }

// isReset tells whether err says that the peer has reset a connection, or that it has closed it and takes no more.
func isReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED) || errors.Is(err, windows.WSAESHUTDOWN)
}

// isUnreachable tells whether err says that there is no way to an address.
func isUnreachable(err error) bool {
	return errors.Is(err, windows.WSAEHOSTUNREACH) || errors.Is(err, windows.WSAENETUNREACH)
}
