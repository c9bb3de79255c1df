//go:build !linux

package fsys

import (
	"errors"
	"io/fs"
	"os"
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
