package netcore

import (
	"errors"
	"fmt"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// sendAcked puts payloads into the window and sends it; it returns how many were taken. What was written whole stays in the
// window until the peer confirms it, over however many connections that takes.
func (e *Emitter) sendAcked(payloads [][]byte) (n int, err error) {
	start := e.now()
	w := e.acked
	for n < len(payloads) {
		if _, _, err := e.connected(start); err != nil { // it says what the peer takes
			return n, err
		}
		w.trim()
		w.begin()
		added := 0
		for i := n; i < len(payloads); i++ {
			payload := e.cut(payloads[i], w.largest)
			if !w.takes(len(payload)) || !w.hasRoom(len(payload)) {
				break
			}
			w.add(payload)
			added++
		}
		if size := len(payloads[n]); added == 0 && !e.cfg.Truncate && !w.takes(size) {
			return n, &sizeError{name: e.cfg.Name, size: size, limit: w.largest}
		}
		if added == 0 {
			if err := e.awaitRoom(start, len(payloads[n])); err != nil {
				return n, err
			}
			continue
		}
		if err := e.sendWindow(start); err != nil {
			return n + w.takeBack(), err
		}
		n += added
		if e.troubled {
			e.recovered()
		}
	}
	return n, nil
}

// sendWindow writes what the present connection has not got, or over a new one all of the window.
func (e *Emitter) sendWindow(start time.Duration) error {
	for {
		l, fresh, err := e.connected(start)
		if err != nil {
			return err
		}
		w := e.acked
		e.resend = e.resend[:0]
		for s := w.unsent; s < w.next(); s++ {
			e.resend = append(e.resend, w.at(s))
		}
		n, err := e.write(l, e.resend, start)
		w.unsent += uint64(n)
		w.whole = max(w.whole, w.unsent)
		if err == nil || errors.As(err, new(*base.RetryError)) {
			return err
		}
		if again := e.drop(l, err); again != nil {
			return again
		}
		if isTimeout(err) {
			return e.failed("write", err)
		}
		if fresh {
			return &base.RetryError{Err: e.failed("write", err)}
		}
	}
}

// maxReconnects bounds how often one call connects again to a peer that hangs up before it confirms anything.
const maxReconnects = 3

// awaitRoom waits until n bytes more may be held. It ends at start plus Timeout.
func (e *Emitter) awaitRoom(start time.Duration, n int) error {
	if e.timer == nil {
		e.timer = time.NewTimer(0)
	}
	e.timer.Reset(e.cfg.Timeout - (e.now() - start))
	defer e.timer.Stop()
	for range maxReconnects {
		if err := e.sendWindow(start); err != nil {
			return err
		}
		for l := e.link; ; {
			e.acked.trim()
			if e.acked.hasRoom(n) {
				return nil
			}
			if err := e.awaitNews(l); err != nil {
				return err
			}
			if l.gone() {
				break
			}
		}
	}
	return &base.RetryError{Err: e.failed("confirmation from", e.link.err)}
}

// awaitNews waits until the peer confirms something or leaves.
func (e *Emitter) awaitNews(l *link) error {
	select {
	case <-e.acked.wake:
	case <-l.done:
	case <-e.interrupt:
		return ErrClosed
	case <-e.timer.C:
		return e.failed("confirmation from", errUnconfirmed)
	}
	return nil
}

// errUnconfirmed is a timeout: it puts the Handler into backoff.
var errUnconfirmed error = unconfirmedError{}

type unconfirmedError struct{}

func (unconfirmedError) Error() string { return "the peer does not confirm what it gets" }
func (unconfirmedError) Timeout() bool { return true }

// awaitAcks waits until the window is empty.
func (e *Emitter) awaitAcks(start time.Duration) error {
	e.acked.trim()
	if e.acked.len() == 0 {
		return nil
	}
	if err := e.awaitRoom(start, e.acked.limit+1); e.acked.len() > 0 {
		return err
	}
	return nil
}

// closeAcked gives the peer a last chance to confirm what is held, and gives up the rest.
func (e *Emitter) closeAcked() error {
	if e.acked == nil {
		return nil
	}
	err := e.awaitAcks(e.now())
	e.acked.trim()
	n := uint64(e.acked.len())
	if n == 0 {
		return nil
	}
	e.acked.dropped += n
	return &LostError{Records: n, Err: err}
}

// reportDropped reports the records that were dropped because the peer has begun to refuse their size.
func (e *Emitter) reportDropped() {
	n := e.acked.dropped - e.reported
	e.reported = e.acked.dropped
	err := e.failed("connection to", fmt.Errorf("it takes no more than %d bytes now, and what is larger was dropped", e.acked.largest))
	e.complain(err, n)
}

// Account implements base.Accountant: with Ack, a record is delivered when the peer has confirmed it; without, when the kernel has
// taken it, unless it is known to be lost since.
func (e *Emitter) Account() (delivered, dropped uint64, ok bool) {
	if e.acked == nil {
		return e.taken - e.lost, e.lost, true
	}
	e.acked.trim()
	return e.acked.first - 1, e.acked.dropped, true
}
