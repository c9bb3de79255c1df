package writesyncers

import (
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// identity is what makes a file the same file.
type identity struct {
	major, minor uint32
	inode        uint64
}

// identify returns the identity of an open file.
func identify(f *os.File) identity {
	var st unix.Statx_t
	c, err := f.SyscallConn()
	if err == nil {
		_ = c.Control(func(fd uintptr) { err = unix.Statx(int(fd), "", unix.AT_EMPTY_PATH, unix.STATX_INO, &st) })
	}
	if err != nil {
		return identity{}
	}
	return identity{st.Dev_major, st.Dev_minor, st.Ino}
}

// birth returns the time a file was made, where the file system knows it.
func birth(f *os.File) (at time.Time, known bool) {
	var st unix.Statx_t
	c, err := f.SyscallConn()
	if err == nil {
		_ = c.Control(func(fd uintptr) { err = unix.Statx(int(fd), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st) })
	}
	if err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}, false
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)), true
}

// leads reports whether the path, which ends in a NUL, leads to the file with that identity. It asks for the inode and
// nothing more: whoever asks for the times of a file makes the next write take a fresh stamp, which costs as much as the
// question.
func leads(pathZ []byte, to identity) (bool, error) {
	var st unix.Statx_t
	cwd := unix.AT_FDCWD
	_, _, errno := unix.Syscall6(unix.SYS_STATX, uintptr(cwd), uintptr(unsafe.Pointer(&pathZ[0])), 0, unix.STATX_INO, uintptr(unsafe.Pointer(&st)), 0)
	switch errno {
	case 0:
		return to == identity{st.Dev_major, st.Dev_minor, st.Ino}, nil
	case unix.ENOENT:
		return false, nil
	}
	return false, errno
}

// events is an inotify descriptor that watches one file: not its contents, which would make every write an event.
type events struct {
	fd    int
	watch int
}

// follow watches f in the place of the file before it.
func (w *watcher) follow(f *os.File) error {
	if w.events == nil {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
		if err != nil {
			return os.NewSyscallError("inotify_init1", err)
		}
		w.events = &events{fd: fd, watch: -1}
	}
	if err := w.events.follow(f); err != nil {
		w.events.close()
		w.events = nil
		return err
	}
	return nil
}

func (e *events) follow(f *os.File) error {
	if e.watch >= 0 {
		_, _ = unix.InotifyRmWatch(e.fd, uint32(e.watch)) // fails where the file is gone, and the watch with it
	}
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	ctl := c.Control(func(fd uintptr) {
		e.watch, err = unix.InotifyAddWatch(e.fd, fmt.Sprintf("/proc/self/fd/%d", fd), unix.IN_MOVE_SELF|unix.IN_DELETE_SELF|unix.IN_ATTRIB)
	})
	if ctl != nil {
		return ctl
	}
	e.drain()
	return os.NewSyscallError("inotify_add_watch", err)
}

const fionread = 0x541b // of asm-generic/ioctls.h

// any reports whether something has happened since the last call.
func (e *events) any() bool {
	var n int32
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(e.fd), fionread, uintptr(unsafe.Pointer(&n)))
	if errno == 0 && n == 0 {
		return false
	}
	e.drain()
	return true
}

func (e *events) drain() {
	var buf [1024]byte
	for {
		if n, err := unix.Read(e.fd, buf[:]); n <= 0 || err != nil {
			return
		}
	}
}

func (e *events) close() { _ = unix.Close(e.fd) }
