//go:build !linux && !darwin && !windows

package fsys

import "errors"

// RenameNoReplace renames a file to a name that nobody has; if somebody has, it is an error that wraps fs.ErrExist. Looking and
// renaming are two steps here.
func RenameNoReplace(src, dst string) error { return lookAndRename(src, dst) }

func renameNoReplace(_, _ string) error { return errors.ErrUnsupported }
