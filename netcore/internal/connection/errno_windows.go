package connection

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// IsTooLarge tells whether err says that a datagram is larger than the system sends.
func IsTooLarge(err error) bool { return errors.Is(err, windows.WSAEMSGSIZE) }

// IsRefused tells whether err says that nobody listens.
func IsRefused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

// SetMode does nothing: the directory of the socket says who may connect.
func SetMode(uintptr, fs.FileMode) error { return nil }

// isReset tells whether err says that the peer has reset a connection, or that it has closed it and takes no more.
func isReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED) || errors.Is(err, windows.WSAESHUTDOWN)
}

// hasGivenUp tells whether err says that the system has tried for long enough to get to the peer what was written to a stream.
func hasGivenUp(err error) bool { return errors.Is(err, windows.WSAETIMEDOUT) || IsUnreachable(err) }

// IsUnreachable tells whether err says that there is no way to an address.
func IsUnreachable(err error) bool {
	return errors.Is(err, windows.WSAEHOSTUNREACH) || errors.Is(err, windows.WSAENETUNREACH)
}
