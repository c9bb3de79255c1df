package writesyncers

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/writer"
	base "example.com/zaphandlers/zapcore"
)

// Stream writes records to an io.Writer that somebody else owns: standard error, standard output, a buffer, a pipe. It is
// Python's logging.StreamHandler; the terminator is zap's EncoderConfig.LineEnding. It is safe for concurrent use: the
// writer gets one Write at a time.
//
// When the reader of standard output or standard error has gone, the next write ends the process (SIGPIPE): that is Go's rule. After
// signal.Ignore(syscall.SIGPIPE) Write returns an error instead.
//
// A Write takes as long as the writer's Write does: a pipe whose reader has stopped blocks it, and all later Writes. Stats does not
// wait for it; Sync, SetStream and Close wait 5 s, and then return an error that wraps [os.ErrDeadlineExceeded].
type Stream struct {
	delivered, refused, bytes atomic.Uint64
	closed                    atomic.Bool

	mu    sync.Mutex // guards the fields below
	w     io.Writer
	flush func() error // nil if w has nothing to flush
	torn  bool         // the last line is only partly written

	several bool // w writes to several others: after an error some of them may have the record
}

// streamWait is how long Sync, SetStream and Close wait for a writer that does not return.
const streamWait = 5 * time.Second

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
	s.w, s.flush, s.torn, s.several = w, flusher(w), false, base.Several(w)
}

// flusher returns what Sync has to call for w: nil for a terminal or a pipe, where fsync is an error (zap issue 370).
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
	case interface{ Flush() }:
		return func() error { w.Flush(); return nil }
	}
	return nil
}

// SetStream flushes the old writer and replaces it by w (nil: standard error). It returns the old writer, or nil if that is w
// already (Python: setStream). The error is from the flush; the writer is replaced all the same. If a Write under way takes longer
// than 5 s, SetStream returns no old writer and an error, and the writer is replaced when that Write ends.
func (s *Stream) SetStream(w io.Writer) (old io.Writer, err error) {
	if w == nil {
		w = os.Stderr
	}
	was := make(chan io.Writer, 1)
	err = writer.Within(streamWait, "set stream", func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if same(s.w, w) {
			was <- nil
			return nil
		}
		old, err := s.w, s.syncLocked()
		s.setLocked(w)
		was <- old
		return err
	})
	select {
	case old = <-was:
	default:
	}
	return old, err
}

// same compares two writers. Writers of a type that cannot be compared are never the same.
func same(a, b io.Writer) (equal bool) {
	defer func() { _ = recover() }()
	return a == b
}

// Write writes one record.
func (s *Stream) Write(p []byte) (int, error) {
	n, _, err := s.write(p)
	if err != nil {
		s.refused.Add(1)
		return n, err
	}
	s.delivered.Add(1)
	return n, nil
}

// WriteRecords writes the records of b at once; see [base.RecordWriter]. If the writer writes to several others (io.MultiWriter), records
// that it refuses are rejected for good: a second attempt would write them twice to those that already have them.
func (s *Stream) WriteRecords(b []byte, ends []int) (int, error) {
	n, several, err := s.write(b)
	done := len(ends)
	if err != nil {
		done = writer.Whole(ends, n)
		s.refused.Add(uint64(len(ends) - done))
	}
	s.delivered.Add(uint64(done))
	if !several || done == len(ends) {
		return done, err
	}
	var said base.Verdicts
	for i := done; i < len(ends); i++ {
		said.Reject(i, err)
	}
	return len(ends), said.With(nil)
}

// write writes p, after the end of a torn line if there is one, and turns a panic of the writer into an error. several says that the
// writer writes to several others.
func (s *Stream) write(p []byte) (n int, several bool, err error) {
	if s.closed.Load() {
		return 0, false, errStreamClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	several = s.several
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("writesyncers: stream: panic: %v", r)
		}
	}()
	if s.closed.Load() {
		return 0, false, errStreamClosed
	}
	if s.torn && len(p) > 0 && p[len(p)-1] == '\n' {
		if _, err = s.putLocked(lineEnd); err != nil {
			return 0, several, err
		}
	}
	n, err = s.putLocked(p)
	return n, several, err
}

// lineEnd ends a torn line.
var lineEnd = []byte{'\n'}

// putLocked calls the writer, and notes whether it leaves a torn line.
func (s *Stream) putLocked(p []byte) (n int, err error) {
	n, err = s.w.Write(p)
	n = min(max(n, 0), len(p))
	s.bytes.Add(uint64(n))
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if n > 0 {
		s.torn = err != nil && p[n-1] != '\n'
	}
	if err != nil {
		return n, fmt.Errorf("writesyncers: stream: %w", err)
	}
	return n, nil
}

var errStreamClosed = fmt.Errorf("writesyncers: stream: %w", ErrClosed)

// Sync calls the writer's Sync or, if it has none, its Flush (Python: flush). For a terminal or a pipe it does nothing and
// returns nil.
func (s *Stream) Sync() error {
	if s.closed.Load() {
		return errStreamClosed
	}
	return s.sync("sync stream")
}

func (s *Stream) sync(what string) error {
	start := time.Now()
	if !base.LockWithin(&s.mu, streamWait) {
		return fmt.Errorf("writesyncers: %s: a write does not come to an end: %w", what, os.ErrDeadlineExceeded)
	}
	return writer.Within(streamWait-time.Since(start), what, func() error {
		defer s.mu.Unlock()
		return s.syncLocked()
	})
}

func (s *Stream) syncLocked() error {
	if s.flush == nil {
		return nil
	}
	if err := guard(s.flush); err != nil {
		return fmt.Errorf("writesyncers: stream: %w", err)
	}
	return nil
}

// Close flushes the stream; later Writes return an error that wraps [ErrClosed]. The writer stays open: it belongs to whoever
// opened it. A second Close does nothing.
func (s *Stream) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	return s.sync("close stream")
}

// Stats returns the counters. It does not wait for a Write that is under way.
func (s *Stream) Stats() Stats {
	n := s.delivered.Load()
	return Stats{Stats: base.Stats{Accepted: n, Delivered: n, Refused: s.refused.Load()}, Bytes: s.bytes.Load()}
}
