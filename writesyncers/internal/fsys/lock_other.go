//go:build !unix || solaris || aix

package fsys

import "os"

// CanShare says whether several processes can write to one file here. That needs locks that end with their process.
const CanShare = false

// Flags for opening files; these systems have none.
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

// TryLock always succeeds.
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

// LockShared takes no lock, and returns false.
func LockShared(*os.File) bool { return false }

// TryLockExclusive returns true: there are no locks here.
func TryLockExclusive(*os.File) bool { return true }

// Unlock does nothing.
func Unlock(*os.File) {}

// Held returns false: there are no locks here, but Windows itself refuses to rename or remove an open file.
func Held(string) bool { return false }

// InUse is Held.
func InUse(string) bool { return false }

// SyncDirectory does nothing: these systems have no such call.
func SyncDirectory(string) error { return nil }

// HasName returns true: a file keeps its name while it is open, or that cannot be found out.
func HasName(*os.File) bool { return true }
