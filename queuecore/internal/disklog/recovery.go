package disklog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// recovery is what is done at opening, when nobody else has the log yet.
type recovery struct {
	log     *Log
	unknown []string // cursors of which it is not known how far they are
}

// run finds the segments and cursors, and where the last segment ends.
func (r *recovery) run() error {
	l := r.log
	names, err := l.options.files.names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if unfinished, ok := strings.CutSuffix(name, unfinishedSuffix); ok {
			if _, ok := parseName(unfinished); ok {
				_ = l.options.files.remove(name) // others have all that is in it
			}
		} else if id, ok := parseName(name); ok {
			if err := r.addSegment(id); err != nil {
				return err
			}
		} else if cursor, ok := parseCursorName(name); ok {
			if err := r.addCursor(name, cursor); err != nil {
				return err
			}
		}
	}
	for len(l.segments) > 0 {
		done, err := r.openLast(l.segments[len(l.segments)-1])
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	for _, name := range r.unknown {
		l.cursors[name].number = l.segments.oldest(l.next) - 1
	}
	l.synced = l.next
	return nil
}

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
	if size, err := f.size(); err != nil || size > 0 { // else a process was killed that had just made it
		l.told = append(l.told, fmt.Errorf("cursor %q is damaged, and begins with the oldest record", name))
	}
	return nil
}

// openLast finds the last whole record of the last segment and cuts off what stands behind it, unless some of that cannot be read. Without
// any the segment is put aside, and another is the last: done is false.
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
		l.told = append(l.told, fmt.Errorf("segment %s: %w", s.id.name(), unreadable(bad)))
	case torn > 0:
		if err := s.file.truncate(end); err != nil {
			return false, fmt.Errorf("segment %s: %w", s.id.name(), err)
		}
		l.stats.Torn += torn
		l.stats.Bytes -= torn
		s.size = end
	}
	if s.size > 0 && l.next > last+1 { // what is in between is gone, and a reader passes over it where another segment begins
		if _, err := l.beginLocked(l.next); err != nil {
			l.told = append(l.told, err)
		}
	}
	return true, nil
}

// putAside renames the last segment, of which nothing can be read.
func (r *recovery) putAside(s *segment) {
	l := r.log
	l.segments = l.segments[:len(l.segments)-1]
	l.stats.Bytes -= s.size
	l.stats.Aside++
	err := errors.Join(s.close(), l.options.files.rename(s.id.name(), s.id.name()+asideSuffix))
	l.told = append(l.told, fmt.Errorf("segment %s holds no whole record, and was put aside as %s%s", s.id.name(), s.id.name(), asideSuffix))
	if err != nil {
		l.told = append(l.told, err)
	}
}
