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
	return linkError("rename", src, dst, unix.RenamexNp(src, dst, unix.RENAME_EXCL))
}

// exchange swaps the names of two files in one step, or returns errors.ErrUnsupported.
func exchange(a, b string) error {
	err := unix.RenamexNp(a, b, unix.RENAME_SWAP)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) {
		return errors.ErrUnsupported
	}
	return linkError("exchange", a, b, err)
}

func linkError(op, src, dst string, err error) error {
	if err != nil {
		return &os.LinkError{Op: op, Old: src, New: dst, Err: err}
	}
	return nil
}

// openMovable opens a file for reading so that it can be renamed meanwhile.
func openMovable(path string) (*os.File, error) { return os.Open(path) }
