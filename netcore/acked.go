package netcore

import (
	"errors"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
	base "example.com/zaphandlers/zapcore"
)

// sendAcked puts payloads into the window and sends it; it returns how many were taken. What was written whole stays in the
// window until the peer confirms it, over however many connections that takes.
func (e *Emitter) sendAcked(payloads [][]byte) (n int, err error) {
	start := e.dialer.Now()
	w := e.window
	if err := e.seek(); err != nil {
		return 0, err
	}
	for n < len(payloads) {
		if _, _, err := e.connected(start); err != nil { // it says what the peer takes
			return n, err
		}
		w.Trim()
		w.Begin()
		added := 0
		for i := n; i < len(payloads); i++ {
			payload := e.cfg.cut(payloads[i], w.Largest())
			if w.Largest() > 0 && len(payload) > w.Largest() || !w.HasRoom(len(payload)) {
				break
			}
			w.Add(payload)
			added++
		}
		if size := len(payloads[n]); added == 0 && !e.cfg.Truncate && w.Largest() > 0 && size > w.Largest() {
			return n, &sizeError{name: e.cfg.Name, size: size, limit: w.Largest()}
		}
		if added == 0 {
			if err := e.awaitRoom(start, len(payloads[n])); err != nil {
				return n, err
			}
			continue
		}
		if err := e.sendWindow(start); err != nil {
			return n + w.TakeBack(), err
		}
		n += added
		e.reportAnswers(errRejected)
	}
	return n, nil
}

// seek gives up a connection that is gone and, where the peer knows no numbers, goes on looking for the frame that it does not take. It
// returns an error if the destination is to be left alone for a while.
func (e *Emitter) seek() (again error) {
	if e.wire != nil && e.wire.conn.Gone() {
		again = e.drop(e.wire, nil)
	}
	if e.cfg.suspects() && e.wire == nil && e.suspect.Next(e.window) > 0 {
		e.reportAnswers(errNotTaken)
	}
	return again
}

// sendWindow writes what the present connection has not got, or over a new one all of the window.
func (e *Emitter) sendWindow(start time.Duration) error {
	for {
		over, fresh, err := e.connected(start)
		if err != nil {
			return err
		}
		w := e.window
		e.resend = e.resend[:0]
		for s := w.Unsent(); s < w.Due(); s++ {
			e.resend = append(e.resend, w.At(s))
		}
		if len(e.resend) == 0 {
			return nil
		}
		n, err := e.write(over, e.resend, start)
		clear(e.resend) // the window's memory is not held by it
		w.Sent(n)
		if err == nil || errors.As(err, new(*base.RetryError)) {
			return err
		}
		if again := e.drop(over, err); again != nil {
			return again
		}
		if connection.IsTimeout(err) {
			return e.cfg.failed("write", err)
		}
		if fresh {
			return &base.RetryError{Err: e.cfg.failed("write", err)}
		}
	}
}

// all stands for the whole window: there is room for it when nothing is held.
const all = -1

// maxReconnects bounds how often one call connects again to a peer that hangs up before it confirms anything.
const maxReconnects = 3

// awaitRoom waits until n bytes more may be held, or all of them. It ends at start plus Timeout.
func (e *Emitter) awaitRoom(start time.Duration, n int) error {
	if e.timer == nil {
		e.timer = time.NewTimer(0)
	}
	e.timer.Reset(e.cfg.Timeout - (e.dialer.Now() - start))
	defer e.timer.Stop()
	var conn *connection.Conn
	for opened := 0; opened < maxReconnects || !conn.Gone(); {
		if err := e.sendWindow(start); err != nil {
			return err
		}
		if conn != e.wire.conn {
			opened++
		}
		for conn = e.wire.conn; ; {
			e.window.Trim()
			if e.window.Len() == 0 || n != all && e.window.HasRoom(n) {
				e.silence.ends()
				return nil
			}
			if err := e.awaitAck(conn); err != nil {
				return err
			}
			if conn.Gone() || e.window.Unsent() < e.window.Due() {
				break
			}
		}
		if e.window.Progressed() {
			opened = 0
		}
	}
	return &base.RetryError{Err: e.cfg.failed("confirmation from", conn.Err())}
}

// awaitAck waits until the peer confirms something or leaves.
func (e *Emitter) awaitAck(conn *connection.Conn) error {
	select {
	case <-e.window.Wake():
	case <-conn.Done():
	case <-e.dialer.Interruption():
		return ErrClosed
	case <-e.timer.C:
		switch passes := e.cfg.RELP && e.suspect.Passes(e.window); {
		case passes:
			_ = e.drop(e.wire, errUnconfirmed)
			e.suspect.Passed(e.window)
		case e.silence.lasts(e, conn):
			_ = e.drop(e.wire, errUnconfirmed)
		}
		return e.cfg.failed("confirmation from", errUnconfirmed)
	}
	return nil
}

// silence is how long a connection has brought no confirmation while somebody waited for one. Where the network has forgotten it, as a
// gateway does that was restarted, the system would try for a quarter of an hour. A receiver that takes its time gets all that is held
// again over the next connection, so each may be silent for twice as long as the one before.
type silence struct {
	conn      *connection.Conn // nil: nobody has waited in vain since the last confirmation
	confirmed uint64           // frames, when it began
	since     time.Duration
	patience  time.Duration // with the present connection; 0: the least
}

// The least and the most patience, in multiples of Timeout. With Forward an answer that was lost does not come any more, and those behind
// it count for nothing.
const (
	leastSilence, mostSilence   = 60, 960
	leastUnanswered, unanswered = 1, 8
)

// lasts notes that somebody has waited for a Timeout in vain, and tells whether conn is to be given up.
func (s *silence) lasts(e *Emitter, conn *connection.Conn) bool {
	e.window.Trim()
	now, confirmed := e.dialer.Now(), e.window.Delivered()+e.window.Dropped()
	if s.conn != conn && e.window.Progressed() { // within the first Timeout
		s.patience = 0
	}
	if s.conn != conn || s.confirmed != confirmed {
		s.conn, s.confirmed, s.since = conn, confirmed, now-e.cfg.Timeout
	}
	least, most := leastSilence*e.cfg.Timeout, mostSilence*e.cfg.Timeout
	if e.cfg.Forward != nil {
		least, most = leastUnanswered*e.cfg.Timeout, unanswered*e.cfg.Timeout
	}
	if s.patience = max(s.patience, least); now-s.since < s.patience {
		return false
	}
	s.patience = min(2*s.patience, most)
	return true
}

// ends notes that all has come that somebody waited for: at once, or after somebody has waited in vain.
func (s *silence) ends() {
	if s.conn == nil {
		s.patience = 0
	}
	s.conn = nil
}

// errUnconfirmed is a timeout: it puts the Handler into backoff.
var errUnconfirmed error = unconfirmedError{}

type unconfirmedError struct{}

func (unconfirmedError) Error() string { return "the peer does not confirm what it gets" }
func (unconfirmedError) Timeout() bool { return true }

// awaitAcks waits until the window is empty.
func (e *Emitter) awaitAcks(start time.Duration) error {
	e.window.Trim()
	if e.window.Len() == 0 {
		return nil
	}
	err := e.seek()
	if err == nil && e.window.Len() > 0 {
		err = e.awaitRoom(start, all)
	}
	if e.window.Trim(); e.window.Len() > 0 {
		return err
	}
	return nil
}

// For a receiver that hangs up, Close tries again so many times, at first this soon: as long as it takes to find a few records that it does
// not take, for the others would be lost with them.
const (
	lastTries = 24
	lastPause = 2 * time.Millisecond
	mostPause = 40 * time.Millisecond
)

// closeAcked gives the peer a last chance to confirm what is held, and gives up the rest. What the peer has refused, and nobody was told
// of yet, is lost as well.
func (e *Emitter) closeAcked() error {
	if e.window == nil {
		return nil
	}
	start, pause := e.dialer.Now(), lastPause
	err := e.awaitAcks(start)
	for range lastTries {
		if err == nil || !e.cfg.suspects() || connection.IsTimeout(err) || e.dialer.Now()-start > e.cfg.Timeout-pause {
			break
		}
		time.Sleep(pause)
		pause = min(2*pause, mostPause)
		err = e.awaitAcks(start)
	}
	e.window.Trim()
	refused := e.window.Dropped() - e.failures.lost
	n := e.window.Abandon() + refused
	if n == 0 {
		return nil
	}
	if err == nil {
		err = e.cfg.failed("connection to", errRejected)
	}
	return &LostError{Records: n, Err: err}
}

// Account implements base.Accountant: with Ack, a record is delivered when the peer has confirmed it; without, when the kernel has
// taken it, unless it is known to be lost since.
func (e *Emitter) Account() (delivered, dropped uint64, ok bool) {
	if e.window == nil {
		return e.failures.taken - e.failures.lost, e.failures.lost, true
	}
	e.window.Trim()
	return e.window.Delivered(), e.window.Dropped(), true
}

// errRejected is why a receiver's answer costs a record.
var errRejected = errors.New("the receiver has refused records")

// errNotTaken is why a record is given up at which a receiver hangs up each time, or which it never acknowledges, and no other.
var errNotTaken = errors.New("a record is dropped that the receiver has never acknowledged, though it did those before and after")

// reportAnswers reports what the peer has said since: that records were dropped because of it, or that it takes them, which alone shows
// that a failure is over.
func (e *Emitter) reportAnswers(err error) {
	e.window.Trim()
	switch n, delivered := e.window.Dropped()-e.failures.lost, e.window.Delivered(); {
	case n > 0:
		e.failures.failed(e.cfg.failed("connection to", err), n)
		e.failures.delivered = delivered
	case delivered > e.failures.delivered:
		e.failures.recovered()
	}
}
