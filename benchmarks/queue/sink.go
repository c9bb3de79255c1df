package queue

import (
	"bytes"
	"io"
	"os"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
)

// sink is the end of a way. It counts the lines that arrive. It has no Sync: no way pays for an fsync.
type sink struct {
	io.Writer
	lines atomic.Int64
	close func() error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	s.lines.Add(int64(bytes.Count(p[:n], []byte{'\n'})))
	return n, err
}

func discard() (*sink, error) { return &sink{Writer: io.Discard, close: nothing}, nil }

func file() (*sink, error) {
	f, err := os.CreateTemp("", "queue*.log")
	if err != nil {
		return nil, err
	}
	return &sink{Writer: f, close: func() error { return multierr.Append(f.Close(), os.Remove(f.Name())) }}, nil
}

// stalling is a sink that stalls for 5 ms each 2000 lines.
func stalling() (*sink, error) { return &sink{Writer: &staller{}, close: nothing}, nil }

type staller struct{ lines int }

func (h *staller) Write(p []byte) (int, error) {
	h.lines += bytes.Count(p, []byte{'\n'})
	if h.lines >= 2000 {
		h.lines -= 2000
		time.Sleep(5 * time.Millisecond)
	}
	return len(p), nil
}

// step is how often drain looks.
const step = 100 * time.Microsecond

// drain waits for n lines, or until no more come: some ways lose lines.
func (s *sink) drain(n int64) {
	for last, still := int64(-1), 0; s.lines.Load() < n && still < 20; {
		time.Sleep(step)
		if now := s.lines.Load(); now != last {
			last, still = now, 0
		} else {
			still++
		}
	}
}

// with opens a way to a sink, runs f and closes both.
func with(w way, open func() (*sink, error), f func(log func(), s *sink)) (arrived int64, err error) {
	s, err := open()
	if err != nil {
		return 0, err
	}
	log, end := w.open(s)
	f(log, s)
	err = end()
	return s.lines.Load(), multierr.Append(err, s.close())
}
