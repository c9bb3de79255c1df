package writesyncers

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// openLocked opens the file at the path. The Mode counts the first time only.
func (s *sink) openLocked() error {
	extra := 0
	if !s.opened {
		switch s.mode {
		case ModeTruncate:
			extra = os.O_TRUNC
		case ModeExclusive:
			extra = os.O_EXCL
		}
	}
	file, err := s.open(extra)
	if err != nil {
		return err
	}
	if !s.opened && s.symlink != "" {
		s.troubles.note("link to "+s.path, linkTo(s.path, s.symlink))
	}
	s.file, s.opened = file, true
	if s.buffer != nil {
		s.buffer.easy = 0 // it was worked out from the other file's size
	}
	if s.roller != nil {
		s.mark, s.prepared = s.roller.mark(), false
	}
	s.stats.Opens++
	s.headLocked()
	if s.watch != nil {
		s.watch.opened(s)
	}
	return nil
}

// headLocked begins an empty file with the header. The records matter more: that it was refused is only noted.
func (s *sink) headLocked() {
	if len(s.header) == 0 || !s.file.regular || s.file.size > 0 {
		return
	}
	n, err := s.file.write(s.header)
	s.stats.Bytes += uint64(n)
	s.troubles.note("write the header of "+s.path, err)
}

// open opens the file at the path for appending and makes it if there is none. extra is added to the flags.
func (o *options) open(extra int) (*logFile, error) {
	if o.makeDirs {
		if err := os.MkdirAll(filepath.Dir(o.path), 0o755); err != nil {
			return nil, fmt.Errorf("writesyncers: %w", err)
		}
	}
	if o.shared {
		return o.openShared(extra)
	}
	return o.openAt(o.path, extra)
}

func (o *options) openAt(path string, extra int) (*logFile, error) {
	flags := os.O_WRONLY | os.O_APPEND | os.O_CREATE | extra
	if info, err := os.Stat(path); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		flags |= nonblock // a pipe nobody reads is an error, not a wait without end
	}
	if extra&os.O_EXCL != 0 {
		flags |= noFollow
	}
	f, err := os.OpenFile(path, flags, o.perm)
	if err != nil {
		return nil, fmt.Errorf("writesyncers: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("writesyncers: %w", err)
	}
	l := &logFile{f: f, regular: info.Mode().IsRegular(), lineEnd: o.lineEnd, shared: o.shared, id: identify(f)}
	if l.regular {
		l.direct = descriptorOf(f)
		l.locked = lockShared(f) // says that the file has an owner: see held
		l.size = info.Size()
		l.torn = !endsWith(path, l.size, o.lineEnd)
		l.found = l.torn
	}
	return l, nil
}
