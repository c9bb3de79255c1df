package disklog

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync puts the contents of f on the disk, and of its times and owners no more than finding them needs. f may be closed meanwhile.
func datasync(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	ctl := c.Control(func(fd uintptr) {
		for err = unix.EINTR; err == unix.EINTR; {
			err = unix.Fdatasync(int(fd))
		}
	})
	if ctl != nil { // the only reason, and not told as os.ErrClosed
		return os.ErrClosed
	}
	return os.NewSyscallError("fdatasync", err)
}
