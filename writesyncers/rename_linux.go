package writesyncers

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// nonblock makes opening a pipe that has no reader an error.
const nonblock = unix.O_NONBLOCK

// renameNew renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist.
func renameNew(src, dst string) error {
	err := unix.Renameat2(unix.AT_FDCWD, src, unix.AT_FDCWD, dst, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return linkNew(src, dst)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: src, New: dst, Err: err}
	}
	return nil
}

// linkNew is renameNew for file systems (NFS, for one) that cannot promise it in one step.
func linkNew(src, dst string) error {
	if err := os.Link(src, dst); err != nil {
		return err
	}
	return os.Remove(src)
}
