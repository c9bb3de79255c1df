package disklog

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Reader reads the records behind a number, in order. It is for one goroutine at a time.
type Reader struct {
	log  *Log
	next uint64 // the number to read

	segment *segment
	at      int64 // where in the segment buf begins
	buf     []byte
	walk    walker
}

// readSize is how much is read at once, in bytes.
const readSize = 1 << 20

// NewReader returns a Reader of the records behind number.
func (l *Log) NewReader(number uint64) *Reader { return &Reader{log: l, next: number + 1} }

// Read calls add for records, in order, up to about max bytes of them, and returns the number of the last; 0 if there is none. The
// payloads are valid until the next call.
func (r *Reader) Read(max int, add func(payload []byte)) (last uint64, err error) {
	for size := 0; size < max; {
		number, payload, err := r.record(last > 0)
		if err != nil || number == 0 {
			return last, err
		}
		r.log.missed(r.next, number)
		r.next, last = number+1, number
		size += len(payload)
		add(payload)
	}
	return last, nil
}

// record returns the next record; 0 if there is none. full: what was read of the segment is in use, so no more of it can be read.
func (r *Reader) record(full bool) (number uint64, payload []byte, err error) {
	for {
		limit, size, err := r.locate()
		if err != nil || r.segment == nil {
			return 0, nil, err
		}
		number, payload, ok := r.walk.next()
		switch {
		case ok && (number < r.next || number >= limit):
			continue // written again in a later segment, or read before
		case ok:
			return number, payload, nil
		case r.at+int64(len(r.buf)) < size && full:
			return 0, nil, nil
		case r.at+int64(len(r.buf)) < size:
			if err := r.fill(size); err != nil {
				return 0, nil, err
			}
		case limit == noLimit:
			return 0, nil, nil // the end of the last one
		case full:
			return 0, nil, nil
		default:
			r.leave(limit)
		}
	}
}

const noLimit = 1<<64 - 1

// locate sees to it that segment is the one in which the next record is, and returns the number with which the one after it begins,
// and its size.
func (r *Reader) locate() (limit uint64, size int64, err error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, 0, ErrClosed
	}
	if r.segment != nil && !slices.Contains(l.segments, r.segment) {
		r.segment = nil // every cursor has passed it
	}
	for i, s := range l.segments {
		limit = noLimit
		if i+1 < len(l.segments) {
			limit = l.segments[i+1].id.first
		}
		if r.segment == s || r.segment == nil && r.next < limit {
			if r.segment == nil {
				r.segment, r.at, r.buf = s, 0, r.buf[:0]
				r.walk = walker{nonce: s.id.nonce}
			}
			return limit, s.size, nil
		}
	}
	return 0, 0, nil
}

// fill reads on in the segment, from where the walk has come to.
func (r *Reader) fill(size int64) error {
	want := readSize
	begin := max(r.walk.at, r.walk.seen)
	if begin == 0 && len(r.buf) > 0 { // not even one record: it is larger
		want = 2 * len(r.buf)
	}
	r.at += int64(begin)
	want = int(min(int64(want), size-r.at))
	if cap(r.buf) < want || cap(r.buf) > keepBuffer && want <= readSize {
		r.buf = make([]byte, want)
	}
	r.buf = r.buf[:want]
	n, err := r.segment.file.ReadAt(r.buf, r.at)
	if n < want {
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("segment %s ends at byte %d: somebody has cut it", r.segment.id.name(), r.at+int64(n))
		}
		return err
	}
	r.walk = walker{nonce: r.segment.id.nonce, b: r.buf}
	return nil
}

// leave goes on with the segment that begins with limit.
func (r *Reader) leave(limit uint64) {
	if r.next < limit {
		r.log.missed(r.next, limit)
		r.next = limit
	}
	r.segment = nil
}

// missed counts the records from number from up to, but not including, to, which were appended and cannot be read: once, however
// many readers meet it.
func (l *Log) missed(from, to uint64) {
	if from >= to {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if from = max(from, l.counted); from < to {
		l.stats.Damaged += to - from
		l.counted = to
	}
}

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
	c := &cursor{file: f}
	oldest := l.next - 1
	if len(l.segments) > 0 {
		oldest = l.segments[0].id.first - 1
	}
	if err := c.set(oldest); err != nil {
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
	done := uint64(noLimit)
	for _, c := range l.cursors {
		done = min(done, c.number)
	}
	removed := false
	for len(l.segments) > 1 && l.segments[1].id.first <= done+1 {
		if err := l.syncCursorsLocked(); err != nil {
			l.told = append(l.told, err)
			return
		}
		s := l.segments[0]
		if err := l.options.files.remove(s.id.name()); err != nil {
			l.told = append(l.told, err)
			return
		}
		l.stats.Bytes -= s.size
		l.segments = l.segments[1:]
		removed = true
		_ = s.file.Close() // a Reader that is in it has passed it
	}
	if removed {
		if err := l.options.files.sync(); err != nil {
			l.told = append(l.told, err)
		}
	}
}
