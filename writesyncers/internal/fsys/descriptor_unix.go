//go:build unix

package fsys

import (
	"os"

	"golang.org/x/sys/unix"
)

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
