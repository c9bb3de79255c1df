//go:build !linux && !darwin

package writesyncers

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
)

// Windows renames no file that is open: there rotation closes the file first.
const (
	renamesOpenFiles = runtime.GOOS != "windows"
	opensAhead       = renamesOpenFiles
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
