//go:build !windows

package netcore

import (
	"errors"
	"io/fs"
	"syscall"
)

// isTooLarge tells whether err says that a datagram is larger than the system sends.
func isTooLarge(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }

// isRefused tells whether err says that nobody listens.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// setMode gives a socket the mode that its file will have. Only Linux heeds it.
func setMode(fd uintptr, mode fs.FileMode) error { return syscall.Fchmod(int(fd), uint32(mode.Perm())) }
