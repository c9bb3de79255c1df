//go:build !linux

package writesyncers

import (
	"errors"
	"io/fs"
	"os"
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

// leads reports whether the path, which ends in a NUL, leads to the file with that identity.
func leads(pathZ []byte, to identity) (bool, error) {
	info, err := os.Stat(string(pathZ[:len(pathZ)-1]))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil || to.info == nil {
		return true, err
	}
	return os.SameFile(to.info, info), nil
}

// events: these systems have no such thing that is as cheap.
type events struct{}

func (w *watcher) follow(*os.File) error { return errors.ErrUnsupported }
func (e *events) any() bool              { return true }
func (e *events) close()                 {}
