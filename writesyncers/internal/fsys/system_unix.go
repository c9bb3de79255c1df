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

// Descriptor is the descriptor of an open regular file. The zero value is none.
type Descriptor struct{ fdPlusOne int }

// DescriptorOf returns the descriptor of f. f must stay open while it is used.
func DescriptorOf(f *os.File) Descriptor { return Descriptor{int(f.Fd()) + 1} }

// Write makes one system call, and returns how many bytes of p it wrote: 0 if the call failed. It skips the work with which os.File
// allows for a concurrent Close and for waiting: neither happens to a regular file under the lock of its writer.
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

// Size returns the size of the file, if the system knows it.
func (d Descriptor) Size() (size int64, known bool) {
	var st unix.Stat_t
	if d.fdPlusOne == 0 || unix.Fstat(d.fdPlusOne-1, &st) != nil {
		return 0, false
	}
	return st.Size, true
}

// rename is os.Rename without its check whether dst is a directory.
func rename(src, dst string) error {
	return errno.Again(func() error { return syscall.Rename(src, dst) })
}

// NameTooLong reports whether a name is too long for the file system, by asking it.
func NameTooLong(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, unix.ENAMETOOLONG)
}

// SameDevice reports whether files can be renamed between two directories; true if that cannot be found out.
func SameDevice(a, b string) bool {
	var one, other unix.Stat_t
	if unix.Stat(a, &one) != nil || unix.Stat(b, &other) != nil {
		return true
	}
	return one.Dev == other.Dev && sameMount(a, b)
}
