//go:build !unix

package fsys

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Access is who may use a file, as far as its permission bits say.
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

// CopyAccess gives dst the permission bits of src. Who else may read it is decided by the directory it was made in.
func CopyAccess(dst, src *os.File) error {
	info, err := src.Stat()
	if err != nil {
		return err
	}
	return dst.Chmod(info.Mode().Perm())
}

// Descriptor is for systems on which a write needs more than a number.
type Descriptor struct{}

// DescriptorOf returns none.
func DescriptorOf(*os.File) Descriptor { return Descriptor{} }

// Write takes nothing: os.File has to.
func (Descriptor) Write([]byte) int { return 0 }

// Size knows no size.
func (Descriptor) Size() (size int64, known bool) { return 0, false }

func rename(src, dst string) error {
	err := os.Rename(src, dst)
	if link, ok := err.(*os.LinkError); ok {
		return link.Err
	}
	return err
}

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

// Trusted has no owners to ask for here.
func Trusted(fs.FileInfo) bool { return true }
