package spool

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// fallocateCall is the system call. Tests replace it.
var fallocateCall = unix.Fallocate

// fallocate gives a file its size and its blocks. It does not try again after EINTR: a profiler sends a hundred signals a second, and some
// file systems begin anew after each.
func fallocate(f *os.File, size int64) error {
	err := fallocateCall(int(f.Fd()), 0, 0, size)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINTR) {
		return errors.ErrUnsupported
	}
	return err
}

// punch frees the disk blocks of a part of a file, which then reads as zeros.
func punch(f *os.File, at, size int64) error {
	return errno.Again(func() error {
		return fallocateCall(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, at, size)
	})
}
