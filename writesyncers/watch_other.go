//go:build !linux

package writesyncers

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"
)

// identity is what makes a file the same file.
type identity struct{ info fs.FileInfo }

// identify returns the identity of an open file.
func identify(f *os.File) identity {
	info, _ := f.Stat()
	return identity{info}
}

// birth: these systems keep the time a file was made in places of their own.
func birth(*os.File) (at time.Time, known bool) { return time.Time{}, false }

// changed looks at the path.
func (w *watcher) changed() (bool, error) {
	if runtime.GOOS == "windows" {
		return false, nil // nobody can rename a file that is open
	}
	info, err := os.Stat(string(w.pathZ[:len(w.pathZ)-1]))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil || w.now.info == nil {
		return false, err
	}
	return !os.SameFile(w.now.info, info), nil
}

// events: these systems have no such thing that is as cheap.
type events struct{}

func (w *watcher) follow(*os.File) error { return errors.ErrUnsupported }
func (e *events) any() bool              { return true }
func (e *events) close()                 {}
