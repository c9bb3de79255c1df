//go:build !unix

package fsys

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Access says who may use a file: its permission bits.
type Access struct{ mode fs.FileMode }

// Equal reports whether the same may use both.
func (a Access) Equal(b Access) bool { return a == b }

// AccessOf returns who may use an open file.
func AccessOf(f *os.File) (Access, error) {
	info, err := f.Stat()
	if err != nil {
		return Access{}, err
	}
	return Access{info.Mode().Perm()}, nil
}

// CopyAccess gives dst the permission bits of src. The directory decides who else may read it.
func CopyAccess(dst, src *os.File) error {
	info, err := src.Stat()
	if err != nil {
		return err
	}
	return dst.Chmod(info.Mode().Perm())
}

// Descriptor is empty: on these systems only os.File can write.
type Descriptor struct{}

// DescriptorOf returns the empty Descriptor.
func DescriptorOf(*os.File) Descriptor { return Descriptor{} }

// Write writes nothing, so that os.File writes all.
func (Descriptor) Write([]byte) int { return 0 }

// Size returns no size.
func (Descriptor) Size() (size int64, known bool) { return 0, false }

func rename(src, dst string) error {
	err := os.Rename(src, dst)
	if link, ok := err.(*os.LinkError); ok {
		return link.Err
	}
	return err
}

// NameTooLong reports whether a name has more UTF-16 units than the file systems of Windows allow.
func NameTooLong(path string) bool {
	return len(utf16.Encode([]rune(filepath.Base(path)))) > NameMax
}

// SameDevice reports whether files can be renamed between two directories; true if that cannot be found out.
func SameDevice(a, b string) bool {
	one, errA := filepath.Abs(a)
	other, errB := filepath.Abs(b)
	return errA != nil || errB != nil || strings.EqualFold(filepath.VolumeName(one), filepath.VolumeName(other))
}

// Trusted returns true: files have no owners here.
func Trusted(fs.FileInfo) bool { return true }
