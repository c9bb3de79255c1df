//go:build !windows && (!unix || solaris || aix)

package filelock

import (
	"errors"
	"os"
)

// TryLock has no lock to take here: the error is errors.ErrUnsupported.
func TryLock(*os.File) (taken bool, err error) { return false, errors.ErrUnsupported }

// Close closes f and ends the lock on it.
func Close(f *os.File) error { return f.Close() }
