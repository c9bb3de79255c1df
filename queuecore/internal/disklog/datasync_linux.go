package disklog

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync makes the contents of f safe from a loss of power, without metadata that reading them does not need. f may be closed meanwhile.
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
	if ctl != nil { // f is closed: there is no other reason, and it is not os.ErrClosed
		return os.ErrClosed
	}
	return os.NewSyscallError("fdatasync", err)
}
