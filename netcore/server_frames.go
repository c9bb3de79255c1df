package netcore

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"example.com/zaphandlers/netcore/internal/session"
)

// frames delivers the complete frames in the buffer.
func (c *serverConn) frames(now time.Time) error {
	for {
		greeted := c.session != nil
		if err := c.process(now); err != nil {
			return err
		}
		if greeted || c.session == nil {
			break
		}
		// That was the hello. The frames behind it are delivered under the lock of the session that it named.
	}
	if c.from == c.to {
		c.from, c.to = 0, 0
		if size := c.server.steadySize(); len(c.buf) > size {
			c.resize(size)
		}
	}
	return nil
}

// process takes frames from the buffer, delivers and confirms them. Two connections of one session take turns.
func (c *serverConn) process(now time.Time) error {
	greeted := c.session != nil
	if greeted {
		c.session.Lock()
		defer c.session.Unlock()
	}
	before := c.sequence
	splitErr := c.split(now)
	var deliverErr, confirmErr error
	if greeted || c.session == nil {
		deliverErr = c.deliver()
	}
	if c.sequence > before {
		c.idle.Store(c.server.stamp(now))
		c.renew(now)
	}
	if greeted {
		confirmErr = c.confirm(now)
	}
	return errors.Join(splitErr, deliverErr, confirmErr)
}

// split moves the complete frames from the buffer into the batch. It stops behind a hello.
func (c *serverConn) split(now time.Time) error {
	if begun, err := beginStream(c); !begun || err != nil {
		return err
	}
	limit := frameLimit(c)
	for c.from < c.to {
		if begins, err := c.skipped(); !begins || err != nil {
			return err
		}
		b := c.buf[c.from:c.to]
		from, to, next, whole, err := c.server.cfg.Framing.split(b)
		switch {
		case err != nil:
			c.refuse(err)
			return errUnframed
		case to-from > limit, !whole && len(b) > limit+prefixSize+maxDigits:
			err = c.passTooLarge(b, from, next)
		case !whole:
			return nil
		default:
			c.from += next
			greeted := c.session != nil
			if err := c.frame(b[from:to], now); err != nil || greeted != (c.session != nil) {
				return err
			}
			if c.batcher.full() {
				err = c.deliver()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// beginStream looks at the first bytes of the stream, and reports whether frames may follow. TLS where none is spoken is an error.
func beginStream(c *serverConn) (begun bool, err error) {
	if c.framed {
		return true, nil
	}
	if !c.afterProxyHeader() {
		return false, nil
	}
	if c.server.cfg.Framing != LengthPrefix && bytes.HasPrefix(c.buf[c.from:c.to], tlsHello) {
		c.refuse(errTLS)
		return false, errUnframed
	}
	return true, nil
}

// frameLimit returns the largest frame that may come next, in bytes, with its signature: a hello, or a record.
func frameLimit(c *serverConn) int {
	limit := c.server.cfg.MaxFrame
	if c.server.cfg.Ack && c.session == nil {
		limit = max(limit, session.HelloSize)
	}
	if c.seal != nil {
		limit += c.seal.Overhead
	}
	return limit
}

// beginFrame gives a frame that has begun its own deadline: idle time before it does not count, nor does what is left of the allowed
// idle time.
func beginFrame(c *serverConn, now time.Time) {
	switch limit := c.server.cfg.IdleTimeout; {
	case limit == 0:
		c.renew(now)
	case limit > frameTimeout:
		c.completed = time.Time{} // so that the next renew is not skipped
		_ = c.raw.SetReadDeadline(now.Add(frameTimeout))
	}
}

var errProxyHeader = errors.New("the stream begins with a header of the PROXY protocol, which is left out: no frame, and nothing here asks for it")

// afterProxyHeader skips a PROXY header at the beginning of the stream, and reports whether frames may follow. Text may begin like a
// part of a header, for instance with an empty line; then it does not wait for more.
func (c *serverConn) afterProxyHeader() bool {
	b := c.buf[c.from:c.to]
	n, more := proxyHeader(b)
	if len(b) == 0 || more && (c.server.cfg.Framing.binary() || b[0] == 'P') {
		return false
	}
	c.framed = true
	if n > 0 {
		c.skip = n
		c.refuse(errProxyHeader)
	}
	return true
}

// passTooLarge refuses the frame at the beginning of b for its size, and has the rest of it skipped. The frame keeps its number and is
// confirmed: otherwise its client would send it for ever. If b is no frame, but another protocol or a missing hello, that is an error.
func (c *serverConn) passTooLarge(b []byte, from, next int) error {
	cfg := &c.server.cfg
	if other := otherProtocol(cfg.Framing, b); other != nil && c.idle.Load() == 0 {
		c.refuse(other)
		return errUnframed
	}
	if cfg.Ack && c.session == nil { // too large for a hello
		c.refuse(fmt.Errorf("a frame is larger than %d bytes", cfg.MaxFrame))
		return errUnframed
	}
	if c.session == nil || c.sequence > c.session.Last() {
		c.refuse(fmt.Errorf("a frame is larger than %d bytes", c.server.cfg.MaxFrame))
	}
	c.skip, c.skipping = max(next, 0), next == 0
	if c.seal != nil {
		c.from, c.skip, c.passing = c.from+from, next-from, c.seal.Pass(c.sequence)
	}
	c.sequence++
	return nil
}

var errUnframed = errors.New("the stream can no longer be framed")

// skipped skips what is left of a frame that is too large, and reports whether a frame begins now.
func (c *serverConn) skipped() (begins bool, err error) {
	if c.skipping {
		_, _, next, whole, _ := c.server.cfg.Framing.split(c.buf[c.from:c.to])
		if !whole {
			c.from = c.to
			return false, nil
		}
		c.from += next
		c.skipping = false
	}
	n := min(c.skip, c.to-c.from)
	if c.passing != nil {
		_, _ = c.passing.Write(c.buf[c.from : c.from+n])
	}
	c.from += n
	c.skip -= n
	if c.passing != nil && c.skip == 0 {
		if err := c.passing.End(); err != nil {
			c.refuse(err)
			return false, errUnframed
		}
		c.passing = nil
	}
	return c.skip == 0 && c.from < c.to, nil
}

// frame takes one complete frame: the hello, a duplicate, or a record for the batch.
func (c *serverConn) frame(frame []byte, now time.Time) error {
	if greets(c, frame, now) {
		return errGreeting
	}
	if c.seal != nil {
		payload, err := c.seal.Verify(frame, c.sequence, now)
		if err != nil {
			c.refuse(err)
			return errUnframed
		}
		frame = payload
	}
	if c.server.cfg.Ack && c.session == nil {
		return c.hello(frame, now)
	}
	c.sequence++
	if c.session != nil && c.sequence-1 <= c.session.Last() {
		c.server.count(func(s *ServerStats) { s.Duplicates++ })
		return nil
	}
	if err := c.batcher.add(frame, c.sequence-1, now); err != nil {
		c.refuse(err)
	}
	return nil
}

var errGreeting = errors.New("the client has Ack, and ServerConfig.Ack is not set")

// greets reports whether frame is the hello of a client with Ack, although the Server has none. It is no record.
func greets(c *serverConn, frame []byte, now time.Time) bool {
	if c.server.cfg.Ack || c.sequence != 1 {
		return false
	}
	if c.seal != nil {
		payload, err := c.seal.Verify(frame, 0, now)
		if err != nil {
			return false
		}
		frame = payload
	}
	return session.IsHello(frame)
}

// hello begins or resumes a session. The answer says how far the session got, and the client continues from there.
func (c *serverConn) hello(frame []byte, now time.Time) error {
	known, first, err := c.server.sessions.Greet(frame)
	if err != nil {
		c.refuse(err)
		return errUnframed
	}
	known.Lock()
	defer known.Unlock()
	known.Reached(first - 1)
	c.session, c.sequence = known, known.Last()+1
	return c.answer(now, c.seal.AppendWelcome(c.acks[:0], known.Last(), c.server.cfg.largestFrame()))
}

// deliver hands the batch to Target. With Ack, what Target did not take is not confirmed and ends the connection, so the client sends
// it again.
func (c *serverConn) deliver() error {
	if c.session == nil || c.unconfirmed {
		_ = c.batcher.deliver(c.session != nil)
		return nil
	}
	defer c.reached() // even if Target or OnError has ended the goroutine
	if err := c.batcher.deliver(true); c.batcher.firstUntaken > 0 {
		return err
	}
	return nil
}

// reached notes how far the session got with the last batch.
func (c *serverConn) reached() {
	if first := c.batcher.firstUntaken; first > 0 {
		c.unconfirmed = true
		c.session.Reached(first - 1)
	} else {
		c.session.Reached(c.sequence - 1)
	}
}

// confirm tells the client how far the session got.
func (c *serverConn) confirm(now time.Time) error {
	return c.answer(now, c.seal.AppendAck(c.acks[:0], c.session.Last()))
}

// answer writes b to the client. b is built on c.acks, and becomes the next c.acks.
func (c *serverConn) answer(now time.Time, b []byte) error {
	if now.Sub(c.wrote) >= time.Second {
		c.wrote = now
		_ = c.raw.SetWriteDeadline(now.Add(ackTimeout + time.Second))
	}
	c.acks = b
	_, err := c.conn.Write(b)
	return err
}
