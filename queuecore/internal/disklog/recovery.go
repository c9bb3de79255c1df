package disklog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// recovery reads the folder when a log is opened, before anybody else uses the log.
type recovery struct {
	log     *Log
	unknown []string // damaged or empty cursors
}

// run finds the segments, the cursors and the end of the last segment.
func (r *recovery) run() error {
	l := r.log
	names, err := l.options.files.names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if err := r.add(name); err != nil {
			return err
		}
	}
	for done := false; !done && len(l.segments) > 0; {
		if done, err = r.openLast(l.segments[len(l.segments)-1]); err != nil {
			return err
		}
	}
	for _, name := range r.unknown {
		l.cursors[name].number = l.segments.oldest(l.next) - 1
	}
	l.synced = l.next
	return nil
}

// add adds the segment or the cursor in a file. It removes a segment that was never finished, and leaves other files alone.
func (r *recovery) add(file string) error {
	if unfinished, ok := strings.CutSuffix(file, unfinishedSuffix); ok {
		if _, ok := parseName(unfinished); ok {
			_ = r.log.options.files.remove(file) // other segments have its records
		}
		return nil
	}
	if id, ok := parseName(file); ok {
		return r.addSegment(id)
	}
	if cursor, ok := parseCursorName(file); ok {
		return r.addCursor(file, cursor)
	}
	return nil
}

// addSegment adds a segment, and parks it if too many are open.
func (r *recovery) addSegment(id segmentID) error {
	l := r.log
	f, err := l.options.files.open(id.name())
	if err != nil {
		return err
	}
	size, err := f.size()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s := &segment{id: id, file: f, size: size}
	l.segments = append(l.segments, s)
	l.stats.Bytes += size
	if len(l.segments) > MaxOpen {
		return s.close()
	}
	return nil
}

// addCursor adds a cursor.
func (r *recovery) addCursor(file, name string) error {
	l := r.log
	f, err := l.options.files.open(file)
	if err != nil {
		return err
	}
	c, known := readCursor(f)
	l.cursors[name] = c
	l.next = max(l.next, c.number+1)
	if known {
		return nil
	}
	r.unknown = append(r.unknown, name)
	if size, err := f.size(); err != nil || size > 0 { // an empty one was just made when its process was killed
		l.notes = append(l.notes, fmt.Errorf("cursor %q is damaged, and begins with the oldest record", name))
	}
	return nil
}

// openLast finds the last intact record of the last segment and cuts off the bytes behind it, unless some of these cannot be read. If
// there is none, it puts the segment aside and returns false: another segment is the last now.
func (r *recovery) openLast(s *segment) (done bool, err error) {
	l := r.log
	if err := l.openLocked(s); err != nil {
		return false, err
	}
	last, end, bad, err := s.findEnd()
	if err != nil {
		return false, fmt.Errorf("segment %s: %w", s.id.name(), err)
	}
	l.next = max(l.next, s.id.first, last+1)
	if last == 0 && !s.torn() {
		r.putAside(s)
		return false, nil
	}
	switch torn := s.size - end; {
	case torn > 0 && bad > 0:
		s.sealed = true // there may be records behind it
		l.notes = append(l.notes, fmt.Errorf("segment %s: %w", s.id.name(), unreadable(bad)))
	case torn > 0:
		if err := s.file.truncate(end); err != nil {
			return false, fmt.Errorf("segment %s: %w", s.id.name(), err)
		}
		l.stats.Torn += torn
		l.stats.Bytes -= torn
		s.size = end
	}
	if s.size > 0 && l.next > last+1 { // the numbers between are missing, which readers see when another segment begins
		if _, err := l.beginLocked(l.next); err != nil {
			l.notes = append(l.notes, err)
		}
	}
	return true, nil
}

// putAside renames the last segment, in which no record is readable.
func (r *recovery) putAside(s *segment) {
	l := r.log
	l.segments = l.segments[:len(l.segments)-1]
	l.stats.Bytes -= s.size
	l.stats.Aside++
	err := errors.Join(s.close(), l.options.files.rename(s.id.name(), s.id.name()+asideSuffix))
	l.notes = append(l.notes, fmt.Errorf("segment %s holds no whole record, and was put aside as %s%s", s.id.name(), s.id.name(), asideSuffix))
	if err != nil {
		l.notes = append(l.notes, err)
	}
}
