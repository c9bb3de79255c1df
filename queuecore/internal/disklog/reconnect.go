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

// The file system of the folder may go, as one of FUSE does with its process, and come back: then all that was open is opened again.

func reconnect(l *Log) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.home == nil || l.closed {
		return nil
	}
	return reconnectLocked(l)
}

// reconnectLocked opens everything again if the file system has come back. What was appended since the last Sync it may not have: it is
// written again where a copy was kept. The error says that it is not there.
func reconnectLocked(l *Log) error {
	back, err := l.home.back()
	if err != nil || !back {
		return err
	}
	for _, s := range l.segments {
		_ = s.close() // whoever needs it opens it
	}
	l.suspect = l.suspect || len(l.pending) > 0
	return l.cursors.restore(l.options.files, true)
}

// back reports whether the file system has come back since the lock was taken, and takes that again. Where nothing is mounted nothing is
// made: it would be hidden later.
func (h *home) back() (bool, error) {
	mine, err := h.lock.Stat()
	if err != nil && !errno.Stale(err) {
		return false, nil // for check to say
	}
	there, thereErr := os.Stat(filepath.Join(h.dir, lockName))
	switch {
	case errno.Stale(thereErr):
		return false, thereErr
	case err == nil && thereErr == nil && os.SameFile(mine, there):
		return false, nil
	case err == nil && !errno.Stale(h.lock.Sync()): // what is known of the file may be from before
		return false, nil
	case errors.Is(thereErr, fs.ErrNotExist):
		return false, fmt.Errorf("the file system of %s is not there: %w", h.dir, thereErr)
	case thereErr != nil:
		return false, thereErr
	}
	old := h.lock
	if err := h.take(); err != nil {
		return false, err
	}
	_ = filelock.Close(old)
	return true, nil
}
