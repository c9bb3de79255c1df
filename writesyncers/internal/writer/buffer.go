package writer

import (
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	base "example.com/zaphandlers/zapcore"
)

// buffer holds whole records until they are written together. Its Writer's mu guards it.
//
// Records that cannot be written stay: a full disk costs nothing until the buffer is full, and then Write refuses records. If the disk
// has taken half a record, the rest follows, provided that nobody else has written in between; else the record is written again,
// whole, on a new line.
type buffer struct {
	w     *Writer
	size  int         // the largest b
	timer *time.Timer // flushes FlushEvery after the first record in an empty buffer; nil: age flushes nothing

	b       []byte
	easy    int              // while b stays shorter, adding a record needs nothing else; 0: it may need more
	ends    []int            // of the records in b
	partial int              // bytes of the first record that are in the file already
	into    *appendfile.File // the file that has them
}

// newBuffer returns the buffer of a Writer, or nil if it has none.
func newBuffer(w *Writer) *buffer {
	if w.cfg.Buffer == 0 {
		return nil
	}
	b := &buffer{w: w, size: w.cfg.Buffer, b: make([]byte, 0, w.cfg.Buffer)}
	if w.cfg.FlushEvery > 0 {
		b.timer = time.AfterFunc(time.Hour, b.onTime)
		b.timer.Stop()
	}
	return b
}

// add adds one record if nothing else is to be done, and reports whether it has.
func (b *buffer) add(p []byte) bool {
	end := len(b.b) + len(p)
	if end >= b.easy {
		return false
	}
	b.b, b.ends = append(b.b, p...), append(b.ends, end)
	return true
}

// take adds one record, and flushes, rolls over or sets the timer if necessary.
func (b *buffer) take(p []byte) error {
	w := b.w
	if err := w.ready(len(p)); err != nil {
		return err
	}
	if len(b.b)+len(p) > b.size {
		if err := b.flush(); err != nil {
			return err
		}
	}
	if len(b.ends) == 0 && b.timer != nil {
		b.timer.Reset(w.cfg.FlushEvery)
	}
	b.b, b.ends = append(b.b, p...), append(b.ends, len(b.b)+len(p))
	if len(b.b) >= b.size { // larger only because of a single large record
		return b.flushFull()
	}
	if w.cfg.Sync < SyncInterval {
		b.easy = int(max(0, min(int64(b.size), w.limit-w.file.Size())))
	}
	return nil
}

// takeSome adds the records of a batch, up to a rollover. batch begins at offset start of the whole batch; ends are offsets in the whole.
func (b *buffer) takeSome(batch []byte, ends []int, start int) (int, error) {
	first := start
	for i, end := range ends {
		if err := b.take(batch[start-first : end-first]); err != nil {
			b.w.counts.refused.Add(uint64(len(ends) - i))
			return i, err
		}
		if start = end; b.w.later != nil {
			return i + 1, nil
		}
	}
	return len(ends), nil
}

// flushFull writes a buffer that is full, or over its size because of its only record. If that fails, a record within the size
// stays like any other, and the next Write returns the error. A larger record is refused: its Write returns the error, and the
// buffer stays within its size.
func (b *buffer) flushFull() error {
	err := b.flush()
	if len(b.b) <= b.size {
		err = nil
	} else {
		b.dropLast()
	}
	if cap(b.b) > 2*b.size {
		b.b = append(make([]byte, 0, b.size), b.b...)
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

// flush writes the buffer. After an error, records that are not written whole stay. b may be nil.
func (b *buffer) flush() error {
	if b == nil || len(b.ends) == 0 {
		return nil
	}
	w := b.w
	b.easy = 0
	w.counts.pending.Store(uint64(len(b.ends)))
	if w.file == nil {
		return w.errClosed
	}
	if err := w.strategy.flushing(); err != nil {
		return err
	}
	if w.broken != nil {
		if err := reconnect(w); err != nil {
			return err
		}
	}
	b.resume(w.file)
	into := w.file
	n, err := w.put(b.b[b.partial:], len(b.ends))
	w.counts.bytes.Add(uint64(n))
	w.counts.delivered.Add(uint64(b.written(b.partial+n, into)))
	w.counts.pending.Store(uint64(len(b.ends)))
	return err
}

// resume decides whether a partly written record can be continued: else partial becomes 0.
func (b *buffer) resume(file *appendfile.File) {
	if b.partial == 0 {
		return
	}
	if b.into == file && file.Unchanged() {
		file.Resume()
		return
	}
	b.partial = 0
}

// written removes the records within the first n bytes, and returns their number.
func (b *buffer) written(n int, into *appendfile.File) int {
	if n == len(b.b) {
		done := len(b.ends)
		b.b, b.ends, b.partial, b.into = b.b[:0], b.ends[:0], 0, nil
		return done
	}
	done := Whole(b.ends, n)
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

// onTime is called by the timer. If the flush fails, that is noted and the timer set again.
func (b *buffer) onTime() {
	w := b.w
	w.mu.Lock()
	defer w.unlock()
	if w.closing.Load() || w.file == nil {
		return
	}
	err := b.flush()
	w.cfg.Report.Note("flush "+w.cfg.Path, err)
	if err != nil {
		b.timer.Reset(w.cfg.FlushEvery)
	}
}

// close flushes for the last time. Records that are refused are lost, and counted as dropped. b may be nil.
func (b *buffer) close() error {
	if b == nil {
		return nil
	}
	if b.timer != nil {
		b.timer.Stop()
	}
	err := b.flush()
	left := uint64(len(b.ends))
	if left == 0 {
		return err
	}
	b.w.counts.dropped.Add(left)
	b.w.counts.pending.Store(0)
	b.b, b.ends, b.easy = nil, nil, 0
	return &base.LostError{Records: left, Err: err}
}
