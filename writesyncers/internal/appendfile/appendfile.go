package appendfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// Options say how files are opened and where their lines end.
type Options struct {
	Perm    fs.FileMode // of a new file, less the umask
	LineEnd []byte      // how a line ends in the file
	Shared  bool        // other processes append to it: its size is read after each write
}

// File is one open file and what is known about its end.
type File struct {
	f       *os.File
	name    string // the path of the log, for errors and for LeadsHere
	pathZ   []byte // the same, ending in a NUL
	direct  fsys.Descriptor
	id      fsys.Identity
	size    int64 // as far as known: without Shared it includes what others append only after Refresh
	opened  time.Time
	options Options
	regular bool
	locked  bool // it holds the shared lock of fsys.LockShared
	torn    bool // it ends in the middle of a line
	found   bool // it was torn when it was opened
	closed  bool
}

// Open opens the file at path for appending, and makes it if there is none. flags are added to the usual ones. name is the path of the
// log that the file belongs to, or will belong to.
func Open(path, name string, flags int, options Options) (*File, error) {
	flags |= os.O_WRONLY | os.O_APPEND | os.O_CREATE
	if info, err := os.Stat(path); err == nil && waits(info.Mode()) {
		flags |= fsys.Nonblock // a pipe nobody reads is an error, not a wait without end
	}
	if flags&os.O_EXCL != 0 {
		flags |= fsys.NoFollow
	}
	f, err := os.OpenFile(path, flags, options.Perm)
	if err != nil {
		if own, ok := fsys.OpenStandard(path); ok { // a socket cannot be opened, but is open already
			f, err = own, nil
		}
	}
	if err != nil {
		return nil, shown(name, err)
	}
	l := &File{f: f, name: name, pathZ: append([]byte(name), 0), id: fsys.Identify(f), opened: time.Now(), options: options}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, shown(name, err)
	}
	if l.regular = info.Mode().IsRegular(); l.regular {
		l.direct = fsys.DescriptorOf(f)
		l.locked = fsys.LockShared(f)
		if l.locked || !fsys.CanShare {
			fsys.MarkWriter(f, name)
		}
		l.size = info.Size()
		l.torn = !endsWith(path, l.size, options.LineEnd)
		l.found = l.torn
	}
	return l, nil
}

// waits reports whether opening may block for ever: a pipe that has no reader, or a serial line without a carrier. On systems other than
// Linux, Go may not learn when a non-blocking terminal can take more, so terminals are opened blocking there.
func waits(mode fs.FileMode) bool {
	return mode&fs.ModeNamedPipe != 0 || mode&fs.ModeCharDevice != 0 && runtime.GOOS == "linux"
}

// shown returns err with the name of the log instead of that of a hidden file.
func shown(name string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok && path.Path != name {
		err = &fs.PathError{Op: path.Op, Path: name, Err: path.Err}
	}
	return fmt.Errorf("writesyncers: %w", err)
}

// endsWith reports whether the file at path is empty or ends in end. If it cannot be read, the answer is true; if it cannot be read only
// at the moment, false, and endLine checks again before the first record.
func endsWith(path string, size int64, end []byte) bool {
	if size == 0 || len(end) == 0 {
		return true
	}
	r, err := os.Open(path)
	if err != nil {
		return !fsys.Passing(err)
	}
	defer r.Close()
	tail := make([]byte, len(end))
	n, _ := r.ReadAt(tail, max(0, size-int64(len(end))))
	return bytes.Equal(tail[:n], end)
}

// Write appends whole records. If only a part of p gets into the file, the next call begins a new line.
func (l *File) Write(p []byte) (int, error) {
	if l.torn && len(p) > 0 {
		if err := l.endLine(p); err != nil {
			return 0, err
		}
	}
	n, err := l.direct.Write(p), error(nil)
	if n < len(p) { // os.File finds out why, or writes the rest
		var rest int
		rest, err = l.f.Write(p[n:])
		n += rest
	}
	l.size += int64(n)
	if l.options.Shared {
		l.seekEnd()
	}
	if err != nil {
		l.torn = l.torn || n > 0 && !bytes.HasSuffix(p[:n], l.options.LineEnd)
		return n, shown(l.name, err)
	}
	return n, nil
}

// endLine ends a line that a killed process or a full disk has left unfinished, so that p begins a new one. If p does not end in a line
// end, records are not lines, and nothing is written.
//
// It does not cut off the unfinished line: another process may append between the look at the end of the file and the cut.
func (l *File) endLine(p []byte) error {
	if l.found && l.wholeNow() {
		l.torn = false // another process was in the middle of a write when the file was opened
	}
	l.found = false
	if l.torn && bytes.HasSuffix(p, l.options.LineEnd) {
		n, err := l.f.Write(l.lineEnd())
		l.size += int64(n)
		if err != nil {
			return shown(l.name, err)
		}
	}
	l.torn = false
	return nil
}

// lineEnd returns what ends a torn line. In UTF-16 and the like, a torn character is filled up first: else nothing behind it could be read.
func (l *File) lineEnd() []byte {
	end := l.options.LineEnd
	if bytes.IndexByte(end, 0) < 0 {
		return end
	}
	l.Refresh()
	torn := int(l.size) % len(end)
	if torn == 0 {
		return end
	}
	return append(make([]byte, len(end)-torn), end...)
}

// looks is how often wholeNow checks at most, in less than a millisecond. A process that writes all the time is in the middle of a
// write at about every second check.
const looks = 100

// wholeNow checks again until the file ends in a line end, because another process may be in the middle of a write. It also returns true
// for a file that others have rolled over meanwhile: they handle it.
func (l *File) wholeNow() bool {
	for range looks {
		fsys.AwaitWrite(l.f)
		info, err := l.f.Stat()
		if err != nil {
			return true
		}
		if here, err := l.LeadsHere(); err == nil && !here || endsWith(l.name, info.Size(), l.options.LineEnd) {
			return true
		}
	}
	return false
}

// seekEnd sets size after a write: appending leaves the position at the end of the file.
func (l *File) seekEnd() {
	if end, err := l.f.Seek(0, io.SeekCurrent); err == nil {
		l.size = end
	}
}

// Size returns the size of the file, as far as it is known.
func (l *File) Size() int64 { return l.size }

// Refresh reads the size of the file, because another program may have cut it or written to it, and reports whether it has changed.
func (l *File) Refresh() (changed bool) {
	size, known := l.direct.Size()
	if !known {
		info, err := l.f.Stat()
		if err != nil {
			return false
		}
		size = info.Size()
	}
	if !l.regular || size == l.size {
		return false
	}
	l.size = size
	return true
}

// Regular reports whether it is a regular file, and not a pipe or a device.
func (l *File) Regular() bool { return l.regular }

// Locked reports whether other processes can see that the file is in use.
func (l *File) Locked() bool { return l.locked }

// Closed reports whether Close was called.
func (l *File) Closed() bool { return l.closed }

// Unchanged reports whether nobody else has appended to the file since it was opened.
func (l *File) Unchanged() bool {
	info, err := l.f.Stat()
	return err == nil && info.Size() == l.size
}

// Resume says that the next Write continues the record that the last one has written in part.
func (l *File) Resume() { l.torn = false }

// LeadsHere reports whether the path of the log leads to this file.
func (l *File) LeadsHere() (bool, error) { return fsys.LeadsTo(l.pathZ, l.id) }

// IsHere reports whether the path of the log is a name of this file, and not a symbolic link to it.
func (l *File) IsHere() (bool, error) { return fsys.IsNameOf(l.pathZ, l.id) }

// HasName reports whether the file still has a name, so that records in it can be found.
func (l *File) HasName() bool { return !l.regular || fsys.HasName(l.f) }

// Made returns when the file was made or, if the file system does not know, when it was opened here.
func (l *File) Made() time.Time {
	if at, known := fsys.Birth(l.f); known {
		return at
	}
	return l.opened
}

// OS returns the file itself, for its permissions, locks and the like.
func (l *File) OS() *os.File { return l.f }

// Sync syncs the file to the disk (fsync). For a pipe or a terminal it does nothing.
func (l *File) Sync() error {
	if !l.regular {
		return nil
	}
	if err := l.f.Sync(); err != nil {
		return shown(l.name, err)
	}
	return nil
}

// Interrupt makes a Write return that waits for the reader of a pipe, if the system can.
func (l *File) Interrupt() {
	if !l.regular {
		_ = l.f.SetWriteDeadline(time.Unix(1, 0))
	}
}

// Close closes the file. Its lock ends at once, even if a Sync under way or a forked process keeps the file open for a while.
func (l *File) Close() error {
	l.closed, l.direct = true, fsys.Descriptor{} // its number may soon be another file's
	if l.locked {
		fsys.Unlock(l.f)
	}
	fsys.UnmarkWriter(l.f)
	if err := l.f.Close(); err != nil {
		return shown(l.name, err)
	}
	return nil
}
