package disklog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

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
	lock    *os.File

	syncing sync.Mutex // serializes Sync; is taken before mu

	mu       sync.Mutex // guards the fields below
	segments []*segment // rising; the last one is appended to
	next     uint64     // the number of the next record
	cursors  map[string]*cursor
	buf      []byte // owned by Append
	pending  []byte // what Options.Keep keeps: the payloads since synced, as records of nonce 0
	synced   uint64 // the records below this number are safe
	counted  uint64 // damaged records below this number are counted
	arrived  chan struct{}
	closed   bool
	stats    Stats
	told     []error
}

// segment is one file of records.
type segment struct {
	id   segmentID
	file file
	size int64
}

// Open opens the log in a folder, which it makes if it is missing. Whatever is in the files is no reason not to.
func Open(options Options) (*Log, error) {
	if options.SegmentBytes <= 0 {
		options.SegmentBytes = defaultSegment
		if options.MaxBytes > 0 {
			options.SegmentBytes = min(defaultSegment, max(options.MaxBytes/8, 1))
		}
	}
	l := &Log{options: options, cursors: make(map[string]*cursor), arrived: make(chan struct{}), next: 1}
	if options.files == nil {
		if err := os.MkdirAll(options.Dir, 0o750); err != nil {
			return nil, err
		}
		l.options.files = folder(options.Dir)
		if err := l.takeLock(); err != nil {
			return nil, err
		}
	}
	err := l.recover()
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	l.tell()
	return l, nil
}

func (l *Log) takeLock() (err error) {
	if l.lock, err = os.OpenFile(filepath.Join(l.options.Dir, "LOCK"), os.O_RDWR|os.O_CREATE, 0o640); err != nil {
		return err
	}
	taken, err := filelock.TryLock(l.lock)
	if taken {
		err = fmt.Errorf("%s is in use by another engine, of this process or another", l.options.Dir)
	} else if errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err != nil {
		return errors.Join(err, l.lock.Close())
	}
	return nil
}

// recover finds the segments and cursors, and where the last segment ends.
func (l *Log) recover() error {
	names, err := l.options.files.names()
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, name := range names {
		if id, ok := parseName(name); ok {
			if err := l.addSegment(id); err != nil {
				return err
			}
		} else if cursor, ok := parseCursorName(name); ok {
			f, err := l.options.files.open(name)
			if err != nil {
				return err
			}
			l.cursors[cursor] = readCursor(f)
			l.next = max(l.next, l.cursors[cursor].number+1)
		}
	}
	for len(l.segments) > 0 {
		last := l.segments[len(l.segments)-1]
		l.next = max(l.next, last.id.first)
		whole, err := l.findEnd(last)
		if err != nil {
			return fmt.Errorf("segment %s: %w", last.id.name(), err)
		}
		if whole || last.size == 0 {
			break
		}
		l.putAside(last)
	}
	l.synced, l.counted = l.next, 1
	return nil
}

func (l *Log) addSegment(id segmentID) error {
	f, err := l.options.files.open(id.name())
	if err != nil {
		return err
	}
	size, err := f.size()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.segments = append(l.segments, &segment{id: id, file: f, size: size})
	l.stats.Bytes += size
	return nil
}

// findEnd finds the last whole record of a segment and cuts off what stands behind it. It reports whether there is any.
func (l *Log) findEnd(s *segment) (whole bool, err error) {
	b := make([]byte, s.size)
	if n, err := s.file.ReadAt(b, 0); n < len(b) {
		return false, err
	}
	w := walker{nonce: s.id.nonce, b: b}
	for {
		number, _, ok := w.next()
		if !ok {
			break
		}
		whole = true
		l.next = max(l.next, number+1)
	}
	if torn := s.size - int64(w.at); whole && torn > 0 {
		if err := s.file.truncate(int64(w.at)); err != nil {
			return whole, err
		}
		l.stats.Torn += torn
		l.stats.Bytes -= torn
		s.size = int64(w.at)
	}
	return whole, nil
}

// putAside renames the last segment, of which nothing can be read.
func (l *Log) putAside(s *segment) {
	l.segments = l.segments[:len(l.segments)-1]
	l.stats.Bytes -= s.size
	l.stats.Aside++
	err := errors.Join(s.file.Close(), l.options.files.rename(s.id.name(), s.id.name()+asideSuffix))
	l.told = append(l.told, fmt.Errorf("segment %s holds no whole record, and was put aside as %s%s", s.id.name(), s.id.name(), asideSuffix))
	if err != nil {
		l.told = append(l.told, err)
	}
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
	return l.stats
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

func (l *Log) wakeLocked() {
	close(l.arrived)
	l.arrived = make(chan struct{})
}

// Close closes the files. It syncs nothing and removes nothing.
func (l *Log) Close() (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.wakeLocked()
	for _, s := range l.segments {
		err = errors.Join(err, s.file.Close())
	}
	for _, c := range l.cursors {
		err = errors.Join(err, c.file.Close())
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}
