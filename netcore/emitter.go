package netcore

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// Emitter sends frames over a socket for a base.Handler. It connects when it has something to send, notices when the peer has gone,
// and sends a frame that one connection did not take, whole, over the next. Every call returns within its deadline.
//
// Like every Emitter it is not safe for concurrent use, except for Interrupt.
type Emitter struct {
	cfg      EmitterConfig
	dialer   *connection.Dialer
	window   *session.Window      // nil if nothing is confirmed: without Ack and RELP
	poison   session.PoisonSearch // with RELP, and with Forward and Ack
	failures failures
	silence  silence

	// owned by the current call
	wire     *wire // nil: not connected
	opening  *wire // during its handshake
	payloads [][]byte
	resend   [][]byte
	visible  []byte // backs payloads whose control characters are escaped
	buf      []byte
	ends     []int // of the frames in buf
	chunks   []int // of the datagrams in buf, if it holds one frame in chunks
	timer    *time.Timer
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
	e := &Emitter{cfg: cfg, failures: failures{report: cfg.Report, hold: cfg.RetryStart}}
	conn := connection.Config{
		Network: cfg.Network,
		Address: cfg.Address,
		TLS:     cfg.TLS,
		Dial:    cfg.Dial,
		Timeout: cfg.Timeout,
		Hold:    cfg.RetryStart,

		Stream:    cfg.stream(),
		Datagrams: cfg.datagrams,
	}
	if cfg.Ack || cfg.RELP {
		e.window = session.NewWindow(cfg.Window, cfg.WindowFrames)
		conn.Useful, e.poison.Grouped = e.window.Progressed, cfg.Forward != nil
	}
	if cfg.Ack || cfg.RELP || cfg.Key != nil || cfg.Forward != nil {
		conn.Handshake = e.handshake
		conn.Unanswered = cfg.Forward != nil && cfg.Key == nil
	}
	e.dialer = connection.NewDialer(conn)
	return e, nil
}

// Emit sends one frame. It returns a *base.RetryError if there is no connection, and a timeout error if the peer is too slow.
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

// EmitBatch implements base.BatchEmitter. On a stream, one write carries up to 64 KiB of frames. A frame that is too large is
// rejected, and the others are sent.
func (e *Emitter) EmitBatch(_ *base.Batch, frames *base.Frames) (n int, err error) {
	if e.visible = e.visible[:0]; cap(e.visible) > keepBuf {
		e.visible = nil
	}
	var verdicts base.Verdicts
	for n < frames.Len() && err == nil {
		n, err = e.emitFrom(n, frames, &verdicts)
	}
	clear(e.payloads)
	return n, verdicts.With(err)
}

// emitFrom sends frames from index from on, up to the first that is too large, and returns the index of the first frame that is left.
func (e *Emitter) emitFrom(from int, frames *base.Frames, verdicts *base.Verdicts) (int, error) {
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
		verdicts.Reject(from, err)
		return from + 1, nil
	}
	return from, err
}

// sizeError refuses a record for its size. Retrying does not help.
type sizeError struct {
	name        string
	size, limit int   // limit is 0 if the system did not tell it
	why         error // nil if there is nothing more to say
}

// tooLarge returns the error for a datagram that the system refuses to send. It keeps err if a connection of the user's Dial returned it,
// which may have more to say.
func tooLarge(name string, size int, err error) *sizeError {
	e := &sizeError{name: name, size: size}
	if _, plain := err.(*net.OpError); !plain {
		e.why = err
	}
	return e
}

func (e *sizeError) Error() string {
	switch {
	case e.why != nil:
		return fmt.Sprintf("%s: record of %d bytes is larger than the system sends: %v", e.name, e.size, e.why)
	case e.limit == 0:
		return fmt.Sprintf("%s: record of %d bytes is larger than the system sends", e.name, e.size)
	}
	return fmt.Sprintf("%s: record of %d bytes is larger than the limit of %d", e.name, e.size, e.limit)
}

// fit returns the payload to send for a frame: without its newline, escaped, and cut to MaxSize, as configured.
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
	if room == 0 {
		return frame, nil
	}
	size := e.cfg.size(frame)
	if size <= room {
		return frame, nil
	}
	if !e.cfg.Truncate {
		return nil, &sizeError{name: e.cfg.Name, size: size, limit: room}
	}
	return e.cfg.cut(frame, room), nil
}

// datagram returns the largest payload of a UDP datagram, in bytes. The length and the signature take their share.
func (cfg *EmitterConfig) datagram() int {
	n := maxUDP
	if cfg.DatagramFraming == LengthPrefix {
		n -= prefixSize
	}
	if cfg.Key != nil {
		n -= session.TimeSize + session.MACSize
	}
	return n
}

// escaped returns the separator that the framing escapes inside a frame, and how many bytes its escape adds; 0, 0 if it escapes none.
func (cfg *EmitterConfig) escaped() (separator byte, more int) {
	switch {
	case connection.IsDatagram(cfg.Network):
		return 0, 0
	case cfg.Framing == Newline:
		return '\n', len(escapedNewline) - 1
	case cfg.Framing == NUL:
		return 0, len(escapedNUL) - 1
	}
	return 0, 0
}

// size returns how many bytes a payload takes inside its frame.
func (cfg *EmitterConfig) size(payload []byte) int {
	separator, more := cfg.escaped()
	if more == 0 {
		return len(payload)
	}
	return len(payload) + more*bytes.Count(payload, []byte{separator})
}

// cut returns as much of payload as fits into limit bytes, if Truncate is set. A limit of 0 is none.
func (cfg *EmitterConfig) cut(payload []byte, limit int) []byte {
	if !cfg.Truncate || limit == 0 || cfg.size(payload) <= limit {
		return payload
	}
	separator, more := cfg.escaped()
	size := 0
	for i, c := range payload {
		if c == separator {
			size += more
		}
		if size++; size > limit {
			return payload[:cutAt(payload, i)]
		}
	}
	return payload
}

// cutAt returns the largest length up to limit that does not split a rune of b.
func cutAt(b []byte, limit int) int {
	for n := limit; n > limit-utf8.UTFMax && n >= 0; n-- {
		if utf8.RuneStart(b[n]) {
			return n
		}
	}
	return limit
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

// Unconfirmed reports that a nil error of Emit does not prove that the destination works.
func (e *Emitter) Unconfirmed() bool { return e.window == nil }

// Confirms reports that the receiver confirms what it has taken: with Ack or RELP.
func (e *Emitter) Confirms() bool { return e.window != nil }

// Sync waits until everything that was sent is confirmed. Without Ack and RELP it returns nil at once.
func (e *Emitter) Sync() error {
	if e.window == nil {
		return nil
	}
	err := e.awaitAcks(e.dialer.Now())
	e.reportAnswers(errRejected)
	if err != nil && e.dialer.Interrupted() {
		return ErrClosed
	}
	return err
}

// Interrupt makes the current call and all later ones return, except Close.
func (e *Emitter) Interrupt() { e.dialer.Interrupt() }

// Close waits for confirmations, if there are any, and closes the connection in order. A *LostError counts what was not confirmed in
// time.
func (e *Emitter) Close() error {
	e.dialer.Finish()
	if e.wire != nil {
		e.wire.conn.Expire()
	}
	err := e.closeAcked()
	if e.wire != nil {
		if alive, cause := e.wire.conn.LastLook(e.dialer.Now()); !alive {
			_ = e.drop(e.wire, cause) // which counts and reports what is lost
		}
	}
	if e.wire != nil {
		end := e.wire.conn.Close(e.cfg.Timeout, func() { e.wire.endSession(e.dialer.Now()) })
		_ = reportEnd(e, e.wire, end)
		e.wire = nil
	}
	e.dialer.Close()
	return err
}
