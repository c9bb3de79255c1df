package writesyncers

import (
	"os"

	"golang.org/x/sys/unix"
)

// nonblock makes opening a pipe that has no reader an error.
const nonblock = unix.O_NONBLOCK

// renameNew renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist.
func renameNew(src, dst string) error {
	if err := unix.RenamexNp(src, dst, unix.RENAME_EXCL); err != nil {
		return &os.LinkError{Op: "rename", Old: src, New: dst, Err: err}
	}
	return nil
}
