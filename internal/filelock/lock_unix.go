//go:build unix && !solaris && !aix

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const mostSignals = 1000 // that may interrupt a call

// TryLock takes the lock on f, which ends with f or the process, and reports whether somebody else has it. On a file system without
// locks the error wraps errors.ErrUnsupported.
func TryLock(f *os.File) (taken bool, err error) {
	err = unix.EINTR // a file system of the network may say so for any signal, and Go sends some to its threads
	for try := 0; err == unix.EINTR && try < mostSignals; try++ {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// Close closes f and ends the lock on it: at once, though a process that is being started may have f open for a moment yet.
func Close(f *os.File) error {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	return f.Close()
}
