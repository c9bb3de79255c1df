//go:build !windows

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// What can be done with a file that is open: it can be renamed, and so the next one may be open before its turn comes.
const (
	RenamesOpenFiles = true
	OpensAhead       = true
)

// Stays reports whether an error of renaming says that this very file has to stay where it is: it may not be changed (chattr +i), or
// something is mounted on it.
func Stays(err error) bool { return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EBUSY) }

// OpenMovable opens a file for reading so that it can be renamed meanwhile. It waits for nobody: a pipe that has taken the file's
// place is opened and read as empty.
func OpenMovable(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|Nonblock, 0) }
