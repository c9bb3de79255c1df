package disklog

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.com/zaphandlers/internal/filelock"
)

// Options configures a Log. The zero value of every field but Dir and OnError is its default.
type Options struct {
	Dir string

	// MaxBytes bounds the segments together; 0: no bound.
	MaxBytes int64

	// SegmentBytes is the size at which a new segment is begun; 0: 64 MiB, or an eighth of MaxBytes if that is less.
	SegmentBytes int64

	// Keep keeps the records since the last Sync in memory, so that they can be written again if a Sync fails.
	Keep bool

	// OnError gets errors that no call returns: what was put aside or cannot be removed. It is called under no lock. Required.
	OnError func(error)

	files filesystem // nil: Dir
}

const defaultSegment = 64 << 20

var (
	// ErrFull says that the records would exceed MaxBytes.
	ErrFull = errors.New("the disk engine is full")
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("closed")
	// ErrTooLarge says that a record is larger than MaxRecord.
	ErrTooLarge = fmt.Errorf("larger than %d bytes", MaxRecord)
	// ErrOverLimit says that the records of one Append exceed the largest file that the system allows.
	ErrOverLimit = errors.New("the system lets no file become as large")
	// ErrUnread says that a cursor was moved behind the last record.
	ErrUnread = errors.New("there is no such record yet")
)

// Stats counts what has happened to a log since it was opened.
type Stats struct {
	Damaged uint64 // records whose bytes have changed on the disk, or are gone
	Aside   uint64 // segments put aside
	Torn    int64  // bytes cut off behind the last intact record
	Suspect uint64 // syncs that failed
	Bytes   int64  // of all segments
}

// Log is an open log. Its methods are safe for concurrent use.
type Log struct {
	options Options
	dirLock *dirLock // nil: Options.files is given
	missing missing

	syncing sync.Mutex // serializes Sync; taken before mu

	mu         sync.Mutex // guards the fields below
	segments   segments
	leftover   []leftover
	next       uint64 // the number of the next record
	cursors    cursors
	buf        []byte    // owned by Append
	pending    []byte    // what Options.Keep keeps: the payloads from number synced on, as records of nonce 0
	synced     uint64    // the records appended by this Log from this number on are not safe yet
	openedSafe bool      // the records found at opening have been synced
	suspect    bool      // the records from synced on must be written again before the next sync
	checked    time.Time // when the folder was last checked
	arrived    signal    // of Append and Close
	closed     bool
	stats      Stats
	notes      []error // to be passed to OnError
}

// Open opens the log in a folder, which it makes if it is missing. The contents of the files never make it fail.
func Open(options Options) (*Log, error) {
	if options.SegmentBytes <= 0 {
		options.SegmentBytes = defaultSegment
		if options.MaxBytes > 0 {
			options.SegmentBytes = min(defaultSegment, max(options.MaxBytes/8, 1))
		}
	}
	l := &Log{options: options, cursors: make(cursors), arrived: make(signal), next: 1}
	if options.files == nil {
		l.options.files, l.dirLock = folder(options.Dir), &dirLock{dir: options.Dir}
		if err := l.dirLock.take(); err != nil {
			return nil, err
		}
		l.checked = time.Now()
	}
	err := (&recovery{log: l}).run()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.reportNotes()
	return l, nil
}

// reportNotes passes notes to OnError. It is called under no lock.
func (l *Log) reportNotes() {
	l.mu.Lock()
	notes := l.notes
	l.notes = nil
	l.mu.Unlock()
	for _, err := range notes {
		l.options.OnError(err)
	}
}

// Stats returns the counts.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Damaged = l.missing.total()
	return s
}

// Last returns the number of the last record.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next - 1
}

// Arrived returns a channel that is closed when something is appended, or the log closed.
func (l *Log) Arrived() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.arrived
}

// openLocked opens a segment if it is parked, and parks others if too many are open.
func (l *Log) openLocked(s *segment) error {
	safe := l.synced
	if !l.options.Keep {
		safe = noLimit
	}
	if err := s.open(l.options.files); err != nil {
		return err
	}
	if err := l.segments.park(s, safe); err != nil {
		l.notes = append(l.notes, err)
	}
	return nil
}

// NewReader returns a Reader of the records after number.
func (l *Log) NewReader(number uint64) *Reader { return &Reader{log: l, next: number + 1} }

// Cursor returns the number that the cursor of that name has acknowledged. It makes a new cursor known, before the oldest record.
func (l *Log) Cursor(name string) (number uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.cursorLocked(name)
	if err != nil {
		return 0, err
	}
	return c.number, nil
}

func (l *Log) cursorLocked(name string) (*cursor, error) {
	if l.closed {
		return nil, ErrClosed
	}
	if c := l.cursors[name]; c != nil {
		return c, nil
	}
	f, err := l.options.files.open(cursorName(name))
	if err != nil {
		return nil, err
	}
	c, _ := readCursor(f) // continues the generations of a file that Forget could not remove
	if err := c.set(l.segments.oldest(l.next) - 1); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l.cursors[name] = c
	return c, nil
}

// Ack moves a cursor to number. A number that it has passed before is no error.
func (l *Log) Ack(name string, number uint64) error {
	defer l.reportNotes()
	l.mu.Lock()
	defer l.mu.Unlock()
	c, err := l.cursorLocked(name)
	switch {
	case err != nil:
		return err
	case number >= l.next:
		return fmt.Errorf("cursor %q: record %d of %d: %w", name, number, l.next-1, ErrUnread)
	case number <= c.number:
		return nil
	}
	if err := c.set(number); err != nil {
		return err
	}
	l.trimLocked()
	return nil
}

// trimLocked removes the segments that every cursor has passed, except the last one. It syncs the cursors first, then removes the files,
// then syncs the folder. After a failure a later Ack tries again.
func (l *Log) trimLocked() {
	if len(l.cursors) == 0 {
		return
	}
	gone, done := 0, l.cursors.lowest()
	for gone+1 < len(l.segments) && l.segments[gone+1].id.first <= done+1 {
		gone++
	}
	if gone == 0 && len(l.leftover) == 0 {
		return
	}
	if err := l.cursors.sync(); err != nil {
		l.notes = append(l.notes, err)
		return
	}
	passed := l.segments[:gone]
	l.segments = l.segments[gone:]
	removeLocked(l, passed, false)
}

// shorten is called when a segment turns out to be cut to size bytes by somebody else. It seals the segment.
func (l *Log) shorten(s *segment, size int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || size >= s.size {
		return nil
	}
	if n := len(l.segments); s == l.segments[n-1] {
		if _, err := l.beginLocked(l.next); err != nil {
			return err
		}
	}
	l.notes = append(l.notes, fmt.Errorf("segment %s was cut by somebody, from %d to %d bytes", s.id.name(), s.size, size))
	if slices.Contains(l.segments, s) {
		l.stats.Bytes -= s.size - size
	}
	s.size, s.sealed = size, true
	return nil
}

// Close closes the files. It syncs nothing and removes nothing.
func (l *Log) Close() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.arrived.broadcast()
	if n := len(l.segments); n > 0 && l.segments[n-1].uncut {
		err = l.segments[n-1].ready(l.options.files) // else a part of a failed Append would be read when the log is opened again
	}
	for _, s := range l.segments {
		err = errors.Join(err, s.close())
	}
	for _, c := range l.cursors {
		err = errors.Join(err, c.file.Close())
	}
	if l.dirLock != nil {
		err = errors.Join(err, filelock.Close(l.dirLock.lock))
	}
	return err
}
