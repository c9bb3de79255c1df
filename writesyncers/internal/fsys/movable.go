//go:build !windows

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// These systems can rename a file that is open, so the next file can be opened ahead.
const (
	RenamesOpenFiles = true
	OpensAhead       = true
)

// Stays reports whether an error of renaming is about this one file: it may not be changed (chattr +i), or something is mounted on it.
func Stays(err error) bool { return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EBUSY) }

// OpenMovable opens a file for reading so that it can still be renamed. It does not wait: if a pipe has taken the file's place, it is
// opened and read as empty.
func OpenMovable(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|Nonblock, 0) }
