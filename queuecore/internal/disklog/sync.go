package disklog

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// Sync makes everything that was appended safe from a loss of power: it syncs the segments (fdatasync) and the folder. After an error
// nobody knows which bytes since the last good Sync are on the disk. With Options.Keep, Sync writes them again to a new segment and tries
// once more. Without it, it returns the error, and the next Sync covers only records appended later.
func (l *Log) Sync() error {
	defer l.reportNotes()
	l.syncing.Lock()
	defer l.syncing.Unlock()
	err := l.syncOnce()
	if err == nil || errors.Is(err, ErrClosed) || !l.options.Keep {
		return err
	}
	if again := l.syncOnce(); again != nil {
		return errors.Join(err, again)
	}
	return nil
}

// Pending returns how much waits for a Sync: the bytes that Options.Keep keeps, and the number of segments that must stay open.
func (l *Log) Pending() (bytes, segments int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) > 0 {
		segments = len(l.segments) - l.segments.index(l.synced)
	}
	return len(l.pending), segments
}

func (l *Log) syncOnce() error {
	segments, next, kept, err := l.unsynced()
	if err != nil || len(segments) == 0 {
		return err
	}
	for _, s := range segments {
		if err = l.syncSegment(s); err != nil {
			break
		}
	}
	if err == nil {
		err = l.options.files.sync()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if err != nil {
		l.stats.Suspect++
		l.suspect = true
		return err
	}
	l.synced, l.openedSafe = next, true
	l.pending = append(l.pending[:0], l.pending[kept:]...)
	return l.cursors.sync()
}

// syncSegment syncs the file of a segment, unless the segment has been removed meanwhile. It opens a parked segment.
func (l *Log) syncSegment(s *segment) error {
	for {
		l.mu.Lock()
		if l.closed || !slices.Contains(l.segments, s) {
			l.mu.Unlock()
			return nil
		}
		err := l.openLocked(s)
		f := s.file
		l.mu.Unlock()
		if err == nil {
			err = f.sync()
		}
		if !errors.Is(err, os.ErrClosed) {
			return err
		}
	}
}

// unsynced returns the segments to sync. After that the records before next are safe, and the first kept bytes of pending are not needed.
func (l *Log) unsynced() (segments []*segment, next uint64, kept int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, 0, 0, ErrClosed
	}
	removed, err := l.checkFolderLocked(0)
	if err != nil {
		return nil, 0, 0, err
	}
	if removed && !l.options.Keep {
		return nil, 0, 0, fmt.Errorf("a segment was removed by somebody")
	}
	if l.suspect || removed {
		if err := l.writeAgainLocked(); err != nil {
			return nil, 0, 0, err
		}
	}
	if l.next == l.synced && l.openedSafe && !l.cursors.dirty() {
		return nil, 0, 0, nil
	}
	for i, s := range l.segments {
		if i+1 == len(l.segments) || l.segments[i+1].id.first > l.synced || !l.openedSafe {
			segments = append(segments, s)
		}
	}
	if len(segments) == 0 {
		return nil, 0, 0, l.cursors.sync()
	}
	return segments, l.next, len(l.pending), nil
}

// writeAgainLocked writes the records appended since the last good Sync to a new segment, and removes the segments that hold nothing else.
// Without a copy of them it only begins a new segment, for later records.
func (l *Log) writeAgainLocked() error {
	if !l.options.Keep || len(l.pending) == 0 {
		if last := l.segments[len(l.segments)-1]; last.size > 0 || last.sealed { // else the last attempt has begun it
			if _, err := l.beginLocked(l.next); err != nil {
				return err
			}
		}
		l.synced, l.suspect = l.next, false
		return nil
	}
	if err := behindLeftoverLocked(l); err != nil {
		return err
	}
	before := l.segments
	s := &segment{id: newID(l, l.synced)}
	var b []byte
	w := walker{b: l.pending}
	for {
		number, payload, ok := w.next()
		if !ok {
			break
		}
		b = s.id.nonce.appendRecord(b, number, payload)
	}
	if err := s.writeWhole(l.options.files, b); err != nil {
		return err
	}
	l.stats.Bytes += s.size
	l.suspect = false
	kept := 0
	for kept < len(before) && before[kept].id.first < l.synced {
		kept++
	}
	l.segments = append(before[:kept:kept], s)
	s.sealed = removeLocked(l, before[kept:], true) // later records must follow the segments that are left
	return nil
}
