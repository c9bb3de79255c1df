package disklog

import (
	"errors"
	"fmt"
	"os"
	"slices"
)

// Sync makes everything that was appended safe from a loss of power: fdatasync, and the folder's names. After an error nothing is
// known of what was written since the last good Sync, so that is written to a new segment, and tried again, once. Without Options.Keep
// it cannot be: the error is all there is, and the next Sync is about what is appended from then on.
func (l *Log) Sync() error {
	defer l.tell()
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

// Pending returns how much waits for a Sync: bytes, of what Options.Keep keeps, and segments that are open for it.
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
	l.synced, l.all = next, true
	l.pending = append(l.pending[:0], l.pending[kept:]...)
	return l.cursors.sync()
}

// syncSegment syncs the file of a segment, unless every cursor has passed it meanwhile. One that is parked is opened for it.
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

// unsynced returns the segments to sync, so that the records below next are safe; kept of the pending bytes are theirs.
func (l *Log) unsynced() (segments []*segment, next uint64, kept int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, 0, 0, ErrClosed
	}
	removed, err := l.lookLocked(0)
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
	if l.next == l.synced && l.all && !l.cursors.dirty() {
		return nil, 0, 0, nil
	}
	for i, s := range l.segments {
		if i+1 == len(l.segments) || l.segments[i+1].id.first > l.synced || !l.all {
			segments = append(segments, s)
		}
	}
	if len(segments) == 0 {
		return nil, 0, 0, l.cursors.sync()
	}
	return segments, l.next, len(l.pending), nil
}

// writeAgainLocked writes what was appended since the last good Sync to a new segment, and removes those that hold nothing else. Where
// no copy was kept it begins a new segment, for what comes.
func (l *Log) writeAgainLocked() error {
	if !l.options.Keep || len(l.pending) == 0 {
		if last := l.segments[len(l.segments)-1]; last.size > 0 || last.sealed { // else it is there, from the last time
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
	s.sealed = removeLocked(l, before[kept:], true) // what comes is to be behind those that are left
	return nil
}
