package writer

import (
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	base "example.com/zaphandlers/zapcore"
)

// buffer holds whole records until they are written together. Its Writer's mu guards it.
//
// What cannot be written stays: a full disk costs nothing until the buffer is full, and then Write refuses records. When the disk
// took half a record, the rest follows, provided that nobody else wrote in between; else the record is written again, whole, on a
// line of its own.
type buffer struct {
	w     *Writer
	size  int         // of b, at most
	timer *time.Timer // runs from the first record in an empty buffer on; nil: nothing is written because of its age

	b       []byte
	easy    int              // while b is shorter than this, adding a record is all there is to do; 0: there may be more
	ends    []int            // of the records in b
	partial int              // bytes of the first record that are in the file already
	into    *appendfile.File // which file
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

// add takes one record, if that is all there is to do.
func (b *buffer) add(p []byte) bool {
	end := len(b.b) + len(p)
	if end >= b.easy {
		return false
	}
	b.b, b.ends = append(b.b, p...), append(b.ends, end)
	return true
}

// take takes one record.
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
	if len(b.b) >= b.size { // full, or larger than that because of a record that is
		return b.flushFull()
	}
	if w.cfg.Sync < SyncInterval {
		b.easy = int(max(0, min(int64(b.size), w.limit-w.file.Size())))
	}
	return nil
}

// takeSome takes the records of a batch, up to a rollover. b begins where the batch's offset start is.
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

// flushFull writes a buffer that is full, or over its size because of its only record. If that fails a record that it has room for
// stays, as any other does, and the error is the next one's to hear; a larger one is refused: its Write returns the error, and the
// buffer stays within its bound.
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

// flush writes what is in the buffer. After an error the records that are not written whole stay. b may be nil.
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

// resume decides whether a record of which a part is written can be continued.
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

// written drops the records within the first n bytes, and returns how many they are.
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

// onTime is what the timer does. A refusal is noted, and the timer set again.
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

// close writes what is left, for the last time. What is refused is lost, and counted. b may be nil.
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
