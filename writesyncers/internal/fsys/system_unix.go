//go:build unix

package fsys

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// control calls do with the descriptor of f, which stays open meanwhile.
func control(f *os.File, do func(fd int)) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	return c.Control(func(fd uintptr) { do(int(fd)) })
}

// Descriptor is an open regular file as the system knows it. The zero value is none.
type Descriptor struct{ fdPlusOne int }

// DescriptorOf returns the descriptor of f, which has to stay open for as long as it is used.
func DescriptorOf(f *os.File) Descriptor { return Descriptor{int(f.Fd()) + 1} }

// Write makes one system call, and returns how much of p it took: none if that failed. It spares what os.File does so that it
// may be closed meanwhile, or be waited for: neither happens to a regular file under the lock of its writer.
func (d Descriptor) Write(p []byte) int {
	if d.fdPlusOne == 0 {
		return 0
	}
	n, err := unix.Write(d.fdPlusOne-1, p)
	if err != nil {
		return 0
	}
	return n
}

// Size returns the size of the file, if the system tells.
func (d Descriptor) Size() (size int64, known bool) {
	var st unix.Stat_t
	if d.fdPlusOne == 0 || unix.Fstat(d.fdPlusOne-1, &st) != nil {
		return 0, false
	}
	return st.Size, true
}

// rename is os.Rename without its look at dst, which is no directory.
func rename(src, dst string) error {
	return errno.Again(func() error { return syscall.Rename(src, dst) })
}

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
	return one.Dev == other.Dev && sameMount(a, b)
}
