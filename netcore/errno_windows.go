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
