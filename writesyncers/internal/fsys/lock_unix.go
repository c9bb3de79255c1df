//go:build unix && !solaris && !aix

package fsys

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/errno"
)

// CanShare says whether several processes can write to one file here. That needs locks that end with their process.
const CanShare = true

// Flags for opening files.
const (
	NoFollow = unix.O_NOFOLLOW // refuses a path that is a symbolic link
	Nonblock = unix.O_NONBLOCK // makes opening a pipe that has no reader an error
)

// Directory is an open directory. Its lock (flock) is advisory, belongs to the Directory and ends with Close or the process.
type Directory struct {
	fd       int
	identity unix.Stat_t // its device and inode
}

// OpenDirectory opens a directory, which must be readable.
func OpenDirectory(path string) (*Directory, error) {
	var fd int
	err := errno.Again(func() (err error) {
		fd, err = unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	d := &Directory{fd: fd}
	if err := errno.Again(func() error { return unix.Fstat(fd, &d.identity) }); err != nil {
		return nil, errors.Join(&os.PathError{Op: "fstat", Path: path, Err: err}, d.Close())
	}
	return d, nil
}

// TryLock takes the lock without waiting. It returns ErrLocked if somebody else has it, and nil if the file system has no
// such locks.
func (d *Directory) TryLock() error {
	if errors.Is(lockDescriptor(d.fd, unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return nil
}

// IsAt reports whether the path still leads to this directory: one that was locked may have been removed, and made again,
// between opening and locking.
func (d *Directory) IsAt(path string) bool {
	var there unix.Stat_t
	err := errno.Again(func() error { return unix.Stat(path, &there) })
	return err == nil && there.Dev == d.identity.Dev && there.Ino == d.identity.Ino
}

// Unlock ends the lock, and leaves the directory open.
func (d *Directory) Unlock() { _ = lockDescriptor(d.fd, unix.LOCK_UN) }

// Close closes the directory and ends its lock. Closing nil does nothing.
func (d *Directory) Close() error {
	if d == nil || d.fd < 0 {
		return nil
	}
	d.Unlock() // a process that is being started may still have it open for a moment
	fd := d.fd
	d.fd = -1
	return unix.Close(fd)
}

// LockShared takes a shared lock on f, without waiting, and reports whether it has it. The lock shows others, through Held and
// TryLockExclusive, that a living process uses the file. It ends with f, with Unlock, or with the process.
func LockShared(f *os.File) bool { return flock(f, unix.LOCK_SH|unix.LOCK_NB) == nil }

// TryLockExclusive takes an exclusive lock on f, without waiting, and reports whether nobody else has a lock on the file.
// If the file system has no locks, that cannot be found out, and the answer is true.
func TryLockExclusive(f *os.File) bool {
	return !errors.Is(flock(f, unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
}

// Unlock ends the lock that f has.
func Unlock(f *os.File) { _ = flock(f, unix.LOCK_UN) }

func flock(f *os.File, how int) error {
	var err error
	if ctl := control(f, func(fd int) { err = lockDescriptor(fd, how) }); ctl != nil {
		return ctl
	}
	return err
}

// flockCall is the system call. Tests replace it by one that is interrupted.
var flockCall = unix.Flock

// lockDescriptor is flock, tried again after a signal: an interrupted call must not look like a file system without locks.
func lockDescriptor(fd, how int) error {
	return errno.Again(func() error { return flockCall(fd, how) })
}

// Held reports whether a living process, this one or another, has a lock on the file at path, because it writes to it or makes it. If
// the file may not be opened at all, or is not a regular file, it is not held. If it cannot be opened at the moment, it counts as held,
// because that cannot be found out.
func Held(path string) bool {
	f, err := openToLook(path)
	if err != nil {
		return Passing(err)
	}
	defer f.Close()
	return locked(f)
}

// InUse reports whether the file at path is Held, or open for writing by somebody who takes no lock.
func InUse(path string) bool {
	f, err := openToLook(path)
	if err != nil {
		return Passing(err)
	}
	defer f.Close()
	return locked(f) || OpenForWriting(f)
}

func locked(f *os.File) bool {
	if !TryLockExclusive(f) {
		return true
	}
	Unlock(f) // a process that is being started may still have it open for a moment
	return false
}

// openToLook opens a regular file, without waiting, to check its locks. A file that may not be read is opened for writing.
func openToLook(path string) (*os.File, error) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errors.ErrUnsupported)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|NoFollow|Nonblock, 0)
	if errors.Is(err, os.ErrPermission) {
		f, err = os.OpenFile(path, os.O_WRONLY|NoFollow|Nonblock, 0)
	}
	return f, err
}

// SyncDirectory syncs the names in a directory to the disk. A directory that may be written and not read cannot be synced: that is no
// error, and left to the system.
func SyncDirectory(path string) error {
	d, err := os.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// HasName reports whether an open file has a name left.
func HasName(f *os.File) bool {
	var st unix.Stat_t
	err := control(f, func(fd int) {
		if errno.Again(func() error { return unix.Fstat(fd, &st) }) != nil {
			st.Nlink = 0
		}
	})
	return err == nil && st.Nlink > 0
}
