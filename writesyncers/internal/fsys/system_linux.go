package fsys

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// Identity identifies a file, whatever its name is.
type Identity struct {
	major, minor uint32
	inode        uint64
}

// Identify returns the identity of an open file.
func Identify(f *os.File) (id Identity) {
	_ = control(f, func(fd int) { id, _ = identityAt(fd, []byte{0}, unix.AT_EMPTY_PATH) })
	return id
}

// Birth returns the time when a file was made, if the file system knows it.
func Birth(f *os.File) (at time.Time, known bool) {
	var st unix.Statx_t
	var err error
	ctl := control(f, func(fd int) {
		err = errno.Again(func() error { return unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &st) })
	})
	if ctl != nil || err != nil || st.Mask&unix.STATX_BTIME == 0 {
		return time.Time{}, false
	}
	return time.Unix(st.Btime.Sec, int64(st.Btime.Nsec)), true
}

// sameMount reports whether two paths are below the same mount; true if that cannot be found out (before Linux 5.8). One file system may be
// mounted in several places, and files cannot be renamed from one to the other.
func sameMount(a, b string) bool {
	var one, other unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, a, 0, unix.STATX_MNT_ID, &one) != nil || unix.Statx(unix.AT_FDCWD, b, 0, unix.STATX_MNT_ID, &other) != nil {
		return true
	}
	return one.Mask&other.Mask&unix.STATX_MNT_ID == 0 || one.Mnt_id == other.Mnt_id
}

// LeadsTo reports whether the path, which ends in a NUL, leads to the file with that identity. A path that leads nowhere does
// not. An error says that this cannot be found out. It asks the system for the inode only: asking for the times of a file
// makes the next write take a fresh time stamp, which costs as much again.
func LeadsTo(pathZ []byte, id Identity) (bool, error) {
	return isAt(pathZ, 0, id)
}

// IsNameOf reports whether the path, which ends in a NUL, is a name of the file with that identity, and not a link that leads to it.
func IsNameOf(pathZ []byte, id Identity) (bool, error) {
	return isAt(pathZ, unix.AT_SYMLINK_NOFOLLOW, id)
}

func isAt(pathZ []byte, flags int, id Identity) (bool, error) {
	at, code := identityAt(unix.AT_FDCWD, pathZ, flags)
	switch code {
	case 0:
		return at == id, nil
	case unix.ENOENT, unix.ENOTDIR:
		return false, nil
	}
	return false, code
}

func identityAt(dir int, pathZ []byte, flags int) (Identity, unix.Errno) {
	var st unix.Statx_t
	_, _, code := unix.Syscall6(unix.SYS_STATX, uintptr(dir), uintptr(unsafe.Pointer(&pathZ[0])), uintptr(flags), unix.STATX_INO,
		uintptr(unsafe.Pointer(&st)), 0)
	switch code {
	case unix.ENOSYS, unix.EPERM, unix.EINTR:
		return olderIdentityAt(dir, pathZ, flags)
	}
	return Identity{st.Dev_major, st.Dev_minor, st.Ino}, code
}

// olderIdentityAt is identityAt without statx: for kernels before 4.11 (RHEL 7), for containers whose filter of system calls (seccomp)
// refuses it, and after a signal has interrupted it.
func olderIdentityAt(dir int, pathZ []byte, flags int) (Identity, unix.Errno) {
	var st unix.Stat_t
	err := errno.Again(func() error { return unix.Fstatat(dir, string(pathZ[:len(pathZ)-1]), &st, flags) })
	code, _ := err.(unix.Errno)
	return Identity{unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino}, code
}

func renameNoReplace(src, dst string) error {
	return errno.Again(func() error { return unix.Renameat2(unix.AT_FDCWD, src, unix.AT_FDCWD, dst, unix.RENAME_NOREPLACE) })
}

// Watch reports whether something has happened to the names of one open file (inotify): it was renamed, removed, or given another
// name. It does not watch the contents, because then every write would be an event. A Watch is not safe for concurrent use; several
// Watches are independent of each other.
//
// All Watches of a process share one inotify instance, because a user may have no more than 128 in all programs.
type Watch struct {
	fd       int   // the instance
	watch    int32 // -1: none
	happened atomic.Bool
}

// watches is the inotify instance. Whichever Watch reads an event hands it to all Watches of that file. The invariant of Any: an event is
// still in the instance, or reading is true, or its Watch has happened set.
var watches struct {
	reading atomic.Bool

	mu  sync.Mutex // guards the fields below
	fd  int
	all int                // the number of Watches; the last one closes the instance
	of  map[int32][]*Watch // all Watches of one inode share its inotify watch
}

// NewWatch returns a Watch of no file yet. An error says that the system has no more (a limit of inotify); on other systems it is
// errors.ErrUnsupported.
func NewWatch() (*Watch, error) {
	watches.mu.Lock()
	defer watches.mu.Unlock()
	if watches.all == 0 {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
		if err != nil {
			return nil, os.NewSyscallError("inotify_init1", err)
		}
		watches.fd, watches.of = fd, map[int32][]*Watch{}
	}
	watches.all++
	return &Watch{fd: watches.fd, watch: -1}, nil
}

// Follow watches f instead of the file before, and forgets what has happened so far.
func (w *Watch) Follow(f *os.File) error {
	watches.mu.Lock()
	defer watches.mu.Unlock()
	readWatchesLocked()
	w.forgetLocked()
	w.happened.Store(false)
	var watch int
	var err error
	ctl := control(f, func(fd int) {
		watch, err = unix.InotifyAddWatch(w.fd, fmt.Sprintf("/proc/self/fd/%d", fd), unix.IN_MOVE_SELF|unix.IN_DELETE_SELF|unix.IN_ATTRIB)
	})
	if ctl != nil || err != nil {
		return cmp.Or(ctl, os.NewSyscallError("inotify_add_watch", err))
	}
	w.watch = int32(watch)
	watches.of[w.watch] = append(watches.of[w.watch], w)
	return nil
}

func (w *Watch) forgetLocked() {
	if w.watch < 0 {
		return
	}
	others := slices.DeleteFunc(watches.of[w.watch], func(other *Watch) bool { return other == w })
	if watches.of[w.watch] = others; len(others) == 0 {
		delete(watches.of, w.watch)
		_, _ = unix.InotifyRmWatch(w.fd, uint32(w.watch)) // fails if the file is gone, and the watch with it
	}
	w.watch = -1
}

const fionread = 0x541b // of asm-generic/ioctls.h

// Any reports whether something has happened since the last call. It costs one system call, which never waits.
func (w *Watch) Any() bool {
	var n int32
	_, _, code := unix.RawSyscall(unix.SYS_IOCTL, uintptr(w.fd), fionread, uintptr(unsafe.Pointer(&n)))
	if code != 0 || n != 0 || watches.reading.Load() {
		watches.mu.Lock()
		readWatchesLocked()
		watches.mu.Unlock()
	}
	return w.happened.Load() && w.happened.Swap(false)
}

// readWatchesLocked reads all events and sets happened of their Watches.
func readWatchesLocked() {
	watches.reading.Store(true)
	defer watches.reading.Store(false)
	var buf [4096]byte
	for {
		n, err := unix.Read(watches.fd, buf[:])
		if n <= 0 || err != nil {
			return
		}
		for at := 0; at+unix.SizeofInotifyEvent <= n; {
			watch, mask := int32(binary.NativeEndian.Uint32(buf[at:])), binary.NativeEndian.Uint32(buf[at+4:])
			at += unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(buf[at+12:]))
			concerned := watches.of[watch]
			if mask&unix.IN_Q_OVERFLOW != 0 {
				concerned = slices.Concat(slices.Collect(maps.Values(watches.of))...)
			}
			for _, w := range concerned {
				w.happened.Store(true)
			}
		}
	}
}

// Close ends the watch. Closing nil does nothing.
func (w *Watch) Close() {
	if w == nil || w.fd < 0 {
		return
	}
	watches.mu.Lock()
	defer watches.mu.Unlock()
	w.forgetLocked()
	w.fd = -1
	if watches.all--; watches.all == 0 {
		_ = unix.Close(watches.fd)
	}
}

// AwaitWrite waits for a write to f that is under way, by any process: to look for a hole, the system takes the file's lock. It moves the
// offset of f, which does not matter for appending.
func AwaitWrite(f *os.File) { _, _ = f.Seek(0, unix.SEEK_HOLE) }

// LockBeginning locks the first byte of f (fcntl's lock of an open file, independent of flock) until unlock is called. Others that call it
// for the same file, in this process or another, wait for as long as wait; then, or if the file system has no such locks, they go on
// without.
func LockBeginning(f *os.File, wait time.Duration) (unlock func()) {
	set := func(how int16) (err error) {
		lock := unix.Flock_t{Type: how, Len: 1}
		_ = control(f, func(fd int) {
			err = errno.Again(func() error { return unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lock) })
		})
		return err
	}
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		err := set(unix.F_WRLCK)
		if err == nil {
			return func() { _ = set(unix.F_UNLCK) }
		}
		if err != unix.EAGAIN && err != unix.EACCES || time.Since(start) > wait {
			return func() {}
		}
	}
}

// remote are the types (statfs) of file systems that a server or a process manages.
var remote = map[int64]bool{
	unix.FUSE_SUPER_MAGIC: true, unix.NFS_SUPER_MAGIC: true, unix.SMB_SUPER_MAGIC: true, unix.SMB2_SUPER_MAGIC: true,
	unix.CIFS_SUPER_MAGIC: true, unix.V9FS_MAGIC: true, unix.AFS_FS_MAGIC: true, unix.CODA_SUPER_MAGIC: true, unix.CEPH_SUPER_MAGIC: true,
}

// IsLocal reports whether the kernel manages an open file itself, and not a server or a process (FUSE); true if that cannot be found out.
func IsLocal(f *os.File) bool {
	var st unix.Statfs_t
	var err error
	if ctl := control(f, func(fd int) { err = unix.Fstatfs(fd, &st) }); ctl != nil || err != nil {
		return true
	}
	return !remote[int64(st.Type)]
}
