package writer

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	base "example.com/zaphandlers/zapcore"
	"go.uber.org/multierr"
)

// strategy decides which file a record goes into. All methods but stop are called under the Writer's lock.
type strategy interface {
	// opened tells of the file that is written to from now on. It returns the size from which on before is asked.
	opened(f *appendfile.File) (limit int64)
	// begin is called once the first file is open, and may put another in its place.
	begin()
	// before is asked before a record of n bytes that would take the file to the limit or beyond it. An error refuses the record.
	before(n int) error
	// flushing is asked before the buffer is written.
	flushing() error
	// wrote tells of what was written to the file, if it wants to be told. An error says that it may be lost.
	wrote(p []byte, records int) error
	// failed tells of an error of writing.
	failed(err error)
	// look finds out whether the path leads elsewhere, and follows.
	look() error
	// stop ends timers. It is called once, at Close.
	stop()
}

// Writer is one open file under one lock. It is safe for concurrent use.
type Writer struct {
	cfg       Config
	errClosed error
	strategy  strategy
	verify    bool // the strategy wants to be told what was written
	buffer    *buffer
	committer *committer
	counts    counts
	nesting   base.Nesting                    // of Encode
	closing   atomic.Bool                     // Close was called
	syncs     chan struct{}                   // has a value for each call of Sync
	pipe      atomic.Pointer[appendfile.File] // the file in use, if it may hold up a Write for ever

	mu     sync.Mutex       // guards the fields below
	file   *appendfile.File // nil until it is opened, and after Close
	opened bool             // Flags have had their effect: from now on opening is appending
	broken error            // of writing, after which the next record looks whether another file is to be had; nil: none
	limit  int64            // the size from which on the strategy wants to be asked
	left   error            // why a file that is not used any more is not on the disk: whose records wait for that are to hear it
	later  func()           // what is left for whoever unlocks
}

// counts are read without the lock, and written under it.
type counts struct {
	delivered, bytes, refused, dropped, pending, opens, repeated atomic.Uint64

	unsafe atomic.Uint64 // of delivered, which numbers records, those whose Write has returned the error of their fsync
}

// New makes a Writer and, unless that is put off, opens its file.
func New(cfg Config) (*Writer, error) {
	w := &Writer{cfg: cfg, limit: math.MaxInt64, errClosed: fmt.Errorf("writesyncers: %s: %w", cfg.Path, base.ErrClosed)}
	w.committer, w.syncs = newCommitter(w), make(chan struct{}, maxSyncs)
	w.buffer = newBuffer(w)
	switch {
	case cfg.Watch != nil:
		w.strategy = newWatch(w)
		w.verify = true
	case cfg.Rotation != nil:
		w.strategy = newRotate(w)
	default:
		w.strategy = none{}
	}
	w.mu.Lock()
	var err error
	if !cfg.Delay {
		err = w.first()
	}
	w.unlock()
	if err != nil {
		return nil, multierr.Append(err, w.Close())
	}
	return w, nil
}

// Write writes p as one record. It returns len(p), or an error with what reached the file.
func (w *Writer) Write(p []byte) (int, error) {
	if w.cfg.Encode != nil {
		return writeEncoded(w, p)
	}
	if w.closing.Load() {
		return 0, w.refuse(1)
	}
	w.mu.Lock()
	if w.buffer != nil && w.buffer.add(p) {
		w.mu.Unlock()
		return len(p), nil
	}
	n, number, err := w.writeAndUnlock(p)
	if err == nil && w.cfg.Sync >= SyncInterval {
		err = w.committer.durable(number, 1)
	}
	return n, err
}

// refuse counts records that come after Close.
func (w *Writer) refuse(records int) error {
	w.counts.refused.Add(uint64(records))
	return w.errClosed
}

// writeAndUnlock is called with the lock and releases it, even if a hook panics or ends the goroutine (runtime.Goexit). It also returns
// the number of the record.
func (w *Writer) writeAndUnlock(p []byte) (n int, number uint64, err error) {
	defer w.unlock()
	if w.buffer != nil {
		if err := w.buffer.take(p); err != nil {
			w.counts.refused.Add(1)
			return 0, 0, err
		}
		return len(p), 0, nil
	}
	if err = w.ready(len(p)); err == nil {
		n, err = w.put(p, 1)
	}
	if n > 0 {
		w.counts.bytes.Add(uint64(n))
	}
	if err != nil {
		w.counts.refused.Add(1)
		return n, 0, err
	}
	return n, w.counts.delivered.Add(1), nil
}

// WriteRecords writes the records that lie end to end in b, by as few calls to the system as rotation allows. The records of other
// callers may come between two of them.
func (w *Writer) WriteRecords(b []byte, ends []int) (int, error) {
	if w.cfg.Encode != nil {
		return writeRecordsEncoded(w, b, ends)
	}
	return w.writeAll(b, ends)
}

func (w *Writer) writeAll(b []byte, ends []int) (int, error) {
	done, start := 0, 0
	for done < len(ends) {
		n, err := w.writeSome(b[start:], ends[done:], start)
		if err == nil && w.cfg.Sync >= SyncInterval {
			if err = w.committer.durable(w.counts.delivered.Load(), n); err != nil {
				w.counts.refused.Add(uint64(len(ends) - done - n))
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

// writeSome writes as many records as the file has room for, at least one. b begins where the batch's offset start is.
func (w *Writer) writeSome(b []byte, ends []int, start int) (int, error) {
	if w.closing.Load() {
		return 0, w.refuse(len(ends))
	}
	w.mu.Lock()
	defer w.unlock()
	if w.buffer != nil {
		return w.buffer.takeSome(b, ends, start)
	}
	if err := w.ready(ends[0] - start); err != nil {
		w.counts.refused.Add(uint64(len(ends)))
		return 0, err
	}
	fit := w.fit(ends, start)
	n, err := w.put(b[:ends[fit-1]-start], fit)
	w.counts.bytes.Add(uint64(n))
	if err != nil {
		fit = Whole(ends[:fit], start+n)
		w.counts.refused.Add(uint64(len(ends) - fit))
	}
	w.counts.delivered.Add(uint64(fit))
	return fit, err
}

// fit counts the records that can be written before the strategy has to be asked again. The first has been asked for.
func (w *Writer) fit(ends []int, start int) int {
	fit := 1
	for fit < len(ends) && w.file.Size()+int64(ends[fit]-start) < w.limit {
		fit++
	}
	return fit
}

// Whole counts the records that end within the first n bytes.
func Whole(ends []int, n int) int {
	done := 0
	for done < len(ends) && ends[done] <= n {
		done++
	}
	return done
}

// ready sees to it that there is a file which may take a record of n bytes.
func (w *Writer) ready(n int) error {
	if w.file == nil {
		if err := w.first(); err != nil {
			return err
		}
	}
	if w.broken != nil {
		if err := reconnect(w); err != nil {
			return err
		}
	}
	if w.size()+int64(n) >= w.limit {
		if err := w.strategy.before(n); err != nil {
			return err
		}
		if w.file == nil { // closed for the sake of a rename, and not to be opened again: Windows
			return w.open()
		}
	}
	return nil
}

// put writes whole records to the file. What was written to a file that nobody can find counts as not written.
func (w *Writer) put(p []byte, records int) (int, error) {
	n, err := w.file.Write(p)
	if err != nil {
		noteFailed(w, err)
	}
	if w.verify && err == nil {
		if err := w.strategy.wrote(p, records); err != nil {
			return 0, err
		}
	}
	return n, err
}

// size returns the size of the file, with what will go into it from the buffer.
func (w *Writer) size() int64 {
	if w.buffer != nil {
		return w.file.Size() + int64(len(w.buffer.b))
	}
	return w.file.Size()
}

// unlock releases the lock and then does what the call left to be done without it.
func (w *Writer) unlock() {
	later := w.later
	w.later = nil
	w.mu.Unlock()
	if later != nil {
		later()
	}
	if w.cfg.Report.Pending() {
		w.cfg.Report.Tell()
	}
}

// none is the strategy of a file that stays.
type none struct{}

func (none) opened(*appendfile.File) int64 { return math.MaxInt64 }
func (none) begin()                        {}
func (none) before(int) error              { return nil }
func (none) flushing() error               { return nil }
func (none) wrote([]byte, int) error       { return nil }
func (none) failed(error)                  {}
func (none) look() error                   { return nil }
func (none) stop()                         {}
