//go:build !windows

package connection

import (
	"errors"
	"io/fs"
	"syscall"
)

// IsTooLarge reports whether err says that a datagram is larger than the system sends.
func IsTooLarge(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }

// IsRefused reports whether err says that nobody listens.
func IsRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// SetMode sets the mode that a socket's file will have. It has an effect only on Linux.
func SetMode(fd uintptr, mode fs.FileMode) error { return syscall.Fchmod(int(fd), uint32(mode.Perm())) }

// isReset reports whether err says that the peer has reset a connection, or has closed it and takes no more.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// hasGivenUp reports whether err says that the system has given up delivering what was written to a stream.
func hasGivenUp(err error) bool { return errors.Is(err, syscall.ETIMEDOUT) || IsUnreachable(err) }

// IsUnreachable reports whether err says that there is no route to an address.
func IsUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
