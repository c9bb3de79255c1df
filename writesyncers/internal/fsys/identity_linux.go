package fsys

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Identity is what makes a file the same file, whatever it is called.
type Identity struct {
	major, minor uint32
	inode        uint64
}

// Identify returns the identity of an open file.
func Identify(f *os.File) Identity {
	st, err := statx(f, unix.STATX_INO)
	if err != nil {
		return Identity{}
	}
	return Identity{st.Dev_major, st.Dev_minor, st.Ino}
}

// Birth returns the time a file was made, where the file system knows it.
func Birth(f *os.File) (at time.Time, known bool) {
	st, err := statx(f, unix.STATX_BTIME)
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}, false
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)), true
}

func statx(f *os.File, mask int) (st unix.Statx_t, err error) {
	ctl := control(f, func(fd int) { err = unix.Statx(fd, "", unix.AT_EMPTY_PATH, mask, &st) })
	if ctl != nil {
		return st, ctl
	}
	return st, err
}

// LeadsTo reports whether the path, which ends in a NUL, leads to the file with that identity. A path that leads nowhere does
// not; if there is no telling, it is an error. It asks for the inode and nothing more: whoever asks for the times of a file
// makes the next write take a fresh stamp, which costs as much as the question.
func LeadsTo(pathZ []byte, id Identity) (bool, error) {
	var st unix.Statx_t
	cwd := unix.AT_FDCWD
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(cwd), uintptr(unsafe.Pointer(&pathZ[0])), 0, unix.STATX_INO, uintptr(unsafe.Pointer(&st)), 0)
	switch errno {
	case 0:
		return id == Identity{st.Dev_major, st.Dev_minor, st.Ino}, nil
	case unix.ENOENT, unix.ENOTDIR:
		return false, nil
	}
	return false, errno
}
