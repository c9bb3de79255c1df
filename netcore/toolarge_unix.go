//go:build !windows

package netcore

import (
	"errors"
	"syscall"
)

// isTooLarge tells whether err says that a datagram is larger than the system sends.
func isTooLarge(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }
