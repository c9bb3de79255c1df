//go:build !linux

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// Identity identifies a file, whatever its name is.
type Identity struct{ info fs.FileInfo }

// Identify returns the identity of an open file.
func Identify(f *os.File) Identity {
	info, _ := f.Stat()
	return Identity{info}
}

// Birth returns no time: these systems have no common way to ask for it.
func Birth(*os.File) (at time.Time, known bool) { return time.Time{}, false }

// LeadsTo reports whether the path, which ends in a NUL, leads to the file with that identity. A path that leads nowhere does
// not. An error says that this cannot be found out.
func LeadsTo(pathZ []byte, id Identity) (bool, error) {
	info, err := os.Stat(string(pathZ[:len(pathZ)-1]))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || id.info == nil {
		return true, err
	}
	return os.SameFile(id.info, info), nil
}

// IsNameOf reports whether the path, which ends in a NUL, is a name of the file with that identity, and not a link that leads to it.
func IsNameOf(pathZ []byte, id Identity) (bool, error) {
	info, err := os.Lstat(string(pathZ[:len(pathZ)-1]))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && id.info != nil && os.SameFile(id.info, info), err
}

// Watch does not exist on these systems: they have nothing as cheap as inotify.
type Watch struct{}

// NewWatch returns errors.ErrUnsupported.
func NewWatch() (*Watch, error) { return nil, errors.ErrUnsupported }

// Follow returns errors.ErrUnsupported.
func (w *Watch) Follow(*os.File) error { return errors.ErrUnsupported }

// Any returns true: the caller has to check the path.
func (w *Watch) Any() bool { return true }

// Close does nothing.
func (w *Watch) Close() {}

// AwaitWrite gives a write to a file that is under way a chance to end.
func AwaitWrite(*os.File) { runtime.Gosched() }

// IsLocal returns true: it cannot be found out here.
func IsLocal(*os.File) bool { return true }

// sameMount returns true: it cannot be found out here.
func sameMount(string, string) bool { return true }

// LockBeginning takes no lock: these systems have no locks of open files (fcntl).
func LockBeginning(*os.File, time.Duration) (unlock func()) { return func() {} }
