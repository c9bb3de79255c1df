package disklog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.com/zaphandlers/internal/filelock"
)

// dirLock is the lock on the folder of a log.
type dirLock struct {
	dir  string
	lock *os.File
	info fs.FileInfo // of the folder in which lock is
}

const lockName = "LOCK"

// take makes the folder if it is missing, and takes its lock.
func (d *dirLock) take() error {
	if err := makeDir(d.dir); err != nil {
		return err
	}
	lock, err := os.OpenFile(filepath.Join(d.dir, lockName), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	taken, err := filelock.TryLock(lock)
	if taken {
		err = fmt.Errorf("%s is in use by another engine, of this process or another", d.dir)
	} else if errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	d.lock = lock
	d.info, err = os.Stat(d.dir)
	return err
}

// makeDir makes a folder, if it is missing, and makes it safe from a loss of power.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for parent := filepath.Dir(filepath.Clean(dir)); ; parent = filepath.Dir(parent) {
		_ = folder(parent).sync() // fails only for one that may not be opened, which was there before
		if parent == filepath.Dir(parent) || parent == "." {
			return nil
		}
	}
}

// check checks that the folder is still locked by this log. It makes a folder again that was removed or moved; another says that it is
// a new one.
func (d *dirLock) check() (another bool, err error) {
	mine, err := d.lock.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Stat(filepath.Join(d.dir, lockName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old, was := d.lock, d.info
		if err := d.take(); err != nil {
			return false, err
		}
		return !os.SameFile(was, d.info), filelock.Close(old)
	case err != nil:
		return false, err
	case !os.SameFile(mine, there):
		return false, fmt.Errorf("%s was removed, and is the folder of another engine now", d.dir)
	}
	return false, nil
}
