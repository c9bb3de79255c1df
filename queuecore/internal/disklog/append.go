package disklog

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"example.com/zaphandlers/internal/errno"
)

// Append appends records and returns the number of the last record of the log. After an error none of them is appended.
func (l *Log) Append(records [][]byte) (last uint64, err error) {
	defer l.reportNotes()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, ErrClosed
	}
	if len(records) == 0 {
		return l.next - 1, nil
	}
	size := int64(0)
	for _, r := range records {
		if len(r) > MaxRecord {
			return 0, fmt.Errorf("a record of %d bytes: %w", len(r), ErrTooLarge)
		}
		size += headerSize + int64(len(r))
	}
	if _, err := l.checkFolderLocked(checkEvery); err != nil {
		return 0, err
	}
	full := func() bool {
		return l.options.MaxBytes > 0 && l.stats.Bytes > 0 && size > l.options.MaxBytes-l.stats.Bytes
	}
	if full() && (!startOver(l) || full()) {
		return 0, l.cursors.full(l.stats.Bytes)
	}
	if err := l.writeLocked(records, size); err != nil {
		return 0, err
	}
	if l.options.Keep {
		for i, r := range records {
			l.pending = nonce(0).appendRecord(l.pending, l.next+uint64(i), r)
		}
	}
	l.next += uint64(len(records))
	if cap(l.buf) > keepBuffer {
		l.buf = nil
	}
	l.arrived.broadcast()
	return l.next - 1, nil
}

// startOver begins a new segment if every cursor has passed all records, so that the last segment can be removed too. It returns whether
// it did.
func startOver(l *Log) bool {
	if len(l.cursors) == 0 || l.cursors.lowest()+1 < l.next || l.segments[len(l.segments)-1].size == 0 {
		return false
	}
	if _, err := l.beginLocked(l.next); err != nil {
		return false
	}
	l.trimLocked()
	return true
}

// keepBuffer is the largest buffer that is kept for the next call, in bytes.
const keepBuffer = 4 << 20

// activeLocked returns the segment to which size bytes can be appended: the last one, or a new one if that is full or sealed.
func (l *Log) activeLocked(size int64) (*segment, error) {
	if n := len(l.segments); n > 0 {
		s := l.segments[n-1]
		switch err := s.ready(l.options.files); {
		case err != nil && s.size == 0 && !errno.Stale(err):
			return nil, err // a new one would fail too
		case err == nil && !s.sealed && (s.size == 0 || s.size+size <= l.options.SegmentBytes):
			return s, nil
		}
		l.trimLocked()
	}
	return l.beginLocked(l.next)
}

// beginLocked begins a segment whose first record will have the number first.
func (l *Log) beginLocked(first uint64) (*segment, error) {
	id := newID(l, first)
	f, err := l.options.files.open(id.name())
	if err != nil {
		return nil, err
	}
	s := &segment{id: id, file: f}
	l.segments = append(l.segments, s)
	return s, l.openLocked(s)
}

// writeLocked appends records of size bytes to the last segment, or to a new one if the system lets the last one grow no more.
func (l *Log) writeLocked(records [][]byte, size int64) error {
	for {
		s, err := l.activeLocked(size)
		if err != nil {
			return err
		}
		l.buf = l.buf[:0]
		for i, r := range records {
			l.buf = s.id.nonce.appendRecord(l.buf, l.next+uint64(i), r)
		}
		err = s.write(l.buf)
		if err == nil {
			l.stats.Bytes += size
			return nil
		}
		switch {
		case !errors.Is(err, syscall.EFBIG):
			return err
		case s.size == 0:
			return fmt.Errorf("%w: %w", ErrOverLimit, err)
		}
		s.sealed = true
	}
}

// checkEvery is how often Append checks whether somebody has removed the files.
const checkEvery = time.Second

// checkFolderLocked checks that the folder is still locked by this log and the files are in it, if the last check is older than every. It
// seals removed segments, which stay readable until this process ends, and returns whether there are any.
func (l *Log) checkFolderLocked(every time.Duration) (removed bool, err error) {
	if l.dirLock == nil || time.Since(l.checked) < every {
		return false, nil
	}
	if err := reopenLocked(l); err != nil {
		return false, err
	}
	another, err := l.dirLock.check()
	if err != nil {
		return false, err
	}
	if err := l.cursors.restore(l.options.files, another); err != nil {
		return false, err
	}
	for _, s := range l.segments {
		if !s.sealed && s.file != nil && (another || s.file.unlinked()) {
			s.sealed, removed = true, true
			l.notes = append(l.notes, fmt.Errorf("segment %s was removed or moved by somebody: its records are here until this process ends", s.id.name()))
		}
	}
	l.checked = time.Now()
	return removed, nil
}

// Forget removes a cursor, so that no records are kept for it. An unknown cursor is no error.
func (l *Log) Forget(name string) error {
	defer l.reportNotes()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	err := l.cursors.forget(l.options.files, name)
	l.trimLocked()
	return err
}
