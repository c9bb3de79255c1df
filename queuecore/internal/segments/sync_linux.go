package segments

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync makes a file's content safe from a loss of power.
func datasync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); err != unix.EINTR {
			return err
		}
	}
}
