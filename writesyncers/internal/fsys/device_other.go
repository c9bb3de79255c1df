//go:build !unix

package fsys

import (
	"path/filepath"
	"strings"
	"syscall"
)

var errNameTooLong error = syscall.ENAMETOOLONG

// SameDevice reports whether a file can be renamed from one of two directories into the other, as far as can be told.
func SameDevice(a, b string) bool {
	one, errA := filepath.Abs(a)
	other, errB := filepath.Abs(b)
	return errA != nil || errB != nil || strings.EqualFold(filepath.VolumeName(one), filepath.VolumeName(other))
}
