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
	// opened is called when f becomes the file in use. It returns the size from which on records are shown to before.
	opened(f *appendfile.File) (limit int64)
	// begin is called once, when the first file is open. It may replace that file.
	begin()
	// before is called before a record of n bytes that would make the file reach the limit. It may replace the file. An error
	// refuses the record.
	before(n int) error
	// flushing is called before the buffer is written. It may replace the file.
	flushing() error
	// wrote is called after records were written, if Writer.verify is set. An error says that they may be lost.
	wrote(p []byte, records int) error
	// failed is called after an error of writing.
	failed(err error)
	// look checks whether the path leads to another file, and opens that.
	look() error
	// stop ends timers. It is called once, at Close.
	stop()
}

// Writer is one open file under one lock. It is safe for concurrent use.
type Writer struct {
	cfg       Config
	errClosed error
	strategy  strategy
	verify    bool // the strategy's wrote is to be called
	buffer    *buffer
	committer *committer
	counts    counts
	nesting   base.Nesting                    // of Encode
	closing   atomic.Bool                     // Close was called
	syncs     chan struct{}                   // has a value for each call of Sync under way
	pipe      atomic.Pointer[appendfile.File] // the file in use, if it is not regular: it may block a Write for ever

	mu      sync.Mutex       // guards the fields below
	file    *appendfile.File // nil until it is opened, and after Close
	opened  bool             // Flags have had their effect: from now on opening is appending
	broken  error            // the last error of writing, if opening the path again may help: the next record tries that
	limit   int64            // the size from which on the strategy is asked
	syncErr error            // why the sync of an earlier file failed; for the next sync of the committer to return
	later   func()           // what unlock has to do without the lock
}

// counts are read without the lock, and written under it.
type counts struct {
	delivered, bytes, refused, dropped, pending, opens, repeated atomic.Uint64

	// unsynced counts the records whose Write returned an error of their fsync. They are in delivered, which numbers the
	// records and so never falls; Counts takes them out.
	unsynced atomic.Uint64
}

// New makes a Writer and opens its file, unless cfg.Delay is set.
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

// Write writes p as one record. It returns len(p), or an error and the number of bytes that reached the file.
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

// writeAndUnlock is called with the lock and releases it, even if a hook panics or ends the goroutine (runtime.Goexit). number is the
// record's, for the committer.
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

// WriteRecords writes the records that lie end to end in b, with as few system calls as rotation allows. Records of other callers may
// come between them. It returns how many it has written.
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

// writeSome writes as many records as the file has room for, at least one. b is the batch from offset start on; ends are
// offsets in the whole batch.
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

// fit counts the records that can be written before the strategy has to be asked again. It was asked about the first.
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

// ready opens a file if there is none, and asks the strategy about a record of n bytes if that is necessary.
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
		if w.file == nil { // on Windows: closed for a rename, and could not be opened again
			return w.open()
		}
	}
	return nil
}

// put writes whole records to the file. Records in a file that nobody can find count as not written.
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

// size returns the size of the file together with the buffer.
func (w *Writer) size() int64 {
	if w.buffer != nil {
		return w.file.Size() + int64(len(w.buffer.b))
	}
	return w.file.Size()
}

// unlock releases the lock, and then does what had to wait for that: later, and OnError.
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
