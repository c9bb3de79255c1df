package connection

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/windows"
)

// IsTooLarge reports whether err says that a datagram is larger than the system sends.
func IsTooLarge(err error) bool { return errors.Is(err, windows.WSAEMSGSIZE) }

// IsRefused reports whether err says that nobody listens.
func IsRefused(err error) bool { return errors.Is(err, windows.WSAECONNREFUSED) }

// SetMode does nothing: the socket's directory decides who may connect.
func SetMode(uintptr, fs.FileMode) error { return nil }

// isReset reports whether err says that the peer has reset a connection, or has closed it and takes no more.
func isReset(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED) || errors.Is(err, windows.WSAESHUTDOWN)
}

// hasGivenUp reports whether err says that the system has given up delivering what was written to a stream.
func hasGivenUp(err error) bool { return errors.Is(err, windows.WSAETIMEDOUT) || IsUnreachable(err) }

// IsUnreachable reports whether err says that there is no route to an address.
func IsUnreachable(err error) bool {
	return errors.Is(err, windows.WSAEHOSTUNREACH) || errors.Is(err, windows.WSAENETUNREACH)
}
