//go:build !unix

package fsys

import (
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// NameTooLong reports whether a name has more UTF-16 units than the file systems of Windows take.
func NameTooLong(path string) bool {
	return len(utf16.Encode([]rune(filepath.Base(path)))) > NameMax
}

// SameDevice reports whether a file can be renamed from one of two directories into the other, as far as can be told.
func SameDevice(a, b string) bool {
	one, errA := filepath.Abs(a)
	other, errB := filepath.Abs(b)
	return errA != nil || errB != nil || strings.EqualFold(filepath.VolumeName(one), filepath.VolumeName(other))
}
