package disklog

import "sort"

// maxOpen is how many segments are kept open. A backlog may be of many thousands, and the process has other uses for its descriptors. The
// rest are parked: closed, and opened again when they are read or synced.
const maxOpen = 64

// openLocked opens a parked segment.
func (l *Log) openLocked(s *segment) (err error) {
	if s.file != nil {
		return nil
	}
	s.file, err = l.options.files.open(s.id.name())
	return err
}

// close closes or parks a segment. Whoever uses its file meanwhile gets os.ErrClosed, and asks again.
func (s *segment) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// parkLocked parks the youngest of the segments that are more than maxOpen, as they are read last: but for the last one, used, and those
// that may not be closed: a record of which a copy is kept is not synced yet, or the file has no name any more.
func (l *Log) parkLocked(used *segment) {
	open := 0
	for _, s := range l.segments {
		if s.file != nil {
			open++
		}
	}
	for i := len(l.segments) - 2; i >= 0 && open > maxOpen; i-- {
		s := l.segments[i]
		unsynced := l.options.Keep && l.segments[i+1].id.first > l.synced
		if s.file == nil || s == used || s.sealed || unsynced {
			continue
		}
		if err := s.close(); err != nil {
			l.told = append(l.told, err)
		}
		open--
	}
}

// Behind tells whether more than that many bytes wait for a Sync, or more segments than should be open.
func (l *Log) Behind(bytes int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending) > bytes || len(l.pending) > 0 && len(l.segments)-l.indexLocked(l.synced) > maxOpen
}

// indexLocked returns the index of the segment in which a number is, or will be. There is a segment.
func (l *Log) indexLocked(number uint64) int {
	return max(sort.Search(len(l.segments), func(i int) bool { return l.segments[i].id.first > number })-1, 0)
}
