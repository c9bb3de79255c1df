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

// add encodes one more record. Encode is the user's code: its panic is an error, and it sees nothing of the records before, so that one
// that does not append to what it gets loses none of them.
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
		e.b = e.b[:len(e.b)+len(b)] // it is in its place already
	default:
		e.b = append(e.b, b...)
	}
	e.ends = append(e.ends, len(e.b))
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
	if err != nil {
		w.counts.refused.Add(1)
	} else {
		w.mu.Lock()
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
