package writesyncers

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// Windows renames no file that is open: there rotation closes the file first.
const (
	renamesOpenFiles = false
	opensAhead       = false
)

// renameNew renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist.
func renameNew(src, dst string) error {
	from, err := windows.UTF16PtrFromString(src)
	if err != nil {
		return err
	}
	to, err := windows.UTF16PtrFromString(dst)
	if err != nil {
		return err
	}
	if err := windows.MoveFileEx(from, to, 0); err != nil { // which replaces nothing, unless it is told to
		if errors.Is(err, windows.ERROR_ALREADY_EXISTS) {
			err = fs.ErrExist
		}
		return &os.LinkError{Op: "rename", Old: src, New: dst, Err: err}
	}
	return nil
}

// exchange swaps the names of two files in one step, or returns errors.ErrUnsupported.
func exchange(_, _ string) error { return errors.ErrUnsupported }

// openMovable opens a file for reading so that it can be renamed meanwhile.
func openMovable(path string) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	const share = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE
	h, err := windows.CreateFile(name, windows.GENERIC_READ, share, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}
