package errno

import (
	"errors"
	"syscall"
)

// mostSignals is how often a call may be interrupted: a file system that always says so would hold up its caller for good.
const mostSignals = 1000

// Again calls f until no signal has interrupted it (EINTR), as package os does: Go sends some to its own threads, and a file system of the
// network or of a process may give up a call for that.
func Again(f func() error) (err error) {
	for range mostSignals {
		if err = f(); err != syscall.EINTR {
			break
		}
	}
	return err
}

// Stale reports whether an error says that an open file is none any more, whatever is at its path: that of a server which has it no longer,
// or of a FUSE file system whose process has ended. Only to open the path again can help.
func Stale(err error) bool { return errors.Is(err, syscall.ESTALE) || errors.Is(err, syscall.ENOTCONN) }
