package segments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	base "example.com/zaphandlers/zapcore"
)

// Config makes a Log.
type Config struct {
	Dir          string
	MaxBytes     int64 // of all segments
	SegmentBytes int64 // a segment is closed when it has as many
	SyncEach     bool  // each Append syncs
	OnError      func(error)

	datasync func(*os.File) error // of the system, unless a test has another
}

// Log is the queue. Its methods are safe for concurrent use, but a cursor is for one reader at a time.
type Log struct {
	cfg  Config
	lock io.Closer

	mu       sync.Mutex // guards the fields below; held for a write, not for a read
	segments []*segment // oldest first; the last one is written to
	bytes    int64      // of all
	last     uint64     // number of the last record
	cursors  map[string]*cursor
	old      []*os.File    // of segments that were written again
	appended chan struct{} // closed when something was appended, or the log
	unsynced bool          // the last segment has records that were not synced
	buf      []byte        // of Append
	damaged  uint64
	closed   bool
}

var errFull = errors.New("queuecore: the disk engine is full")

// Open opens the queue in cfg.Dir, which lock has locked. Bad data is no error.
func Open(cfg Config, lock io.Closer) (*Log, error) {
	if cfg.datasync == nil {
		cfg.datasync = datasync
	}
	l := &Log{cfg: cfg, lock: lock, cursors: make(map[string]*cursor), appended: make(chan struct{})}
	if err := removeUnfinished(cfg.Dir); err != nil {
		return nil, err
	}
	names, err := list(cfg.Dir, ".seg")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := l.openSegment(name); err != nil {
			l.closeFiles()
			return nil, err
		}
	}
	slices.SortFunc(l.segments, func(a, b *segment) int { return cmp.Compare(a.first, b.first) })
	if err := l.openCursors(); err != nil {
		l.closeFiles()
		return nil, err
	}
	if n := len(l.segments); n > 0 {
		l.cutTail(l.segments[n-1])
	}
	for _, c := range l.cursors {
		l.last = max(l.last, c.acked) // segments may have been lost
	}
	for _, s := range l.segments {
		l.bytes += s.size
	}
	return l, nil
}

// Append adds the records of batch and returns the number of the last record.
func (l *Log) Append(batch *base.Batch) (last uint64, err error) {
	total := int64(0)
	for i := range batch.Len() {
		total += int64(size(len(batch.Tape(i))))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return 0, fmt.Errorf("queuecore: %w", base.ErrClosed)
	case batch.Len() == 0:
		return l.last, nil
	case l.bytes > headerSize && l.bytes+total > l.cfg.MaxBytes && !l.makeRoomLocked(total):
		return 0, &base.RetryError{Err: errFull}
	}
	if err := l.appendLocked(batch, total); err != nil {
		return 0, &base.RetryError{Err: err}
	}
	l.wakeLocked()
	return l.last, nil
}

// appendLocked writes the records of batch, which take so many bytes, or leaves everything as it was.
func (l *Log) appendLocked(batch *base.Batch, total int64) error {
	s, err := l.tailLocked(total)
	if err != nil {
		return err
	}
	l.buf = l.buf[:0]
	for i := range batch.Len() {
		l.buf = appendRecord(l.buf, s.salt, l.last+1+uint64(i), batch.Tape(i))
	}
	if _, err := s.file.WriteAt(l.buf, s.size); err != nil {
		_ = s.file.Truncate(s.size) // what was written of it is no record
		return err
	}
	if l.cfg.SyncEach {
		if err := l.cfg.datasync(s.file); err != nil {
			l.abandonTailLocked(s)
			return err
		}
	}
	l.unsynced = !l.cfg.SyncEach
	s.size += total
	l.bytes += total
	l.last += uint64(batch.Len())
	if cap(l.buf) > 4<<20 {
		l.buf = nil
	}
	return nil
}

// makeRoomLocked begins a new segment if every cursor has passed the last one, so that this goes, and tells whether that makes room.
func (l *Log) makeRoomLocked(total int64) bool {
	if len(l.cursors) == 0 {
		return false
	}
	for _, c := range l.cursors {
		if c.acked < l.last {
			return false
		}
	}
	if _, err := l.tailLocked(l.cfg.SegmentBytes); err != nil {
		return false
	}
	return l.bytes == headerSize || l.bytes+total <= l.cfg.MaxBytes
}

// tailLocked returns the segment to write to, a new one if the last is full.
func (l *Log) tailLocked(more int64) (*segment, error) {
	if n := len(l.segments); n > 0 {
		s := l.segments[n-1]
		if s.size == headerSize || s.size+more <= l.cfg.SegmentBytes {
			return s, nil
		}
		if l.unsynced {
			if err := l.cfg.datasync(s.file); err != nil {
				return nil, err
			}
			l.unsynced = false
		}
	}
	s, err := l.newSegment()
	if err != nil {
		return nil, err
	}
	l.segments = append(l.segments, s)
	l.bytes += s.size
	l.releaseLocked()
	return s, nil
}

func (l *Log) wakeLocked() {
	close(l.appended)
	l.appended = make(chan struct{})
}

// releaseLocked removes the segments that every cursor has passed, if there is any cursor, but for the last.
func (l *Log) releaseLocked() {
	for len(l.cursors) > 0 && len(l.segments) > 1 {
		next := l.segments[1].first
		for _, c := range l.cursors {
			if c.acked+1 < next {
				return
			}
		}
		for _, c := range l.cursors {
			if err := c.sync(); err != nil {
				l.cfg.OnError(fmt.Errorf("queuecore: cursor %q: %w", c.name, err))
				return
			}
		}
		s := l.segments[0]
		if err := os.Remove(s.path); err != nil {
			l.cfg.OnError(fmt.Errorf("queuecore: %w", err))
			return
		}
		_ = syncDir(l.cfg.Dir)
		s.file.Close()
		l.bytes -= s.size
		l.segments = slices.Delete(l.segments, 0, 1)
	}
}

// Sync makes what was appended safe from a loss of power.
func (l *Log) Sync() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || !l.unsynced {
		return nil
	}
	s := l.segments[len(l.segments)-1]
	err := l.cfg.datasync(s.file)
	if err != nil { // the next call might say nil though the disk has nothing: what is there is written elsewhere
		err = l.rewriteLocked(s)
	}
	if err != nil {
		return fmt.Errorf("queuecore: sync: %w", err)
	}
	l.unsynced = false
	return nil
}

// Close releases everything. Nothing is deleted.
func (l *Log) Close(context.Context) error {
	err := l.Sync()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.wakeLocked()
	l.closeFiles()
	return err
}

func (l *Log) closeFiles() {
	for _, s := range l.segments {
		s.file.Close()
	}
	for _, c := range l.cursors {
		c.file.Close()
	}
	for _, f := range l.old {
		f.Close()
	}
	_ = l.lock.Close()
}

// Stats returns how many bytes the segments have, how many records some cursor has not acknowledged, and how many records, segments
// and cursors were found damaged.
func (l *Log) Stats() (bytes int64, records, damaged uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := l.last
	for _, c := range l.cursors {
		done = min(done, c.acked)
	}
	if len(l.cursors) == 0 {
		done = l.oldestLocked() - 1
	}
	return l.bytes, l.last - min(done, l.last), l.damaged
}

// oldestLocked returns the number of the first record that there is, or of the next one.
func (l *Log) oldestLocked() uint64 {
	if len(l.segments) == 0 {
		return l.last + 1
	}
	return l.segments[0].first
}
