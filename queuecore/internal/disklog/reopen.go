package disklog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"example.com/zaphandlers/internal/errno"
	"example.com/zaphandlers/internal/filelock"
)

// The file system of the folder may go away, as FUSE does with its process, and come back. Then every open file is opened again.

// reopen is reopenLocked, under the lock.
func reopen(l *Log) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dirLock == nil || l.closed {
		return nil
	}
	return reopenLocked(l)
}

// reopenLocked opens everything again if the file system has come back. Records appended since the last Sync may be lost there, so they
// are written again if a copy was kept. It returns an error if the file system is not there.
func reopenLocked(l *Log) error {
	back, err := l.dirLock.remounted()
	if err != nil || !back {
		return err
	}
	for _, s := range l.segments {
		_ = s.close() // whoever needs it opens it
	}
	l.suspect = l.suspect || len(l.pending) > 0
	return l.cursors.restore(l.options.files, true)
}

// remounted reports whether the file system has come back since the lock was taken, and takes the lock again. While nothing is mounted it
// makes no files, because a later mount would hide them.
func (d *dirLock) remounted() (bool, error) {
	mine, err := d.lock.Stat()
	if err != nil && !errno.Stale(err) {
		return false, nil // check returns this error
	}
	there, thereErr := os.Stat(filepath.Join(d.dir, lockName))
	switch {
	case errno.Stale(thereErr):
		return false, thereErr
	case err == nil && thereErr == nil && os.SameFile(mine, there):
		return false, nil
	case err == nil && !errno.Stale(d.lock.Sync()): // what is known of the file may be from before
		return false, nil
	case errors.Is(thereErr, fs.ErrNotExist):
		return false, fmt.Errorf("the file system of %s is not there: %w", d.dir, thereErr)
	case thereErr != nil:
		return false, thereErr
	}
	old := d.lock
	if err := d.take(); err != nil {
		return false, err
	}
	_ = filelock.Close(old)
	return true, nil
}
