package writesyncers

import (
	"fmt"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// buffer holds whole records until they are written together. It is owned by the sink's mu.
//
// What cannot be written stays: a full disk costs nothing until the buffer is full, and then Write refuses records. When
// the disk took half a record, the rest follows, provided that nobody else wrote in between; else the record is written
// again, whole, on a line of its own.
type buffer struct {
	size  int // of b, at most
	every time.Duration
	timer *time.Timer // runs from the first record in an empty buffer on

	b       []byte
	easy    int      // while b is shorter than this, adding a record is all there is to do; 0: there may be more
	ends    []int    // of the records in b
	partial int      // bytes of the first record that are in the file already
	into    *logFile // which file
}

// defaultFlushEvery is how long a record stays in the buffer.
const defaultFlushEvery = time.Second

// start sets up the timer. It is called once the sink exists.
func (b *buffer) start(s *sink) {
	b.b = make([]byte, 0, b.size)
	if b.every > 0 {
		b.timer = time.AfterFunc(time.Hour, func() { s.flushOnTime() })
		b.timer.Stop()
	}
}

// add takes one record, if that is all there is to do.
func (b *buffer) add(p []byte) bool {
	end := len(b.b) + len(p)
	if end >= b.easy {
		return false
	}
	b.b, b.ends = append(b.b, p...), append(b.ends, end)
	return true
}

// bufferLocked takes one record.
func (s *sink) bufferLocked(p []byte) error {
	b := s.buffer
	if err := s.readyLocked(len(p)); err != nil {
		return err
	}
	if len(b.b)+len(p) > b.size {
		if err := s.flushLocked(); err != nil {
			return err
		}
	}
	if len(b.b) == 0 && b.timer != nil {
		b.timer.Reset(b.every)
	}
	b.b, b.ends = append(b.b, p...), append(b.ends, len(b.b)+len(p))
	if len(b.b) >= b.size { // a record that is larger than all of it
		return s.flushLargeLocked()
	}
	if s.fsync < FsyncInterval {
		b.easy = int(max(0, min(int64(b.size), s.mark-s.file.size)))
	}
	return nil
}

// flushLargeLocked writes a buffer that is over its size because of its only record. If that fails the record is refused:
// its Write returns the error, and the buffer stays within its bound.
func (s *sink) flushLargeLocked() error {
	err := s.flushLocked()
	if b := s.buffer; err != nil && len(b.b) > b.size {
		b.dropLast()
	}
	if cap(s.buffer.b) > 2*s.buffer.size {
		s.buffer.b = append(make([]byte, 0, s.buffer.size), s.buffer.b...)
	}
	return err
}

func (b *buffer) dropLast() {
	b.ends = b.ends[:len(b.ends)-1]
	last := 0
	if len(b.ends) > 0 {
		last = b.ends[len(b.ends)-1]
	}
	b.b, b.partial = b.b[:last], min(b.partial, last)
}

// flushLocked writes what is in the buffer. After an error the records that are not written whole stay.
func (s *sink) flushLocked() error {
	b := s.buffer
	if b == nil || len(b.b) == 0 {
		return nil
	}
	b.easy = 0
	if s.file == nil {
		return s.errClosed
	}
	if s.watch != nil {
		if err := s.watchLocked(); err != nil {
			return err
		}
	}
	b.resume(s.file)
	into := s.file
	n, err := s.putLocked(b.b[b.partial:], len(b.ends))
	s.stats.Bytes += uint64(n)
	s.stats.Delivered += uint64(b.written(b.partial+n, into))
	return err
}

// resume decides whether a record of which a part is written can be continued.
func (b *buffer) resume(file *logFile) {
	if b.partial == 0 {
		return
	}
	if b.into == file && file.ours() {
		file.torn = false
		return
	}
	b.partial = 0
}

// written drops the records within the first n bytes, and returns how many they are.
func (b *buffer) written(n int, into *logFile) int {
	if n == len(b.b) {
		done := len(b.ends)
		b.b, b.ends, b.partial, b.into = b.b[:0], b.ends[:0], 0, nil
		return done
	}
	done := whole(b.ends, n)
	start := 0
	if done > 0 {
		start = b.ends[done-1]
	}
	b.b = b.b[:copy(b.b, b.b[start:])]
	b.ends = b.ends[:copy(b.ends, b.ends[done:])]
	for i := range b.ends {
		b.ends[i] -= start
	}
	b.partial, b.into = n-start, into
	return done
}

// flushOnTime is what the timer does. A refusal is noted, and the timer set again.
func (s *sink) flushOnTime() {
	s.mu.Lock()
	defer s.unlock()
	if s.closed || s.file == nil {
		return
	}
	err := s.flushLocked()
	s.troubles.note("flush "+s.path, err)
	if err != nil {
		s.buffer.timer.Reset(s.buffer.every)
	}
}

// closeLocked writes what is left, for the last time. What is refused is lost, and counted.
func (b *buffer) closeLocked(s *sink) error {
	if b.timer != nil {
		b.timer.Stop()
	}
	err := s.flushLocked()
	left := uint64(len(b.ends))
	if left == 0 {
		return err
	}
	s.stats.Dropped += left
	b.b, b.ends = nil, nil
	return &base.LostError{Records: left, Err: err}
}

// makeBuffer looks at what a Config says about the buffer, and makes it.
func (o *options) makeBuffer(size int, every time.Duration) error {
	switch {
	case size < 0:
		return fmt.Errorf("writesyncers: Buffer %d is negative", size)
	case size == 0:
		return nil
	case o.fsync == FsyncEach:
		return fmt.Errorf("writesyncers: Buffer and Fsync FsyncEach exclude each other")
	}
	if every == 0 {
		every = defaultFlushEvery
	}
	o.buffer = &buffer{size: size, every: every}
	return nil
}
