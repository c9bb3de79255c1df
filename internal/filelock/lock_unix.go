//go:build unix && !solaris && !aix

package filelock

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// TryLock takes the lock on f, which ends with f or the process. taken says that somebody else has it. On a file system without
// locks the error wraps errors.ErrUnsupported.
func TryLock(f *os.File) (taken bool, err error) {
	err = errno.Again(func() error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// Close closes f and ends the lock on it, at once, even if a process that is being started still has f open for a moment.
func Close(f *os.File) error {
	_ = unix.Flock(int(f.Fd()), unix.LOCK_UN)
	return f.Close()
}
