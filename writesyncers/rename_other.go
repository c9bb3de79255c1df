//go:build !linux && !darwin && !windows

package writesyncers

import (
	"errors"
	"io/fs"
	"os"
)

// A file that is open can be renamed here, so that the next one may be open before its turn comes.
const (
	renamesOpenFiles = true
	opensAhead       = true
)

// renameNew renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist. Looking and
// renaming are two steps here.
func renameNew(src, dst string) error {
	if _, err := os.Lstat(dst); err == nil {
		return &os.LinkError{Op: "rename", Old: src, New: dst, Err: fs.ErrExist}
	}
	return os.Rename(src, dst)
}

// exchange swaps the names of two files in one step, or returns errors.ErrUnsupported.
func exchange(_, _ string) error { return errors.ErrUnsupported }

// openMovable opens a file for reading so that it can be renamed meanwhile.
func openMovable(path string) (*os.File, error) { return os.Open(path) }
