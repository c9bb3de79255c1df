package segments

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// segment is one file.
type segment struct {
	header
	path string
	file *os.File
	size int64 // of whole records, the header included
}

func (l *Log) openSegment(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	b := make([]byte, headerSize)
	n, _ := f.ReadAt(b, 0)
	h, err := parseHeader(b[:n])
	info, statErr := f.Stat()
	if err == nil {
		err = statErr
	}
	if err == nil {
		l.segments = append(l.segments, &segment{header: h, path: name, file: f, size: info.Size()})
		return nil
	}
	f.Close()
	l.damaged++
	aside := strings.TrimSuffix(name, ".seg") + ".damaged"
	l.cfg.OnError(fmt.Errorf("queuecore: %s is put aside as %s: %w", name, aside, err))
	return os.Rename(name, aside)
}

// cutTail finds the last whole record, and cuts off what is behind it: a write that was torn.
func (l *Log) cutTail(s *segment) {
	b := make([]byte, s.size)
	n, _ := s.file.ReadAt(b, 0)
	b = b[:n]
	l.last = max(l.last, s.first-1)
	end := headerSize
	for off := headerSize; off < len(b); {
		tape, number, _, ok := recordAt(b[off:], s.salt)
		if !ok || number <= l.last {
			if off = nextRecord(b, off+8, s.salt, l.last+1, l.last+maxGap); off < 0 {
				break
			}
			continue
		}
		off += size(len(tape))
		l.last, end = number, off
	}
	s.size = int64(end)
	if err := s.file.Truncate(s.size); err != nil {
		l.cfg.OnError(fmt.Errorf("queuecore: cut the torn end of %s: %w", s.file.Name(), err))
	}
}

// maxGap is how many records in a row may be damaged before those behind them are not found any more.
const maxGap = 1 << 20

// abandonTailLocked writes nothing more to a segment that could not be synced: nobody knows what the disk has of it.
func (l *Log) abandonTailLocked(s *segment) {
	_ = s.file.Truncate(s.size)
	if next, err := l.newSegment(); err == nil {
		l.segments = append(l.segments, next)
		l.bytes += next.size
	}
}

// newSegment makes the segment that begins with the next record.
func (l *Log) newSegment() (*segment, error) {
	h := header{salt: rand.Uint32(), first: l.last + 1}
	name := filepath.Join(l.cfg.Dir, fmt.Sprintf("%020d.seg", h.first))
	f, err := create(&l.cfg, name, h.bytes())
	if err != nil {
		return nil, err
	}
	return &segment{header: h, path: name, file: f, size: headerSize}, nil
}

// rewriteLocked writes a segment to a new file, syncs that, and puts it in place of the old one.
func (l *Log) rewriteLocked(s *segment) error {
	b := make([]byte, s.size)
	if _, err := s.file.ReadAt(b, 0); err != nil {
		return err
	}
	f, err := create(&l.cfg, s.path, b)
	if err != nil {
		return err
	}
	l.old = append(l.old, s.file) // somebody may read in it
	s.file = f
	return nil
}

// unfinished is what the name of a file ends in that is not there yet.
const unfinished = ".new"

// create makes a file of that content, synced, which has its name when it is whole and not before.
func create(cfg *Config, path string, content []byte) (*os.File, error) {
	f, err := os.OpenFile(path+unfinished, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.WriteAt(content, 0); err == nil {
		err = cfg.datasync(f)
	}
	if err == nil {
		err = os.Rename(path+unfinished, path)
	}
	if err == nil {
		err = syncDir(cfg.Dir)
	}
	if err != nil {
		f.Close()
		_ = os.Remove(path + unfinished)
		return nil, err
	}
	return f, nil
}
