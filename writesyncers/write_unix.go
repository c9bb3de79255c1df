//go:build unix

package writesyncers

import (
	"os"

	"golang.org/x/sys/unix"
)

// descriptor is an open regular file as the system knows it. The zero value is none.
type descriptor struct{ fdPlusOne int }

func descriptorOf(f *os.File) descriptor { return descriptor{int(f.Fd()) + 1} }

// write makes one system call, and returns how much of p it took. It spares what os.File does so that it may be closed
// meanwhile, or be waited for: neither happens to a regular file under the lock of its sink.
func (d descriptor) write(p []byte) int {
	if d.fdPlusOne == 0 {
		return 0
	}
	n, err := unix.Write(d.fdPlusOne-1, p)
	if err != nil {
		return 0
	}
	return n
}
