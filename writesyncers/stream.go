package writesyncers

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// Stream writes records to an io.Writer that somebody else owns: standard error, standard output, a buffer, a pipe. It is
// Python's logging.StreamHandler; the terminator is zap's EncoderConfig.LineEnding. It is safe for concurrent use: the
// writer gets one Write at a time.
type Stream struct {
	mu     sync.Mutex // guards the fields below
	w      io.Writer
	flush  func() error // nil where w has nothing to flush
	closed bool
	stats  Stats
}

// NewStream returns a Stream that writes to w; nil is standard error.
func NewStream(w io.Writer) *Stream {
	s := &Stream{}
	s.setLocked(w)
	return s
}

func (s *Stream) setLocked(w io.Writer) {
	if w == nil {
		w = os.Stderr
	}
	s.w, s.flush = w, flusher(w)
}

// flusher returns what Sync has to call for w: nothing for a terminal or a pipe, which know no fsync and would answer
// with an error (zap issue 370).
func flusher(w io.Writer) func() error {
	switch w := w.(type) {
	case *os.File:
		if info, err := w.Stat(); err != nil || !info.Mode().IsRegular() {
			return nil
		}
		return w.Sync
	case interface{ Sync() error }:
		return w.Sync
	case interface{ Flush() error }:
		return w.Flush
	}
	return nil
}

// SetStream flushes the stream and puts w (nil: standard error) in its place. It returns the writer that was used until
// now, or nil if that is w already (Python's setStream). The error is that of the flush; the change is made all the same.
func (s *Stream) SetStream(w io.Writer) (old io.Writer, err error) {
	if w == nil {
		w = os.Stderr
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if same(s.w, w) {
		return nil, nil
	}
	old, err = s.w, s.syncLocked()
	s.setLocked(w)
	return old, err
}

// same compares two writers; those whose type knows no == are never the same.
func same(a, b io.Writer) (equal bool) {
	defer func() { _ = recover() }()
	return a == b
}

// Write writes one record.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.writeLocked(p)
	if err != nil {
		s.stats.Refused++
		return n, err
	}
	s.stats.Delivered++
	return n, nil
}

// WriteRecords writes the records of b at once; see [base.RecordWriter].
func (s *Stream) WriteRecords(b []byte, ends []int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.writeLocked(b)
	done := len(ends)
	if err != nil {
		done = whole(ends, n)
		s.stats.Refused += uint64(len(ends) - done)
	}
	s.stats.Delivered += uint64(done)
	return done, err
}

func (s *Stream) writeLocked(p []byte) (int, error) {
	if s.closed {
		return 0, errStreamClosed
	}
	n, err := s.w.Write(p)
	s.stats.Bytes += uint64(max(n, 0))
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return n, fmt.Errorf("writesyncers: stream: %w", err)
	}
	return n, nil
}

var errStreamClosed = fmt.Errorf("writesyncers: stream: %w", ErrClosed)

// Sync calls the writer's Sync, or else its Flush, if it has one (Python: flush). For a terminal or a pipe it does nothing and
// returns nil.
func (s *Stream) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errStreamClosed
	}
	return s.syncLocked()
}

func (s *Stream) syncLocked() error {
	if s.flush == nil {
		return nil
	}
	if err := s.flush(); err != nil {
		return fmt.Errorf("writesyncers: stream: %w", err)
	}
	return nil
}

// Close flushes the stream and refuses what comes later. The writer stays open: it belongs to whoever opened it. A second
// Close does nothing.
func (s *Stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.syncLocked()
}

// Stats returns the counters.
func (s *Stream) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.summed()
}

// whole counts the records that end within the first n bytes.
func whole(ends []int, n int) int {
	done := 0
	for done < len(ends) && ends[done] <= n {
		done++
	}
	return done
}
