package writesyncers

import (
	"fmt"
	"math"
	"sync"

	"go.uber.org/multierr"
)

// sink is the writer inside File, WatchedFile, RotatingFile and TimedRotatingFile: one open file under one lock. A roller,
// if it has one, decides when the file gives way to the next; a watcher, when another process has seen to that.
//
// A record's way: encode (the caller's goroutine, no lock), lock, look whether the file has to be changed first (one
// comparison), write, unlock; and then, rarely, what must not happen under the lock: names, hooks and OnError.
type sink struct {
	options
	errClosed error
	troubles  troubles
	roller    *roller // nil: never rotates
	committer committer

	mu       sync.Mutex // guards the fields below
	file     *logFile   // nil until it is opened
	opened   bool       // the Mode has had its effect: from now on opening is appending
	closed   bool
	mark     int64   // the size from which on the roller wants to be asked
	swap     *rolled // a file just rolled out, for whoever unlocks to see to
	prepared bool    // the next file is being opened ahead, or was
	stats    Stats
}

// newSink makes the writer and, unless that is put off, opens its file. The roller may be nil.
func newSink(o options, r *roller) (*sink, error) {
	s := &sink{options: o, roller: r, mark: math.MaxInt64}
	s.errClosed = fmt.Errorf("writesyncers: %s: %w", o.path, ErrClosed)
	s.pathZ = append([]byte(s.path), 0)
	s.troubles.onError = o.onError
	s.committer.init(s)
	if s.buffer != nil {
		s.buffer.start(s)
	}
	if r != nil {
		s.mark = r.mark()
		r.start(s)
	}
	s.mu.Lock()
	if s.shared {
		s.share()
	}
	if o.delay {
		s.unlock()
		return s, nil
	}
	err := s.openLocked()
	if err == nil {
		s.catchUpLocked()
	}
	s.unlock()
	if err != nil {
		return nil, multierr.Append(err, s.Close())
	}
	return s, nil
}

// Write writes p as one record. It returns len(p), or an error with what reached the file.
func (s *sink) Write(p []byte) (int, error) {
	if s.encode != nil {
		return s.writeEncoded(p)
	}
	s.mu.Lock()
	if s.buffer != nil && s.buffer.add(p) {
		s.mu.Unlock()
		return len(p), nil
	}
	n, err := s.writeLocked(p)
	number := s.stats.Delivered
	s.unlock()
	if err == nil && s.fsync >= FsyncInterval {
		err = s.durable(number)
	}
	return n, err
}

func (s *sink) writeLocked(p []byte) (int, error) {
	if s.buffer != nil {
		if err := s.bufferLocked(p); err != nil {
			s.stats.Refused++
			return 0, err
		}
		return len(p), nil
	}
	err := s.readyLocked(len(p))
	n := 0
	if err == nil {
		n, err = s.putLocked(p, 1)
	}
	if err != nil {
		s.stats.Refused++
		s.stats.Bytes += uint64(n)
		return n, err
	}
	s.stats.Delivered++
	s.stats.Bytes += uint64(n)
	return n, nil
}

// WriteRecords writes the records that lie end to end in b, as few calls to the system as rotation allows; see
// [base.RecordWriter]. The records of other callers may come between two of them.
func (s *sink) WriteRecords(b []byte, ends []int) (int, error) {
	if s.encode != nil {
		return s.writeRecordsEncoded(b, ends)
	}
	return s.writeAll(b, ends)
}

func (s *sink) writeAll(b []byte, ends []int) (int, error) {
	done, start := 0, 0
	for done < len(ends) {
		n, err := s.writeSome(b[start:], ends[done:], start)
		if err == nil && s.fsync >= FsyncInterval {
			if err = s.durable(s.written()); err != nil {
				return done, err
			}
		}
		done += n
		if err != nil {
			return done, err
		}
		start = ends[done-1]
	}
	return done, nil
}

func (s *sink) written() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Delivered
}

// writeSome writes as many records as the file has room for, at least one. b begins where the batch's offset start is.
func (s *sink) writeSome(b []byte, ends []int, start int) (int, error) {
	s.mu.Lock()
	defer s.unlock()
	if s.buffer != nil {
		return s.bufferSomeLocked(b, ends, start)
	}
	if err := s.readyLocked(ends[0] - start); err != nil {
		s.stats.Refused += uint64(len(ends))
		return 0, err
	}
	fit := s.fitLocked(ends, start)
	n, err := s.putLocked(b[:ends[fit-1]-start], fit)
	s.stats.Bytes += uint64(n)
	if err != nil {
		fit = whole(ends[:fit], start+n)
		s.stats.Refused += uint64(len(ends) - fit)
	}
	s.stats.Delivered += uint64(fit)
	return fit, err
}

// bufferSomeLocked is writeSome with a buffer, up to a rollover.
func (s *sink) bufferSomeLocked(b []byte, ends []int, start int) (int, error) {
	first := start
	for i, end := range ends {
		if err := s.bufferLocked(b[start-first : end-first]); err != nil {
			s.stats.Refused += uint64(len(ends) - i)
			return i, err
		}
		if start = end; s.swap != nil {
			return i + 1, nil
		}
	}
	return len(ends), nil
}

// fitLocked counts the records that can be written before the roller has to be asked again. The first has been asked for.
func (s *sink) fitLocked(ends []int, start int) int {
	fit := 1
	for fit < len(ends) && s.file.size+int64(ends[fit]-start) < s.mark {
		fit++
	}
	return fit
}

// readyLocked sees to it that there is a file which may take a record of n bytes.
func (s *sink) readyLocked(n int) error {
	if s.file == nil {
		if s.closed {
			return s.errClosed
		}
		if err := s.openLocked(); err != nil {
			return err
		}
		s.catchUpLocked()
	}
	if s.sizeLocked()+int64(n) >= s.mark {
		s.rollIfDueLocked(n)
		if s.file == nil { // closed for the sake of a rename, and not to be opened again: Windows
			return s.openLocked()
		}
	}
	if s.watch != nil && s.buffer == nil {
		return s.watchLocked()
	}
	return nil
}

// sizeLocked returns the size of the file, with what will go into it from the buffer.
func (s *sink) sizeLocked() int64 {
	if s.buffer != nil {
		return s.file.size + int64(len(s.buffer.b))
	}
	return s.file.size
}

// unlock releases the lock and then does what the call left to be done without it.
func (s *sink) unlock() {
	if s.swap == nil {
		s.mu.Unlock()
	} else {
		swap := s.swap
		s.swap = nil
		s.mu.Unlock()
		s.finish(swap)
	}
	if s.troubles.waiting.Load() > 0 {
		s.troubles.say()
	}
}

// Sync writes what is in the Buffer and has the records written so far put on the disk (fsync), unless the Fsync policy is FsyncNever or FsyncOnRotate.
// Writers do not wait for it. For a terminal, a pipe or a file not yet opened it does nothing and returns nil.
func (s *sink) Sync() error {
	s.mu.Lock()
	closed := s.closed
	var err error
	if !closed {
		err = s.flushLocked()
	}
	s.unlock()
	switch {
	case closed:
		return s.errClosed
	case err != nil || s.fsync == FsyncNever || s.fsync == FsyncOnRotate:
		return err
	}
	_, err = s.syncNow()
	return err
}

// Close closes the file; from then on Write returns an error that wraps [ErrClosed]. It waits, at most some seconds,
// for what rollovers have left to be done, and leaves no goroutine and no descriptor. A second Close does nothing.
func (s *sink) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	var err error
	if s.buffer != nil {
		err = s.buffer.closeLocked(s)
	}
	s.closed = true
	file := s.file
	s.file = nil
	s.unlock()
	s.committer.stop()
	if s.watch != nil {
		s.watch.stop()
	}
	if s.roller != nil {
		s.roller.times.stop()
	}
	if file != nil {
		err = multierr.Append(err, file.close())
	}
	if s.roller != nil {
		err = multierr.Append(err, s.roller.close())
	}
	s.troubles.say()
	return err
}

// Stats returns the counters. It waits for a Write that is under way.
func (s *sink) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	if s.buffer != nil {
		stats.Pending = uint64(len(s.buffer.ends))
	}
	stats.Troubles = s.troubles.refused.Load()
	if s.roller != nil {
		stats.Rotations = s.roller.count.Load()
		stats.Compressed = s.roller.compressed.Load()
	}
	return stats.summed()
}
