package writesyncers

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"time"
)

// Several processes on one path, without a lock or a look at the path for each write:
//
//   - Every file is open for appending, so records do not mix, and the position after a write is the true end of the file,
//     what others have written included. That is the size that MaxBytes is about.
//   - Whoever finds it reached takes the lock on the directory (flock), looks whether the path still leads to his file, and
//     rotates; or follows, if somebody was faster. Whoever does not get the lock goes on in the file he has, and tries
//     again with the next record.
//   - Whoever has not noticed yet writes into what is a backup by now. So every process holds a shared lock on the file it
//     writes to, and none removes or compresses a backup that somebody holds. A look at the path each followEvery, while
//     records come, and each idleEvery else, sees to it that nobody holds one for long.
const (
	followEvery = 100 * time.Millisecond
	idleEvery   = time.Second
)

// share makes s one of several.
func (s *sink) share() {
	s.watch = &watcher{every: followEvery}
	s.watch.idle = time.AfterFunc(idleEvery, s.followIdle)
}

// followIdle lets go of a file that others have rolled out, although no record comes.
func (s *sink) followIdle() {
	s.mu.Lock()
	defer s.unlock()
	if s.closed {
		return
	}
	if s.file != nil {
		_ = s.lookLocked()
	}
	s.watch.idle.Reset(idleEvery)
}

// trueSize asks where the end of the file is after a write of our own.
func (l *logFile) trueSize() {
	if end, err := l.f.Seek(0, io.SeekCurrent); err == nil {
		l.size = end
	}
}

// openShared opens the file at the path and makes sure of the lock that keeps it from being compressed or removed: who has
// the lock on what the path leads to has it in time.
func (o *options) openShared(extra int) (*logFile, error) {
	for range 10 {
		file, err := o.openAt(o.path, extra)
		if err != nil {
			return nil, err
		}
		if !file.regular || file.locked && file.isAt(append([]byte(o.path), 0)) {
			return file, nil
		}
		if err := file.close(); err != nil {
			return nil, err
		}
	}
	return nil, errElsewhere
}

// held reports whether a living process, this one or another, still has a backup open for writing.
func held(path string) bool {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer f.Close()
	return !lockExclusive(f)
}
