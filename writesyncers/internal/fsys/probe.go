package fsys

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.uber.org/multierr"
)

// Capabilities says what works in a directory.
type Capabilities struct {
	Links     bool // a hard link is the same file: what is written through one name is seen at once through the other
	NoReplace bool // a rename that replaces nothing is one step
	BirthTime bool // the time a file was made is known
	Locks     bool // a lock on a file keeps others out
	Local     bool // the kernel manages the files itself, as far as known, and not a server or a process (FUSE)
}

// ProbePrefix begins the names of the files that Probe makes and removes again. If one is found later, the process that made it was
// killed.
const ProbePrefix = "probe-"

// Probe finds out what works in a directory, by trying: it makes a file there, gives it other names, and removes all. An error says that
// this could not be tried (the disk is full, the process has no descriptor left); then nothing is known.
func Probe(dir string) (have Capabilities, err error) {
	name := filepath.Join(dir, ProbePrefix+Unique())
	second, third := name+"-2", name+"-3"
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND|NoFollow, 0o600)
	if err != nil {
		return have, err
	}
	defer func() {
		err = multierr.Combine(err, f.Close(), removeIfThere(name), removeIfThere(second), removeIfThere(third))
	}()
	_, have.BirthTime = Birth(f)
	have.Local = IsLocal(f)
	if CanShare {
		have.Locks, err = probeLocks(f, name)
	}
	if err == nil {
		have.Links, err = probeLink(f, name, second)
	}
	have.NoReplace = renameNoReplace(name, third) == nil // to a free name: a taken one is refused everywhere
	return have, err
}

// Passing reports whether an error is temporary and says nothing about the file or the file system: the disk is full, or the process or
// the system has no descriptor or memory left.
func Passing(err error) bool {
	for _, passing := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return false
}

// untried returns err if it is Passing, and so says nothing about what the file system can do.
func untried(err error) error {
	if Passing(err) {
		return err
	}
	return nil
}

// probeLink gives f a second name and reports whether what is appended through one name is seen through the other, both ways. An error says
// that this could not be tried.
func probeLink(f *os.File, name, second string) (can bool, err error) {
	if err := os.Link(name, second); err != nil {
		return false, untried(err)
	}
	own, err := f.Stat()
	if err != nil {
		return false, untried(err)
	}
	there, err := os.Lstat(second)
	if err != nil || !os.SameFile(own, there) {
		return false, untried(err)
	}
	_, err = f.Write([]byte{'1'})
	if untried(err) != nil && IsLocal(f) {
		return true, nil // on a full local disk, one inode is proof enough
	}
	if err != nil || sizeOf(second) != 1 {
		return false, untried(err)
	}
	other, err := os.OpenFile(second, os.O_WRONLY|os.O_APPEND|NoFollow, 0)
	if err != nil {
		return false, untried(err)
	}
	defer other.Close()
	if _, err := other.Write([]byte{'2'}); err != nil {
		return false, untried(err)
	}
	own, err = f.Stat()
	return err == nil && own.Size() == 2, untried(err)
}

func sizeOf(path string) int64 {
	info, err := os.Lstat(path)
	if err != nil {
		return -1
	}
	return info.Size()
}

// probeLocks reports whether a lock through one descriptor is seen through another. An error says that this could not be tried.
func probeLocks(f *os.File, name string) (can bool, err error) {
	other, err := os.Open(name)
	if err != nil {
		return false, untried(err)
	}
	defer other.Close()
	return LockShared(f) && !TryLockExclusive(other), nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
