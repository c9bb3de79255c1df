package writer

import (
	"fmt"
	"sync"
)

// encoded is what Encode made of a batch: records end to end, and where they end.
type encoded struct {
	b    []byte
	ends []int
}

var encodedPool = sync.Pool{New: func() any { return new(encoded) }}

// maxPooled is the largest buffer that goes back to the pool: one huge record must not occupy its memory for ever.
const maxPooled = 1 << 20

func newEncoded() *encoded {
	e := encodedPool.Get().(*encoded)
	e.b, e.ends = e.b[:0], e.ends[:0]
	return e
}

func (e *encoded) free() {
	if cap(e.b) <= maxPooled {
		encodedPool.Put(e)
	}
}

// add encodes one more record. Encode is the user's code: its panic is an error.
func (e *encoded) add(encode func(dst, src []byte) ([]byte, error), record []byte) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("writesyncers: Encode: panic: %v", r)
		}
	}()
	b, err := encode(e.b, record)
	if err != nil {
		return fmt.Errorf("writesyncers: Encode: %w", err)
	}
	e.b, e.ends = b, append(e.ends, len(b))
	return nil
}

// writeEncoded is Write through Encode. The file's bytes are not the caller's, so a failure counts none of them.
func writeEncoded(w *Writer, p []byte) (int, error) {
	if w.closing.Load() {
		return 0, w.refuse(1)
	}
	e := newEncoded()
	defer e.free()
	err := e.add(w.cfg.Encode, p)
	var number uint64
	w.mu.Lock()
	if err != nil {
		w.counts.refused.Add(1)
	} else {
		_, number, err = w.writeLocked(e.b)
	}
	w.unlock()
	if err == nil && w.cfg.Sync >= SyncInterval {
		err = w.committer.durable(number)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeRecordsEncoded is WriteRecords through Encode. A record that Encode refuses ends the batch before it.
func writeRecordsEncoded(w *Writer, b []byte, ends []int) (int, error) {
	e := newEncoded()
	defer e.free()
	var refusal error
	start := 0
	for _, end := range ends {
		if refusal = e.add(w.cfg.Encode, b[start:end]); refusal != nil {
			break
		}
		start = end
	}
	done, err := w.writeAll(e.b, e.ends)
	if refused := len(ends) - len(e.ends); refused > 0 {
		w.counts.refused.Add(uint64(refused))
	}
	if err != nil {
		return done, err
	}
	return done, refusal
}
