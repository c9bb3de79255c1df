//go:build unix

package fsys

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// NameTooLong reports whether the file system takes no such name, by asking it.
func NameTooLong(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, unix.ENAMETOOLONG)
}

// SameDevice reports whether a file can be renamed from one of two directories into the other, as far as can be told.
func SameDevice(a, b string) bool {
	var one, other unix.Stat_t
	if unix.Stat(a, &one) != nil || unix.Stat(b, &other) != nil {
		return true
	}
	return one.Dev == other.Dev
}
