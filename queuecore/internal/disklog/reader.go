package disklog

import (
	"errors"
	"fmt"
	"io"
	"os"

	"example.com/zaphandlers/internal/errno"
)

// Reader reads the records after a number, in order. It is for one goroutine at a time.
type Reader struct {
	log  *Log
	next uint64 // the number to read

	segment *segment
	scan    scanner
	payload []byte // of record ready
	ready   uint64 // number of a record that was found and not returned yet; 0: none
}

// Read calls add for the next records, up to about max bytes of them, and returns the number of the last one that add took; 0 if
// there is none. The records of one Read have no gap between them. A record that add does not take counts as missing. The payloads are
// valid until the next call.
func (r *Reader) Read(max int, add func(payload []byte) (taken bool)) (last uint64, err error) {
	defer r.log.reportNotes()
	for size := 0; size < max; {
		number, payload, err := r.record(last > 0)
		switch {
		case err != nil || number == 0:
			return last, err
		case last > 0 && number > r.next:
			r.ready, r.payload = number, payload
			return last, nil
		}
		r.log.missing.add(r.next, number)
		r.next = number + 1
		if add(payload) {
			size += len(payload)
			last = number
			continue
		}
		r.log.missing.add(number, number+1)
		if last > 0 {
			return last, nil
		}
	}
	return last, nil
}

// Passed returns the number up to which every record was read or is missing.
func (r *Reader) Passed() uint64 { return r.next - 1 }

// record returns the next record; number is 0 if there is none. With full it reads no more of the file, because payloads that it returned
// before are still in use.
func (r *Reader) record(full bool) (number uint64, payload []byte, err error) {
	if number, payload = r.ready, r.payload; number > 0 {
		r.ready, r.payload = 0, nil
		return number, payload, nil
	}
	for {
		limit, size, err := r.locate()
		if err != nil || r.segment == nil {
			return 0, nil, err
		}
		number, payload, ok := r.scan.next()
		switch {
		case ok && (number < r.next || number >= limit):
			continue // a later segment has it, or it was read before
		case ok:
			return number, payload, nil
		case r.scan.read() < size && full:
			return 0, nil, nil
		case r.scan.read() < size:
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

// fill reads more of the segment.
func (r *Reader) fill(size int64) error {
	bad := r.scan.bad
	err := r.scan.fill(size)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return r.log.shorten(r.segment, r.scan.short)
	}
	if errors.Is(err, os.ErrClosed) {
		return nil // locate will find out why: Close, or the segment was parked or removed
	}
	if errno.Stale(err) {
		return errors.Join(err, reopen(r.log))
	}
	if bad = r.scan.bad - bad; bad > 0 {
		r.log.mu.Lock()
		r.log.notes = append(r.log.notes, fmt.Errorf("segment %s: %w", r.segment.id.name(), unreadable(bad)))
		r.log.mu.Unlock()
	}
	return err
}

func unreadable(sectors int) error {
	return fmt.Errorf("%d × %d bytes cannot be read", sectors, sector)
}

const noLimit = 1<<64 - 1

// locate sets segment to the one in which the next record is, nil if there are none. It returns the first number of the segment after
// it, and its size.
func (r *Reader) locate() (limit uint64, size int64, err error) {
	l := r.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, 0, ErrClosed
	}
	if len(l.segments) == 0 {
		r.segment = nil
		return 0, 0, nil
	}
	i := l.segments.index(r.next)
	s := l.segments[i]
	if err := l.openLocked(s); err != nil {
		return 0, 0, err
	}
	if r.segment != s { // the one before is read, or was removed
		buf := r.scan.buf
		r.segment, r.scan = s, newScanner(s.id.nonce, s.file)
		r.scan.buf = buf[:0]
	}
	r.scan.file = s.file
	limit = noLimit
	if i+1 < len(l.segments) {
		limit = l.segments[i+1].id.first
	}
	return limit, s.size, nil
}

// leave leaves the segment for the next one, which begins with number limit.
func (r *Reader) leave(limit uint64) {
	if r.next < limit {
		r.log.missing.add(r.next, limit)
		r.next = limit
	}
	r.segment = nil
}

// signal is a channel that is closed to wake all who wait for it.
type signal chan struct{}

// broadcast closes the channel, and replaces it.
func (s *signal) broadcast() {
	close(*s)
	*s = make(signal)
}
