//go:build !unix || solaris || aix

package writesyncers

import (
	"errors"
	"io/fs"
	"os"
)

// What these systems lack: locks that end with a process, directories that can be synced, owners as numbers.
const (
	noFollow = 0
	nonblock = 0
	canShare = false
)

var errElsewhere = errors.New("another process is rotating")

func lockShared(*os.File) bool    { return false }
func lockExclusive(*os.File) bool { return true }
func unlock(*os.File)             {}
func syncDir(string) error        { return nil }

func sameAccess(f *os.File, like fs.FileInfo) { _ = f.Chmod(like.Mode().Perm()) }

// hasName: files keep their names while they are open, or there is no telling.
func hasName(*os.File) bool { return true }

// directory is one to lock, on other systems.
type directory struct{ opened bool }

func openDir(string) (directory, error) { return directory{true}, nil }
func (d directory) open() bool          { return d.opened }
func (d directory) lock() error         { return nil }
func (d directory) close() error        { return nil }
