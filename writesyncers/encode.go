package writesyncers

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
func (s *sink) writeEncoded(p []byte) (int, error) {
	e := encodedPool.Get().(*encoded)
	defer e.free()
	e.b, e.ends = e.b[:0], e.ends[:0]
	err := e.add(s.encode, p)
	s.mu.Lock()
	if err != nil {
		s.stats.Refused++
	} else {
		_, err = s.writeLocked(e.b)
	}
	number := s.stats.Delivered
	s.unlock()
	if err == nil && s.fsync >= FsyncInterval {
		err = s.durable(number)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeRecordsEncoded is WriteRecords through Encode. A record that Encode refuses ends the batch before it.
func (s *sink) writeRecordsEncoded(b []byte, ends []int) (int, error) {
	e := encodedPool.Get().(*encoded)
	defer e.free()
	e.b, e.ends = e.b[:0], e.ends[:0]
	var refusal error
	start := 0
	for _, end := range ends {
		if refusal = e.add(s.encode, b[start:end]); refusal != nil {
			break
		}
		start = end
	}
	done, err := s.writeAll(e.b, e.ends)
	if err != nil {
		return done, err
	}
	if refusal != nil {
		s.mu.Lock()
		s.stats.Refused += uint64(len(ends) - done)
		s.unlock()
	}
	return done, refusal
}
