//go:build unix && !solaris && !aix

package writesyncers

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// noFollow keeps a file that we create from being somebody's symbolic link.
const noFollow = unix.O_NOFOLLOW

// nonblock makes opening a pipe that has no reader an error.
const nonblock = unix.O_NONBLOCK

// errElsewhere says that another process (or another writer of this one) is changing names in the directory.
var errElsewhere = errors.New("another process is rotating")

// directory is an open directory. Everyone who changes names in it holds the lock (flock) on it while he does; file
// systems that know no such lock do without. The zero value is none.
type directory struct{ fdPlusOne int }

func openDir(path string) (directory, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return directory{}, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return directory{fd + 1}, nil
}

func (d directory) open() bool { return d.fdPlusOne > 0 }

// lock takes the lock, without waiting. It ends with close.
func (d directory) lock() error {
	if errors.Is(unix.Flock(d.fdPlusOne-1, unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		return errElsewhere
	}
	return nil
}

func (d directory) close() error {
	if !d.open() {
		return nil
	}
	return unix.Close(d.fdPlusOne - 1)
}

// lockShared says, to whoever asks with lockExclusive, that a living process writes to f. It ends with f.
func lockShared(f *os.File) bool { return flock(f, unix.LOCK_SH|unix.LOCK_NB) == nil }

// canShare: several processes need locks that end with a process.
const canShare = true

// lockExclusive reports whether no living process writes to f. Where there are no locks there is no telling.
func lockExclusive(f *os.File) bool {
	return !errors.Is(flock(f, unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// unlock ends lockShared.
func unlock(f *os.File) { _ = flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if ctl := c.Control(func(fd uintptr) { err = unix.Flock(int(fd), how) }); ctl != nil {
		return ctl
	}
	return err
}

// sameAccess gives f the permissions and, as far as we may, the owner of another file.
func sameAccess(f *os.File, like fs.FileInfo) {
	if st, ok := like.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	_ = f.Chmod(like.Mode().Perm())
}

// syncDir puts the names in a directory on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// hasName reports whether an open file has a name left.
func hasName(f *os.File) bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return !ok || st.Nlink > 0
}
