package netcore

import (
	"errors"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// chunk is how much goes to a stream in one write, in bytes: larger ones gain nothing.
const chunk = 64 << 10

// keepBuf is the largest buffer, in bytes, that stays with an Emitter.
const keepBuf = 1 << 20

// errSlow ends a batch between two writes, so that nobody waits for a slow peer longer than one deadline.
var errSlow = errors.New("netcore: the peer is slow")

// write sends payloads over l and returns how many of them the kernel took whole.
func (e *Emitter) write(l *link, payloads [][]byte, start time.Duration) (n int, err error) {
	now := start
	for n < len(payloads) {
		if n > 0 {
			if now = e.now(); now-start > e.cfg.Timeout/2 {
				return n, &base.RetryError{After: time.Millisecond, Err: errSlow}
			}
		}
		if err := e.renew(l, now); err != nil {
			return n, err
		}
		e.fill(l, payloads[n:])
		written, err := l.conn.Write(e.buf)
		if err == nil && l.datagram && l.written.writes == 0 {
			if err = l.peek.refusal(); err != nil { // on the machine itself it is there at once
				return n, err
			}
		}
		if err == nil {
			n += len(e.ends)
			l.written.add(len(e.buf), len(e.ends), now)
			continue
		}
		if l.datagram && isTooLarge(err) {
			return n, &sizeError{name: e.cfg.Name, size: len(payloads[n])}
		}
		for _, end := range e.ends {
			if end <= written {
				n++
			}
		}
		return n, err
	}
	return n, nil
}

// fill makes the bytes of the next write: one datagram, or a chunk of whole frames.
func (e *Emitter) fill(l *link, payloads [][]byte) {
	if cap(e.buf) > keepBuf {
		e.buf = nil
	}
	e.buf, e.ends = e.buf[:0], e.ends[:0]
	for i, payload := range payloads {
		if i > 0 && (l.datagram || len(e.buf)+len(payload) > chunk) {
			return
		}
		e.buf = l.appendFrame(e.buf, payload)
		e.ends = append(e.ends, len(e.buf))
	}
}

// renew sees that l has a deadline more than Timeout away, but not more often than it must.
func (e *Emitter) renew(l *link, now time.Duration) error {
	slack := min(e.cfg.Timeout/2, time.Second)
	if l.deadline-now >= e.cfg.Timeout+slack/2 {
		return nil
	}
	return e.setDeadline(l, now+e.cfg.Timeout+slack)
}

func (e *Emitter) setDeadline(l *link, at time.Duration) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.interrupted.Load() {
		return ErrClosed
	}
	l.deadline = at
	return l.conn.SetWriteDeadline(e.born.Add(at))
}
