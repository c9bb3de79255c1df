package writer

import (
	"fmt"
	"slices"
	"sync"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

// encoded is a batch after Encode. Records that Encode has refused are left out.
type encoded struct {
	b       []byte // the records, end to end
	ends    []int  // where they end
	members []int  // their indexes in the batch
}

var encodedPool = sync.Pool{New: func() any { return new(encoded) }}

// maxPooled is the largest buffer that goes back to the pool, so that one huge record does not occupy its memory for ever.
const maxPooled = 1 << 20

func newEncoded() *encoded {
	e := encodedPool.Get().(*encoded)
	e.b, e.ends, e.members = e.b[:0], e.ends[:0], e.members[:0]
	return e
}

func (e *encoded) free() {
	if cap(e.b) <= maxPooled {
		encodedPool.Put(e)
	}
}

// add encodes one more record. Encode is the user's code: its panic becomes an error. Its dst is empty, and does not hold the records
// before, so that an Encode which does not append loses none of them.
func (e *encoded) add(encode func(dst, src []byte) ([]byte, error), record []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("writesyncers: Encode: panic: %v", r)
		}
	}()
	dst := e.b[len(e.b):]
	b, err := encode(dst, record)
	switch {
	case err != nil:
		return fmt.Errorf("writesyncers: Encode: %w", err)
	case len(b) > 0 && cap(dst) > 0 && &b[0] == &dst[:1][0]:
		e.b = e.b[:len(e.b)+len(b)] // encoded in place
	default:
		e.b = append(e.b, b...)
	}
	e.ends = append(e.ends, len(e.b))
	return nil
}

// encode adds one more record to e. It returns an error if Encode logs to its own file, and so calls itself, too often.
func encode(w *Writer, e *encoded, record []byte) error {
	if err := w.nesting.Enter(); err != nil {
		return fmt.Errorf("writesyncers: Encode: %w", err)
	}
	defer w.nesting.Leave() // also if the hook ends the goroutine
	return e.add(w.cfg.Encode, record)
}

// writeEncoded is Write through Encode. After an error it returns 0, because bytes of the file are not bytes of p. If Encode refuses a
// record, the buffer is flushed: the record may be a Fatal, after whose error zap calls no Sync.
func writeEncoded(w *Writer, p []byte) (int, error) {
	if w.closing.Load() {
		return 0, w.refuse(1)
	}
	e := newEncoded()
	defer e.free()
	err := encode(w, e, p)
	var number uint64
	w.mu.Lock()
	if err != nil {
		w.counts.refused.Add(1)
		_ = w.buffer.flush() // if that fails, the timer or the next record will return the error
		w.unlock()
	} else {
		_, number, err = w.writeAndUnlock(e.b)
	}
	if err == nil && w.cfg.Sync >= SyncInterval {
		err = w.committer.durable(number, 1)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeRecordsEncoded is WriteRecords through Encode. A record that Encode refuses is rejected for good: tried again, it would hold up
// those behind it.
func writeRecordsEncoded(w *Writer, b []byte, ends []int) (int, error) {
	if w.closing.Load() {
		return 0, w.refuse(len(ends))
	}
	e := newEncoded()
	defer e.free()
	var rejected *base.RejectedError
	start := 0
	for i, end := range ends {
		if err := encode(w, e, b[start:end]); err == nil {
			e.members = append(e.members, i)
		} else if rejected == nil {
			rejected = &base.RejectedError{Indexes: []int{i}, Err: err}
		} else {
			rejected.Indexes = append(rejected.Indexes, i)
		}
		start = end
	}
	w.counts.refused.Add(uint64(len(ends) - len(e.ends)))
	written, err := w.writeAll(e.b, e.ends)
	done := len(ends)
	if written < len(e.members) {
		done = e.members[written]
	}
	return done, multierr.Append(upTo(done, rejected), err)
}

// upTo returns a RejectedError for those of the first n records that were rejected, or nil if none was.
func upTo(n int, rejected *base.RejectedError) error {
	if rejected == nil || rejected.Indexes[0] >= n {
		return nil
	}
	first, _ := slices.BinarySearch(rejected.Indexes, n)
	rejected.Indexes = rejected.Indexes[:first]
	return rejected
}
