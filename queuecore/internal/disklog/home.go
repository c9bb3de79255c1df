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
	info fs.FileInfo // of the folder in which lock is
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
	h.info, err = os.Stat(h.dir)
	return err
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

// check sees to it that the folder is still ours. One that was removed or moved is made again, and is another then.
func (h *home) check() (another bool, err error) {
	mine, err := h.lock.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(filepath.Join(h.dir, lockName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old, was := h.lock, h.info
		if err := h.take(); err != nil {
			return false, err
		}
		return !os.SameFile(was, h.info), filelock.Close(old)
	case err != nil:
		return false, err
	case !os.SameFile(mine, there):
		return false, fmt.Errorf("%s was removed, and is the folder of another engine now", h.dir)
	}
	return false, nil
}
