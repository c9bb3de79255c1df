//go:build !windows

package connection

import (
	"errors"
	"io/fs"
	"syscall"
)

// IsTooLarge tells whether err says that a datagram is larger than the system sends.
func IsTooLarge(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }

// IsRefused tells whether err says that nobody listens.
func IsRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// SetMode gives a socket the mode that its file will have. Only Linux heeds it.
func SetMode(fd uintptr, mode fs.FileMode) error { return syscall.Fchmod(int(fd), uint32(mode.Perm())) }

// isReset tells whether err says that the peer has reset a connection, or that it has closed it and takes no more.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// hasGivenUp tells whether err says that the system has tried for long enough to get to the peer what was written to a stream.
func hasGivenUp(err error) bool { return errors.Is(err, syscall.ETIMEDOUT) || IsUnreachable(err) }

// IsUnreachable tells whether err says that there is no way to an address.
func IsUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
