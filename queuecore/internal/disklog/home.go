package disklog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.com/zaphandlers/internal/filelock"
)

// home is the folder of a log and the lock on it.
type home struct {
	dir  string
	lock *os.File
}

const lockName = "LOCK"

// take makes the folder if it is missing, and takes its lock.
func (h *home) take() error {
	if err := makeDir(h.dir); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(h.dir, lockName), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	taken, err := filelock.TryLock(lock)
	if taken {
		err = fmt.Errorf("%s is in use by another engine, of this process or another", h.dir)
	} else if errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	h.lock = lock
	return nil
}

// makeDir makes a folder that outlives a loss of power.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for parent := filepath.Dir(filepath.Clean(dir)); ; parent = filepath.Dir(parent) {
		_ = folder(parent).sync() // one that may not be opened is not of our making
		if parent == filepath.Dir(parent) || parent == "." {
			return nil
		}
	}
}

// check sees to it that the folder is still ours. One that was removed is made again.
func (h *home) check() error {
	mine, err := h.lock.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(filepath.Join(h.dir, lockName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old := h.lock
		if err := h.take(); err != nil {
			return err
		}
		return old.Close()
	case err != nil:
		return err
	case !os.SameFile(mine, there):
		return fmt.Errorf("%s was removed, and is the folder of another engine now", h.dir)
	}
	return nil
}
