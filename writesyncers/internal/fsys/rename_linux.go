package fsys

import (
	"errors"

	"golang.org/x/sys/unix"
)

// RenameNoReplace renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist. On a file
// system that cannot promise that in one step, looking and renaming are two.
func RenameNoReplace(src, dst string) error {
	err := renameNoReplace(src, dst)
	if unsupported(err) {
		return lookAndRename(src, dst)
	}
	return linkError("rename", src, dst, err)
}

func renameNoReplace(src, dst string) error {
	return unix.Renameat2(unix.AT_FDCWD, src, unix.AT_FDCWD, dst, unix.RENAME_NOREPLACE)
}

func unsupported(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP)
}
