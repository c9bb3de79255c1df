//go:build !linux && !darwin

package writesyncers

import (
	"io/fs"
	"os"
)

// nonblock: these systems have no pipes among their files, or do not wait at opening one.
const nonblock = 0

// renameNew renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist. Looking and
// renaming are two steps here.
func renameNew(src, dst string) error {
	if _, err := os.Lstat(dst); err == nil {
		return &os.LinkError{Op: "rename", Old: src, New: dst, Err: fs.ErrExist}
	}
	return os.Rename(src, dst)
}
