package spool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fallocate gives a file its size and its blocks.
func fallocate(f *os.File, size int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	return err
}

// punch gives the blocks of a part of a file back, which then reads as zeros.
func punch(f *os.File, at, size int64) error {
	return unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, size)
}
