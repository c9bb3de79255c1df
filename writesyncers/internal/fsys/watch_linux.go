package fsys

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Watch tells whether something has happened to the name of one open file: it was renamed, removed, or another name was given
// to it (inotify). Its contents are not watched, which would make every write an event. It is not safe for concurrent use.
type Watch struct {
	fd    int
	watch int
}

// NewWatch returns a Watch of no file yet. The error says that the system has none to give (a limit of inotify), or, as
// errors.ErrUnsupported, that there is no such thing here.
func NewWatch() (*Watch, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("inotify_init1", err)
	}
	return &Watch{fd: fd, watch: -1}, nil
}

// Follow watches f in the place of the file before it, and forgets what has happened so far.
func (w *Watch) Follow(f *os.File) error {
	if w.watch >= 0 {
		_, _ = unix.InotifyRmWatch(w.fd, uint32(w.watch)) // fails where the file is gone, and the watch with it
		w.watch = -1
	}
	var err error
	ctl := control(f, func(fd int) {
		w.watch, err = unix.InotifyAddWatch(w.fd, fmt.Sprintf("/proc/self/fd/%d", fd), unix.IN_MOVE_SELF|unix.IN_DELETE_SELF|unix.IN_ATTRIB)
	})
	if ctl != nil {
		return ctl
	}
	w.drain()
	return os.NewSyscallError("inotify_add_watch", err)
}

const fionread = 0x541b // of asm-generic/ioctls.h

// Any reports whether something has happened since the last call, at the price of one system call that never waits.
func (w *Watch) Any() bool {
	var n int32
	_, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(w.fd), fionread, uintptr(unsafe.Pointer(&n)))
	if errno == 0 && n == 0 {
		return false
	}
	w.drain()
	return true
}

func (w *Watch) drain() {
	var buf [1024]byte
	for {
		if n, err := unix.Read(w.fd, buf[:]); n <= 0 || err != nil {
			return
		}
	}
}

// Close ends the watch. Closing nil does nothing.
func (w *Watch) Close() {
	if w != nil {
		_ = unix.Close(w.fd)
	}
}
