//go:build !unix || solaris || aix

package fsys

import "os"

// CanShare says whether several processes can write to one file here: that takes locks that end with a process.
const CanShare = false

// Flags for opening files, which these systems lack.
const (
	NoFollow = 0
	Nonblock = 0
)

// Directory is an open directory. These systems have no lock for it.
type Directory struct{}

// OpenDirectory returns a Directory for a path that leads to one.
func OpenDirectory(path string) (*Directory, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return new(Directory), nil
}

// TryLock always has the lock.
func (d *Directory) TryLock() error { return nil }

// IsAt reports whether there is a directory at the path.
func (d *Directory) IsAt(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Unlock does nothing.
func (d *Directory) Unlock() {}

// Close does nothing.
func (d *Directory) Close() error { return nil }

// LockShared takes no lock and says so.
func LockShared(*os.File) bool { return false }

// TryLockExclusive has no lock to ask, and says that nobody has the file.
func TryLockExclusive(*os.File) bool { return true }

// Unlock does nothing.
func Unlock(*os.File) {}

// Held has no lock to ask. Windows itself refuses to rename or remove a file that is open.
func Held(string) bool { return false }

// InUse is Held.
func InUse(string) bool { return false }

// SyncDirectory does nothing: these systems have no such call.
func SyncDirectory(string) error { return nil }

// HasName is always true: a file keeps its name while it is open, or there is no telling.
func HasName(*os.File) bool { return true }
