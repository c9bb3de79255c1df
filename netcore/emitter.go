package netcore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Emitter carries frames over a socket for a base.Handler: it connects when it has something to send, sees when the peer has
// gone, and sends a frame that one connection did not take, whole, over the next. Every call returns within its deadline.
//
// As every Emitter it is not safe for concurrent use, but for Interrupt.
type Emitter struct {
	cfg   EmitterConfig
	born  time.Time
	news  announcer
	acked *window // nil without Ack

	// owned by the call under way
	link     *link // nil: not connected
	payloads [][]byte
	resend   [][]byte
	visible  []byte // payloads with their control characters spelled out
	buf      []byte
	ends     []int
	timer    *time.Timer

	addresses *addresses    // nil unless datagrams go to a host by its name
	brief     bool          // the last connection failed before it had lasted
	troubled  bool          // the user was told of a failure, and not yet that it is over
	works     time.Duration // since when it seems to be over; 0: it does not
	taken     uint64        // frames, as far as Emit and EmitBatch said
	lost      uint64        // of them, without Ack
	reported  uint64        // frames that the window has dropped, as far as the user knows

	interrupted atomic.Bool
	interrupt   chan struct{} // closed by Interrupt; nil in Close

	mu      sync.Mutex         // guards the fields below, which Interrupt needs, and setting deadlines
	closing bool               // Close has begun
	cancel  context.CancelFunc // of the dialling under way
	conn    net.Conn           // of link
	opening bool               // its handshakes are under way
}

var (
	_ base.BatchEmitter = (*Emitter)(nil)
	_ base.Interrupter  = (*Emitter)(nil)
)

// NewEmitter returns an Emitter. An error names the field of cfg that is wrong.
func NewEmitter(cfg EmitterConfig) (*Emitter, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Emitter{cfg: cfg, born: time.Now(), interrupt: make(chan struct{})}
	if cfg.Ack {
		e.acked = newWindow(cfg.Window)
	}
	if isUDP(cfg.Network) && cfg.Dial == nil {
		e.addresses = newAddresses(cfg.Network, cfg.Address, cfg.Timeout)
	}
	return e, nil
}

// now returns the time since the Emitter was made.
func (e *Emitter) now() time.Duration { return time.Since(e.born) }

// Emit sends one frame. It returns a *base.RetryError if there is no connection, and an error that is a timeout if the peer
// was too slow.
func (e *Emitter) Emit(_ zapcore.Entry, frame []byte) error {
	e.visible = e.visible[:0]
	payload, err := e.fit(frame)
	if err != nil {
		return err
	}
	e.payloads = append(e.payloads[:0], payload)
	_, err = e.send(e.payloads)
	return err
}

// EmitBatch implements base.BatchEmitter: on a stream, one write for up to 64 KiB of frames. What is too large is rejected,
// and the others go on.
func (e *Emitter) EmitBatch(_ *base.Batch, frames *base.Frames) (n int, err error) {
	if e.visible = e.visible[:0]; cap(e.visible) > keepBuf {
		e.visible = nil
	}
	var said base.Verdicts
	for n < frames.Len() && err == nil {
		n, err = e.emitFrom(n, frames, &said)
	}
	clear(e.payloads)
	return n, said.With(err)
}

// emitFrom sends the frames from the one at index from, up to one that is too large, and returns the index after the last it
// is done with.
func (e *Emitter) emitFrom(from int, frames *base.Frames, said *base.Verdicts) (int, error) {
	e.payloads = e.payloads[:0]
	var tooLarge error
	for i := from; i < frames.Len() && tooLarge == nil; i++ {
		var payload []byte
		if payload, tooLarge = e.fit(frames.At(i)); tooLarge == nil {
			e.payloads = append(e.payloads, payload)
		}
	}
	sent, err := e.send(e.payloads)
	from += sent
	if err == nil {
		err = tooLarge
	}
	if err == nil {
		return from, nil
	}
	var size *sizeError
	if errors.As(err, &size) {
		said.Reject(from, err)
		return from + 1, nil
	}
	return from, err
}

// sizeError refuses a record for its size. Trying again does not help.
type sizeError struct {
	name        string
	size, limit int // limit is 0 where the system did not say
}

func (e *sizeError) Error() string {
	if e.limit == 0 {
		return fmt.Sprintf("%s: record of %d bytes is larger than the system sends", e.name, e.size)
	}
	return fmt.Sprintf("%s: record of %d bytes is larger than the limit of %d", e.name, e.size, e.limit)
}

// fit returns what is to be sent of a frame.
func (e *Emitter) fit(frame []byte) ([]byte, error) {
	if e.cfg.TrimNewline {
		frame = trimNewline(frame)
	}
	if e.cfg.EscapeControls && hasControls(frame) {
		at := len(e.visible)
		e.visible = appendVisible(e.visible, frame)
		frame = e.visible[at:]
	}
	room := e.cfg.MaxSize
	if room == 0 || len(frame) <= room {
		return frame, nil
	}
	if !e.cfg.Truncate {
		return nil, &sizeError{name: e.cfg.Name, size: len(frame), limit: room}
	}
	return e.cut(frame, room), nil
}

// cut returns what goes into limit bytes, if a payload may be cut and there is a limit.
func (e *Emitter) cut(payload []byte, limit int) []byte {
	if !e.cfg.Truncate || limit == 0 || len(payload) <= limit {
		return payload
	}
	return payload[:cutAt(payload, limit)]
}

func trimNewline(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

// cutAt returns the largest length up to limit that cuts no rune of b.
func cutAt(b []byte, limit int) int {
	for n := limit; n > limit-utf8.UTFMax && n >= 0; n-- {
		if utf8.RuneStart(b[n]) {
			return n
		}
	}
	return limit
}

// send sends payloads, in order, and returns how many were sent whole.
func (e *Emitter) send(payloads [][]byte) (n int, err error) {
	if e.acked != nil {
		n, err = e.sendAcked(payloads)
	} else {
		n, err = e.sendPlain(payloads)
	}
	e.taken += uint64(n)
	if err != nil && e.interrupted.Load() {
		err = ErrClosed
	}
	return n, err
}

// sendPlain sends to a peer that confirms nothing. What a connection that was already there did not take goes to a new one, once,
// and a datagram that is refused to the next address.
func (e *Emitter) sendPlain(payloads [][]byte) (n int, err error) {
	start := e.now()
	for n < len(payloads) {
		l, fresh, err := e.connected(start)
		if err != nil {
			return n, err
		}
		sent, err := e.write(l, payloads[n:], start)
		n += sent
		if err == nil {
			e.succeeded(l, start)
			continue
		}
		if errors.As(err, new(*base.RetryError)) || errors.As(err, new(*sizeError)) {
			return n, err
		}
		if again := e.drop(l, err); again != nil {
			return n, again
		}
		switch {
		case isTimeout(err):
			return n, e.failed("write", err)
		case fresh && !l.datagram:
			return n, &base.RetryError{Err: e.failed("write", err)}
		case fresh && !isRefused(err) && !isUnreachable(err):
			return n, e.failed("write", err)
		}
	}
	return n, nil
}

// Unconfirmed tells that nil from Emit is no proof that the destination works.
func (e *Emitter) Unconfirmed() bool { return e.acked == nil }

// Sync waits until everything sent is confirmed, with Ack, and is nil at once without.
func (e *Emitter) Sync() error {
	if e.acked == nil {
		return nil
	}
	err := e.awaitAcks(e.now())
	if err != nil && e.interrupted.Load() {
		return ErrClosed
	}
	return err
}

// Interrupt makes the call under way return, and those after it, but for Close.
func (e *Emitter) Interrupt() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing || e.interrupted.Swap(true) {
		return
	}
	close(e.interrupt)
	if e.cancel != nil {
		e.cancel()
	}
	switch {
	case e.conn == nil:
	case e.opening:
		_ = e.conn.SetDeadline(past)
	default:
		_ = e.conn.SetWriteDeadline(past)
	}
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// Close waits for confirmations, with Ack, and closes the connection in order. A *LostError counts what was not confirmed in
// time.
func (e *Emitter) Close() error {
	e.mu.Lock()
	e.closing, e.interrupt = true, nil
	e.interrupted.Store(false)
	e.mu.Unlock()
	if e.link != nil {
		e.link.deadline = 0
	}
	err := e.closeAcked()
	if e.addresses != nil {
		e.addresses.close()
	}
	if l := e.link; l != nil {
		l.shut(e.cfg.Timeout)
		e.forget()
	}
	return err
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
