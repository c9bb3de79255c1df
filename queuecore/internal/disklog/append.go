package disklog

import (
	"errors"
	"fmt"
	"os"
)

// Append appends records and returns the number of the last record of the log. With an error none of them is there.
func (l *Log) Append(records [][]byte) (last uint64, err error) {
	defer l.tell()
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
			return 0, fmt.Errorf("a record of %d bytes is larger than %d", len(r), MaxRecord)
		}
		size += headerSize + int64(len(r))
	}
	if l.fullLocked(size) && (!l.startOverLocked() || l.fullLocked(size)) {
		return 0, ErrFull
	}
	s, err := l.activeLocked(size)
	if err != nil {
		return 0, err
	}
	l.buf = l.buf[:0]
	for i, r := range records {
		l.buf = s.id.nonce.appendRecord(l.buf, l.next+uint64(i), r)
	}
	if err := l.writeLocked(s, l.buf); err != nil {
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
	l.wakeLocked()
	return l.next - 1, nil
}

func (l *Log) fullLocked(size int64) bool {
	return l.options.MaxBytes > 0 && l.stats.Bytes > 0 && size > l.options.MaxBytes-l.stats.Bytes
}

// startOverLocked begins a segment where every cursor has passed all there is, so that the last one goes as well.
func (l *Log) startOverLocked() bool {
	for _, c := range l.cursors {
		if c.number+1 < l.next {
			return false
		}
	}
	if len(l.cursors) == 0 || l.segments[len(l.segments)-1].size == 0 {
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

// activeLocked returns the segment to which size bytes are appended: a new one, if the last is full.
func (l *Log) activeLocked(size int64) (*segment, error) {
	if n := len(l.segments); n > 0 {
		if s := l.segments[n-1]; s.size == 0 || s.size+size <= l.options.SegmentBytes {
			return s, nil
		}
		l.trimLocked()
	}
	return l.beginLocked(l.next)
}

// beginLocked begins a segment.
func (l *Log) beginLocked(first uint64) (*segment, error) {
	id := segmentID{first, newNonce()}
	f, err := l.options.files.open(id.name())
	if err != nil {
		return nil, err
	}
	s := &segment{id: id, file: f}
	l.segments = append(l.segments, s)
	return s, nil
}

// writeLocked appends b to a segment. After an error nothing of it is there: what was written in part is cut off, or the segment left to
// itself where even that fails.
func (l *Log) writeLocked(s *segment, b []byte) error {
	n, err := s.file.WriteAt(b, s.size)
	if err == nil {
		s.size += int64(n)
		l.stats.Bytes += int64(n)
		return nil
	}
	if n > 0 {
		if cutErr := s.file.truncate(s.size); cutErr != nil {
			_, beginErr := l.beginLocked(l.next)
			return errors.Join(err, cutErr, beginErr)
		}
	}
	return err
}

// Sync makes everything that was appended safe from a loss of power: fdatasync, and the folder's names. After an error nothing is
// known of what was written since the last good Sync, so that is written to a new segment, and tried again, once.
func (l *Log) Sync() error {
	defer l.tell()
	l.syncing.Lock()
	defer l.syncing.Unlock()
	err := l.syncOnce()
	if err == nil || errors.Is(err, ErrClosed) {
		return err
	}
	if again := l.writeAgain(); again != nil {
		return errors.Join(err, again)
	}
	return l.syncOnce()
}

func (l *Log) syncOnce() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	next, kept := l.next, len(l.pending)
	if next == l.synced && !l.cursorsDirtyLocked() {
		l.mu.Unlock()
		return nil
	}
	var files []file
	for i, s := range l.segments {
		if i+1 == len(l.segments) || l.segments[i+1].id.first > l.synced {
			files = append(files, s.file)
		}
	}
	l.mu.Unlock()
	for _, f := range files {
		if err := f.sync(); err != nil && !errors.Is(err, os.ErrClosed) { // of a segment that every cursor has passed meanwhile
			return err
		}
	}
	if err := l.options.files.sync(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.synced = next
	l.pending = append(l.pending[:0], l.pending[kept:]...)
	return l.syncCursorsLocked()
}

// writeAgain writes what was appended since the last good Sync to a new segment.
func (l *Log) writeAgain() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Suspect++
	if !l.options.Keep || len(l.pending) == 0 || l.closed {
		return nil
	}
	s, err := l.beginLocked(l.synced)
	if err != nil {
		return err
	}
	var b []byte
	w := walker{b: l.pending}
	for {
		number, payload, ok := w.next()
		if !ok {
			break
		}
		b = s.id.nonce.appendRecord(b, number, payload)
	}
	return l.writeLocked(s, b)
}

func (l *Log) cursorsDirtyLocked() bool {
	for _, c := range l.cursors {
		if c.dirty {
			return true
		}
	}
	return false
}

func (l *Log) syncCursorsLocked() error {
	for _, c := range l.cursors {
		if c.dirty {
			if err := c.file.sync(); err != nil {
				return err
			}
			c.dirty = false
		}
	}
	return nil
}
