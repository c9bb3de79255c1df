//go:build !linux

package fsys

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// Identity is what makes a file the same file, whatever it is called.
type Identity struct{ info fs.FileInfo }

// Identify returns the identity of an open file.
func Identify(f *os.File) Identity {
	info, _ := f.Stat()
	return Identity{info}
}

// Birth knows nothing: these systems keep the time a file was made in places of their own.
func Birth(*os.File) (at time.Time, known bool) { return time.Time{}, false }

// LeadsTo reports whether the path, which ends in a NUL, leads to the file with that identity. A path that leads nowhere does
// not; if there is no telling, it is an error.
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

// Watch would tell whether something has happened to the name of an open file: these systems have no such thing that is as
// cheap.
type Watch struct{}

// NewWatch returns errors.ErrUnsupported.
func NewWatch() (*Watch, error) { return nil, errors.ErrUnsupported }

// Follow returns errors.ErrUnsupported.
func (w *Watch) Follow(*os.File) error { return errors.ErrUnsupported }

// Any is always true: look for yourself.
func (w *Watch) Any() bool { return true }

// Close does nothing.
func (w *Watch) Close() {}

// AwaitWrite gives a write to a file that is under way a chance to end.
func AwaitWrite(*os.File) { runtime.Gosched() }

// IsLocal has no way to know here.
func IsLocal(*os.File) bool { return true }

// sameMount reports whether two paths are below the same mount, as far as can be told.
func sameMount(string, string) bool { return true }

// LockBeginning is for systems with locks of open files, as fcntl has them.
func LockBeginning(*os.File, time.Duration) (unlock func()) { return func() {} }
