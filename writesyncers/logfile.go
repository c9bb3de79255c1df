package writesyncers

import (
	"bytes"
	"fmt"
	"os"
)

// logFile is one open file and what is known about its end. It is always in append mode, so that whatever another program
// writes to it, or cuts off it (logrotate's copytruncate), is never overwritten nor filled up with NULs.
type logFile struct {
	f       *os.File
	direct  descriptor // of f, if it is a regular file
	id      identity
	size    int64 // bytes in it, as far as we know: other writers' are seen only at opening
	regular bool
	torn    bool // it ends in the middle of a line
	locked  bool // we hold the shared lock on it
	shared  bool // others append to it
	found   bool // that was seen when it was opened, and not caused by us
	lineEnd []byte
}

// endsWith reports whether the file at path is empty or ends in end. One that cannot be read is given the benefit of the
// doubt.
func endsWith(path string, size int64, end []byte) bool {
	if size == 0 || len(end) == 0 {
		return true
	}
	r, err := os.Open(path)
	if err != nil {
		return true
	}
	defer r.Close()
	tail := make([]byte, len(end))
	n, _ := r.ReadAt(tail, max(0, size-int64(len(end))))
	return bytes.Equal(tail[:n], end)
}

// write appends whole records. When only a part of p gets into the file, the next call begins a new line.
func (l *logFile) write(p []byte) (int, error) {
	if l.torn {
		if err := l.mend(p); err != nil {
			return 0, err
		}
	}
	n, err := l.direct.write(p), error(nil)
	if n < len(p) { // let os.File find out why, or do the rest
		var rest int
		rest, err = l.f.Write(p[n:])
		n += rest
	}
	l.size += int64(n)
	if l.shared {
		l.trueSize()
	}
	if err != nil {
		l.torn = l.torn || n > 0 && !bytes.HasSuffix(p[:n], l.lineEnd)
		return n, fmt.Errorf("writesyncers: %w", err)
	}
	return n, nil
}

// mend ends the line that a killed process or a full disk left half written, so that p is not glued to it. Records that
// do not end in a line end themselves are not lines, and get none.
//
// It does not cut the torn piece off instead: between looking at the end of the file and truncating it, another process
// may have appended.
func (l *logFile) mend(p []byte) error {
	if l.found && l.wholeNow() {
		l.torn = false // another process was in the middle of a write when we opened the file
	}
	l.found = false
	if l.torn && bytes.HasSuffix(p, l.lineEnd) {
		n, err := l.f.Write(l.lineEnd)
		l.size += int64(n)
		if err != nil {
			return fmt.Errorf("writesyncers: %w", err)
		}
	}
	l.torn = false
	return nil
}

// letGo gives up the lock on a file that is not written to any more. It may be nil.
func (l *logFile) letGo() {
	if l != nil {
		unlock(l.f)
	}
}

// looks is how often wholeNow looks at most, in less than a millisecond. Another process that writes all the time is in the middle
// of a write at about every second look.
const looks = 100

// wholeNow looks again whether the file ends in a line end, until it does: another process may be in the middle of a write.
// A file that others have rolled out since is theirs to look after.
func (l *logFile) wholeNow() bool {
	path := l.f.Name()
	for range looks {
		awaitWrite(l.f)
		info, err := l.f.Stat()
		if err != nil || !l.isAt(append([]byte(path), 0)) || endsWith(path, info.Size(), l.lineEnd) {
			return true
		}
	}
	return false
}

// ours reports whether nobody else has appended to the file since it was opened.
func (l *logFile) ours() bool {
	info, err := l.f.Stat()
	return err == nil && info.Size() == l.size
}

// sync has what was written put on the disk. Pipes and terminals have no disk.
func (l *logFile) sync() error {
	if !l.regular {
		return nil
	}
	if err := l.f.Sync(); err != nil {
		return fmt.Errorf("writesyncers: %w", err)
	}
	return nil
}

func (l *logFile) close() error {
	if err := l.f.Close(); err != nil {
		return fmt.Errorf("writesyncers: %w", err)
	}
	return nil
}
