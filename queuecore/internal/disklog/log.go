package disklog

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.com/zaphandlers/internal/filelock"
)

// Options says where a log is and how safe it is. The zero value of every field but Dir is its default.
type Options struct {
	Dir string

	// MaxBytes bounds the segments together; 0: no bound.
	MaxBytes int64

	// SegmentBytes is the size from which on a segment is followed by the next; 0: 64 MiB, or an eighth of MaxBytes.
	SegmentBytes int64

	// Keep has the records since the last Sync kept in memory, to be written again elsewhere should a Sync fail.
	Keep bool

	// Told hears of what is put aside or cannot be removed. It is called under no lock. Required.
	Told func(error)

	files filesystem // nil: Dir
}

const defaultSegment = 64 << 20

var (
	// ErrFull says that MaxBytes are reached.
	ErrFull = errors.New("the disk engine is full")
	// ErrClosed is what calls after Close get.
	ErrClosed = errors.New("closed")
	// ErrTooLarge says that a record is larger than MaxRecord.
	ErrTooLarge = fmt.Errorf("larger than %d bytes", MaxRecord)
	// ErrOverLimit says that the system lets no file become as large as records are together, or one of them.
	ErrOverLimit = errors.New("the system lets no file become as large")
	// ErrUnread says that a cursor cannot pass what was never appended.
	ErrUnread = errors.New("there is no such record yet")
)

// Stats counts what a log has met since it was opened.
type Stats struct {
	Damaged uint64 // records whose bytes have changed on the disk, or are gone
	Aside   uint64 // segments put aside
	Torn    int64  // bytes cut off behind the last whole record
	Suspect uint64 // syncs that failed
	Bytes   int64  // of all segments
}

// Log is an open log. Its methods are safe for concurrent use.
type Log struct {
	options Options
	home    *home // nil: Options.files is given
	missing missing

	syncing sync.Mutex // serializes Sync; is taken before mu

	mu       sync.Mutex // guards the fields below
	segments segments
	leftover []leftover
	next     uint64 // the number of the next record
	cursors  cursors
	buf      []byte    // owned by Append
	pending  []byte    // what Options.Keep keeps: the payloads since synced, as records of nonce 0
	synced   uint64    // the records from this number on, which this Log has appended, are not safe yet
	all      bool      // what was there at opening is safe as well
	suspect  bool      // what was appended since synced is to be written again before it is synced
	looked   time.Time // when the folder was looked at last
	arrived  signal
	closed   bool
	stats    Stats
	told     []error
}

// Open opens the log in a folder, which it makes if it is missing. Whatever is in the files is no reason not to.
func Open(options Options) (*Log, error) {
	if options.SegmentBytes <= 0 {
		options.SegmentBytes = defaultSegment
		if options.MaxBytes > 0 {
			options.SegmentBytes = min(defaultSegment, max(options.MaxBytes/8, 1))
		}
	}
	l := &Log{options: options, cursors: make(cursors), arrived: make(signal), next: 1}
	if options.files == nil {
		l.options.files, l.home = folder(options.Dir), &home{dir: options.Dir}
		if err := l.home.take(); err != nil {
			return nil, err
		}
		l.looked = time.Now()
	}
	err := (&recovery{log: l}).run()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.tell()
	return l, nil
}

// tell passes on what is to be told. It is called under no lock.
func (l *Log) tell() {
	l.mu.Lock()
	told := l.told
	l.told = nil
	l.mu.Unlock()
	for _, err := range told {
		l.options.Told(err)
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

// openLocked opens a parked segment, and parks others for it.
func (l *Log) openLocked(s *segment) error {
	safe := l.synced
	if !l.options.Keep {
		safe = noLimit
	}
	if err := s.open(l.options.files); err != nil {
		return err
	}
	if err := l.segments.park(s, safe); err != nil {
		l.told = append(l.told, err)
	}
	return nil
}

// NewReader returns a Reader of the records behind number.
func (l *Log) NewReader(number uint64) *Reader { return &Reader{log: l, next: number + 1} }

// Cursor returns how far the reader of that name is, which it makes known: one that is new begins before the oldest record.
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
	c, _ := readCursor(f) // which Forget may have left behind
	if err := c.set(l.segments.oldest(l.next) - 1); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	l.cursors[name] = c
	return c, nil
}

// Ack moves a cursor on. A number that it has passed is no error.
func (l *Log) Ack(name string, number uint64) error {
	defer l.tell()
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

// trimLocked removes the segments that every cursor has passed, but for the last: first the cursors are made safe, then the files go,
// then their names. What fails is tried again with a later Ack.
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
		l.told = append(l.told, err)
		return
	}
	passed := l.segments[:gone]
	l.segments = l.segments[gone:]
	removeLocked(l, passed, false)
}

// shorten notes that somebody has cut a segment.
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
	l.told = append(l.told, fmt.Errorf("segment %s was cut by somebody, from %d to %d bytes", s.id.name(), s.size, size))
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
	l.arrived.give()
	if n := len(l.segments); n > 0 && l.segments[n-1].uncut {
		err = l.segments[n-1].ready(l.options.files) // else what was refused is there when the log is opened anew
	}
	for _, s := range l.segments {
		err = errors.Join(err, s.close())
	}
	for _, c := range l.cursors {
		err = errors.Join(err, c.file.Close())
	}
	if l.home != nil {
		err = errors.Join(err, filelock.Close(l.home.lock))
	}
	return err
}
