package writesyncers

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// A file that is open can be renamed here, so that the next one may be open before its turn comes.
const (
	renamesOpenFiles = true
	opensAhead       = true
)

// renameNew renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist.
func renameNew(src, dst string) error {
	err := unix.Renameat2(unix.AT_FDCWD, src, unix.AT_FDCWD, dst, unix.RENAME_NOREPLACE)
	if unsupported(err) {
		return linkNew(src, dst)
	}
	return linkError("rename", src, dst, err)
}

// linkNew is renameNew for file systems (NFS, for one) that cannot promise it in one step.
func linkNew(src, dst string) error {
	if err := os.Link(src, dst); err != nil {
		return err
	}
	return os.Remove(src)
}

// exchange swaps the names of two files in one step, or returns errors.ErrUnsupported.
func exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if unsupported(err) {
		return errors.ErrUnsupported
	}
	return linkError("exchange", a, b, err)
}

func unsupported(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP)
}

func linkError(op, src, dst string, err error) error {
	if err != nil {
		return &os.LinkError{Op: op, Old: src, New: dst, Err: err}
	}
	return nil
}

// openMovable opens a file for reading so that it can be renamed meanwhile.
func openMovable(path string) (*os.File, error) { return os.Open(path) }
