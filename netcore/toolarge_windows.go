package netcore

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isTooLarge tells whether err says that a datagram is larger than the system sends.
func isTooLarge(err error) bool { return errors.Is(err, windows.WSAEMSGSIZE) }
