package errno

import (
	"errors"
	"syscall"
)

// mostSignals is how often a call is made again, because a file system that always returns EINTR would block its caller for ever.
const mostSignals = 1000

// Again calls f until no signal interrupts it (EINTR), as package os does: Go sends signals to its own threads, and network and FUSE file
// systems may interrupt a call for that.
func Again(f func() error) (err error) {
	for range mostSignals {
		if err = f(); err != syscall.EINTR {
			break
		}
	}
	return err
}

// Stale reports whether an error says that an open file does not exist any more, whatever is at its path: the server no longer has it, or
// the process of its FUSE file system has ended. Only opening the path again can help.
func Stale(err error) bool { return errors.Is(err, syscall.ESTALE) || errors.Is(err, syscall.ENOTCONN) }
