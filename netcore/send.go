package netcore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/forward"
	"example.com/zaphandlers/netcore/internal/gelf"
	"example.com/zaphandlers/netcore/internal/relp"
	"example.com/zaphandlers/netcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// wire is a connection and its protocol.
type wire struct {
	conn     *connection.Conn
	framing  Framing
	seal     *session.Seal   // nil without a Key
	sequence uint64          // number of the next frame
	relp     *relp.Client    // nil: not RELP
	forward  *forward.Client // nil: not Forward
}

// appendFrame appends payload to dst as one frame of w's protocol.
func (w *wire) appendFrame(dst, payload []byte) []byte {
	switch {
	case w.forward != nil:
		return append(dst, payload...)
	case w.relp != nil:
		return w.relp.Append(dst, payload)
	}
	if w.seal == nil {
		return w.framing.Append(dst, payload)
	}
	if w.framing == LengthPrefix {
		dst = binary.BigEndian.AppendUint32(dst, uint32(w.seal.Overhead+len(payload)))
	}
	dst = w.seal.Append(dst, w.sequence, payload)
	w.sequence++
	return dst
}

// endSession ends a RELP session in order: it waits until the receiver closes the connection, or the connection is aborted.
func (w *wire) endSession(now time.Duration) {
	if w.relp == nil || w.conn.Gone() {
		return
	}
	if _, err := w.conn.Write(w.relp.AppendClose(nil), 0, now); err == nil {
		<-w.conn.Done()
	}
}

// send sends payloads in order and returns how many were sent whole.
func (e *Emitter) send(payloads [][]byte) (n int, err error) {
	if e.window != nil {
		n, err = e.sendAcked(payloads)
	} else {
		n, err = e.sendPlain(payloads)
	}
	e.failures.taken += uint64(n)
	if err != nil && e.dialer.Interrupted() {
		err = ErrClosed
	}
	return n, err
}

// sendPlain sends to a peer that confirms nothing. A frame that an existing connection did not take goes once more over a new one. A
// refused datagram goes to the next address.
func (e *Emitter) sendPlain(payloads [][]byte) (n int, err error) {
	start := e.dialer.Now()
	for n < len(payloads) {
		w, fresh, err := e.connected(start)
		if err != nil {
			return n, err
		}
		sent, err := e.write(w, payloads[n:], start)
		n += sent
		if err == nil {
			e.dialer.Succeeded(w.conn, start)
			e.failures.succeeded(start)
			continue
		}
		if errors.As(err, new(*base.RetryError)) || errors.As(err, new(*sizeError)) {
			return n, err
		}
		if again := e.drop(w, err); again != nil {
			return n, again
		}
		switch {
		case connection.IsTimeout(err):
			return n, e.cfg.failed("write", err)
		case errors.Is(err, connection.ErrEarlyEnd):
			return n, &base.RetryError{Err: e.cfg.failed("connection to", err)}
		case fresh && !w.conn.Datagram():
			return n, &base.RetryError{Err: e.cfg.failed("write", err)}
		case fresh && !connection.IsRefused(err) && !connection.IsUnreachable(err):
			return n, e.cfg.failed("write", err)
		}
	}
	return n, nil
}

// connected returns the connection. It opens a new one, which is fresh, if there is none or the peer has left. It waits until start
// plus Timeout at most.
func (e *Emitter) connected(start time.Duration) (w *wire, fresh bool, err error) {
	if e.dialer.Interrupted() {
		return nil, false, ErrClosed
	}
	if w := e.wire; w != nil {
		if w.conn.Alive(start) && !e.dialer.Moved(start) {
			return w, false, nil
		}
		if err := e.drop(w, nil); err != nil {
			return nil, false, err
		}
	}
	w = &wire{framing: e.cfg.Framing}
	e.opening = w
	w.conn, err = e.dialer.Open(start)
	if errors.Is(err, session.ErrNewSession) {
		e.reportAnswers(fmt.Errorf("it takes no more than %d bytes now, and what is larger was dropped", e.window.Largest()))
		w.conn, err = e.dialer.Open(start)
	}
	switch step := (*connection.StepError)(nil); {
	case errors.As(err, &step):
		return nil, false, &base.RetryError{Err: e.cfg.failed(step.Step, step.Err)}
	case err != nil:
		return nil, false, ErrClosed
	}
	if w.conn.Datagram() {
		w.framing = e.cfg.DatagramFraming
		if e.cfg.Key != nil {
			w.seal = session.NewDatagramSeal(e.cfg.Key)
		}
	}
	e.wire = w
	return w, true, nil
}

// handshake does what precedes the first record on a stream with Key, Ack, RELP or Forward. It returns the function that receives
// everything the peer sends afterwards.
func (e *Emitter) handshake(c *connection.Conn) (receive func([]byte) ([]byte, error), err error) {
	defer func() { err = e.cfg.unanswered(err) }()
	w := e.opening
	w.sequence = 1
	if e.cfg.Forward != nil {
		return w.openForward(e.cfg.Forward.client(e.cfg.Key), c, e.window, e.poison.Stepwise())
	}
	var in *session.Seal
	if e.cfg.Key != nil {
		if w.seal, in, err = session.DialSigned(c.Net(), e.cfg.Key); err != nil {
			return nil, err
		}
	}
	switch {
	case e.window == nil:
		return func([]byte) ([]byte, error) { return nil, nil }, nil
	case e.cfg.RELP:
		e.window.Reopen(e.poison.Stepwise())
		if w.relp, err = relp.Open(c.Net(), e.window, e.window.Unsent()); err != nil {
			return nil, err
		}
		return w.relp.Receive, nil
	}
	if err := e.window.Resume(c.Net(), w.seal, in); err != nil {
		return nil, err
	}
	w.sequence = e.window.Unsent()
	return func(b []byte) ([]byte, error) { return e.window.Receive(in, b) }, nil
}

// unanswered returns the error of a handshake. If the peer has said nothing, the error names the option it may not know.
func (cfg *EmitterConfig) unanswered(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || !op.Timeout() {
		return err
	}
	unknown := "Ack or Key"
	switch {
	case cfg.Forward != nil:
		unknown = "a shared key"
	case cfg.RELP:
		unknown = "RELP"
	}
	return fmt.Errorf("%w: the peer may not know of %s", op.Err, unknown)
}

// drop gives up connection w because of cause, or if cause is nil because of what its reader has seen. It reports and counts what is
// lost with it. An error means that the destination is to be left alone before the next attempt.
func (e *Emitter) drop(w *wire, cause error) error {
	end := w.conn.End(cause)
	e.wire = nil
	if e.cfg.searchesPoison() {
		e.poison.Ended(e.window)
	}
	err := reportEnd(e, w, end)
	if end.BackOff {
		return &base.RetryError{Err: err}
	}
	return nil
}

// reportEnd reports and counts what is lost with a connection that ended, and returns its end as an error that names the destination.
func reportEnd(e *Emitter, w *wire, end connection.Ending) error {
	if end.Err == nil {
		return nil
	}
	err, what := e.cfg.failed("connection to", end.Err), "what was sent last may be lost"
	if w.conn.Datagram() {
		err, what = e.cfg.failed("write", end.Err), "the datagram before may be lost"
	}
	if errors.Is(end.Err, forward.ErrWantsKey) {
		end.Lost, end.Refused = w.conn.Frames(), true
	}
	if end.Refused {
		what = "it took nothing of what was sent"
	}
	if end.Reported && e.window == nil { // with a window, what was not confirmed is sent again
		e.failures.failed(fmt.Errorf("%w: %s", err, what), end.Lost)
	}
	return err
}

// chunk is how many bytes go to a stream in one write. More gain nothing.
const chunk = 64 << 10

// keepBuf is the largest buffer that an Emitter keeps, in bytes.
const keepBuf = 1 << 20

// errSlow ends a batch between two writes, so that no caller waits longer than one deadline for a slow peer.
var errSlow = errors.New("the peer is slow")

// write sends payloads over w and returns how many of them the kernel took whole.
func (e *Emitter) write(w *wire, payloads [][]byte, start time.Duration) (n int, err error) {
	now := start
	for n < len(payloads) {
		if n > 0 {
			if now = e.dialer.Now(); now-start > e.cfg.Timeout/2 {
				return n, &base.RetryError{After: time.Millisecond, Err: e.cfg.failed("write", errSlow)}
			}
		}
		if limit := e.cfg.chunked(); limit > 0 && w.conn.Datagram() && len(payloads[n]) > limit {
			return n, &sizeError{name: e.cfg.Name, size: len(payloads[n]), limit: limit} // the Dial made datagrams where a stream was expected
		}
		e.fill(w, payloads[n:])
		written, err := w.put(e.buf, e.chunks, len(e.ends), now)
		if err == nil {
			n += len(e.ends)
			continue
		}
		if w.conn.Datagram() && connection.IsTooLarge(err) {
			return n, tooLarge(e.cfg.Name, len(payloads[n]), err)
		}
		whole := 0
		for whole < len(e.ends) && e.ends[whole] <= written {
			whole++
		}
		w.conn.Took(whole)
		return n + whole, err
	}
	return n, nil
}

// fill puts the bytes of the next write into buf: one datagram, or up to chunk bytes of whole frames.
func (e *Emitter) fill(w *wire, payloads [][]byte) {
	if cap(e.buf) > keepBuf {
		e.buf = nil
	}
	e.buf, e.ends, e.chunks = e.buf[:0], e.ends[:0], e.chunks[:0]
	if size := e.cfg.ChunkSize; w.conn.Datagram() && size > 0 && len(payloads[0]) > size {
		e.buf, e.chunks = gelf.AppendChunks(e.buf, e.chunks, payloads[0], size, rand.Uint64())
		e.ends = append(e.ends, len(e.buf))
		return
	}
	if w.forward != nil {
		e.buf = w.forward.Begin(e.buf)
	}
	for i, payload := range payloads {
		if i > 0 && (w.conn.Datagram() || len(e.buf)+len(payload) > chunk) {
			break
		}
		e.buf = w.appendFrame(e.buf, payload)
		e.ends = append(e.ends, len(e.buf))
	}
	if w.forward != nil {
		e.buf = w.forward.End(e.buf, len(e.ends))
		for i := range e.ends {
			e.ends[i] = len(e.buf) // a frame is whole only when its message is
		}
	}
}
