package netcore

import (
	"errors"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
	base "example.com/zaphandlers/zapcore"
)

// sendAcked adds payloads to the window and sends it. It returns how many payloads were taken. A frame that was written whole stays
// in the window until the peer confirms it, over as many connections as that takes.
func (e *Emitter) sendAcked(payloads [][]byte) (n int, err error) {
	start := e.dialer.Now()
	if err := e.dropGone(); err != nil {
		return 0, err
	}
	for n < len(payloads) {
		if _, _, err := e.connected(start); err != nil { // the server announces its limit on a connection
			return n, err
		}
		added, err := addToWindow(e, payloads[n:])
		if err != nil {
			return n, err
		}
		if added == 0 {
			if err := e.awaitRoom(start, len(payloads[n])); err != nil {
				return n, err
			}
			continue
		}
		if err := e.sendWindow(start); err != nil {
			return n + e.window.TakeBack(), err
		}
		n += added
		e.reportAnswers(errRejected)
	}
	return n, nil
}

// addToWindow adds payloads to the window while it has room, and returns how many. A first one that is too large is an error.
func addToWindow(e *Emitter, payloads [][]byte) (added int, err error) {
	w, limit := e.window, e.window.Largest() // 0: none
	w.Trim()
	w.Begin()
	for _, payload := range payloads {
		payload = e.cfg.cut(payload, limit)
		tooLarge := limit > 0 && len(payload) > limit
		if tooLarge && added == 0 && !e.cfg.Truncate {
			return 0, &sizeError{name: e.cfg.Name, size: len(payload), limit: limit}
		}
		if tooLarge || !w.HasRoom(len(payload)) {
			break
		}
		w.Add(payload)
		added++
	}
	return added, nil
}

// dropGone gives up a connection whose peer has left, and then continues the search for a poison frame. It returns an error if the
// destination is to be left alone for a while.
func (e *Emitter) dropGone() (again error) {
	if e.wire != nil && e.wire.conn.Gone() {
		again = e.drop(e.wire, nil)
	}
	if e.cfg.searchesPoison() && e.wire == nil && e.poison.Advance(e.window) > 0 {
		e.reportAnswers(errPoison)
	}
	return again
}

// sendWindow writes what the present connection has not got yet: over a new one the whole window.
func (e *Emitter) sendWindow(start time.Duration) error {
	for {
		over, fresh, err := e.connected(start)
		if err != nil {
			return err
		}
		e.resend = e.resend[:0]
		for s := e.window.Unsent(); s < e.window.Due(); s++ {
			e.resend = append(e.resend, e.window.At(s))
		}
		if len(e.resend) == 0 {
			return nil
		}
		n, err := e.write(over, e.resend, start)
		clear(e.resend) // it must not hold the window's memory
		e.window.Sent(n)
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

const (
	emptyWindow   = -1 // for awaitRoom: until nothing is held
	maxReconnects = 3  // how often one call reconnects to a peer that hangs up before it confirms anything
)

// awaitRoom waits until the window has room for n bytes, or is empty if n is emptyWindow. It returns by start plus Timeout.
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
		conn = e.wire.conn
		if room, err := awaitRoomOver(e, conn, n); room || err != nil {
			return err
		}
		if e.window.Progressed() {
			opened = 0
		}
	}
	return &base.RetryError{Err: e.cfg.failed("confirmation from", conn.Err())}
}

// awaitRoomOver is awaitRoom over one connection. It returns false if the connection is gone, or something has to be sent first.
func awaitRoomOver(e *Emitter, conn *connection.Conn, n int) (room bool, err error) {
	for {
		e.window.Trim()
		if e.window.Len() == 0 || n != emptyWindow && e.window.HasRoom(n) {
			e.silence.end()
			return true, nil
		}
		if err := e.awaitAck(conn); err != nil {
			return false, err
		}
		if conn.Gone() || e.window.Unsent() < e.window.Due() {
			return false, nil
		}
	}
}

// awaitAck waits until the peer confirms something or leaves. It gives up a connection that has been silent for too long.
func (e *Emitter) awaitAck(conn *connection.Conn) error {
	select {
	case <-e.window.Wake():
	case <-conn.Done():
	case <-e.dialer.Interruption():
		return ErrClosed
	case <-e.timer.C:
		skips := e.cfg.RELP && e.poison.Skips(e.window)
		if skips || e.silence.exceeded(e, conn) {
			_ = e.drop(e.wire, errUnconfirmed)
		}
		if skips {
			e.poison.Skipped(e.window)
		}
		return e.cfg.failed("confirmation from", errUnconfirmed)
	}
	return nil
}

// silence measures how long a connection has brought no confirmation while a call waited for one. When the network has forgotten a
// connection, as a restarted gateway has, the system would try for a quarter of an hour. A slow receiver gets everything that is held
// again over the next connection, so each connection may be silent for twice as long as the one before.
type silence struct {
	conn      *connection.Conn // nil: no call has waited in vain since the last confirmation
	confirmed uint64           // frames, when the silence began
	since     time.Duration
	limit     time.Duration // for the present connection; 0: the minimum
}

// The shortest and the longest limit, in multiples of Timeout. A lost answer of Forward never comes, and those behind it do not count
// without it: so its limits are shorter.
const (
	minSilence, maxSilence               = 60, 960
	minForwardSilence, maxForwardSilence = 1, 8
)

// exceeded notes that a call has waited for a Timeout in vain, and reports whether conn is to be given up.
func (s *silence) exceeded(e *Emitter, conn *connection.Conn) bool {
	e.window.Trim()
	now, confirmed := e.dialer.Now(), e.window.Delivered()+e.window.Dropped()
	if s.conn != conn && e.window.Progressed() { // a confirmation came within the first Timeout
		s.limit = 0
	}
	if s.conn != conn || s.confirmed != confirmed {
		s.conn, s.confirmed, s.since = conn, confirmed, now-e.cfg.Timeout
	}
	low, high := minSilence*e.cfg.Timeout, maxSilence*e.cfg.Timeout
	if e.cfg.Forward != nil {
		low, high = minForwardSilence*e.cfg.Timeout, maxForwardSilence*e.cfg.Timeout
	}
	if s.limit = max(s.limit, low); now-s.since < s.limit {
		return false
	}
	s.limit = min(2*s.limit, high)
	return true
}

// end notes that everything a call waited for has come. If that took no Timeout, the next limit is the minimum again.
func (s *silence) end() {
	if s.conn == nil {
		s.limit = 0
	}
	s.conn = nil
}

// errUnconfirmed is a timeout, so it puts the Handler into backoff.
var errUnconfirmed error = unconfirmedError{}

type unconfirmedError struct{}

func (unconfirmedError) Error() string { return "the peer does not confirm what it gets" }
func (unconfirmedError) Timeout() bool { return true }

// awaitAcks waits until the window is empty. It returns nil if it is, whatever happened before.
func (e *Emitter) awaitAcks(start time.Duration) error {
	e.window.Trim()
	if e.window.Len() == 0 {
		return nil
	}
	err := e.dropGone()
	if err == nil && e.window.Len() > 0 {
		err = e.awaitRoom(start, emptyWindow)
	}
	if e.window.Trim(); e.window.Len() > 0 {
		return err
	}
	return nil
}

// How often Close reconnects to a receiver that hangs up, and the pauses between. This is enough to find a few poison records: the
// others would be lost with them.
const (
	closeAttempts = 24
	minClosePause = 2 * time.Millisecond
	maxClosePause = 40 * time.Millisecond
)

// closeAcked gives the peer a last chance to confirm what is held, and abandons the rest. Records that the peer has refused, but that
// were not reported yet, count as lost as well.
func (e *Emitter) closeAcked() error {
	if e.window == nil {
		return nil
	}
	start, pause := e.dialer.Now(), minClosePause
	err := e.awaitAcks(start)
	for range closeAttempts {
		if err == nil || !e.cfg.searchesPoison() || connection.IsTimeout(err) || e.dialer.Now()-start > e.cfg.Timeout-pause {
			break
		}
		time.Sleep(pause)
		pause = min(2*pause, maxClosePause)
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

// Account implements base.Accountant. With Ack a record is delivered when the peer has confirmed it. Without Ack it is delivered when
// the kernel has taken it, unless it is known to be lost since.
func (e *Emitter) Account() (delivered, dropped uint64, ok bool) {
	if e.window == nil {
		return e.failures.taken - e.failures.lost, e.failures.lost, true
	}
	e.window.Trim()
	return e.window.Delivered(), e.window.Dropped(), true
}

// reportAnswers reports what the peer has answered since: that it refused records, as err, or that it takes them, which is the only
// proof that a failure is over.
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
