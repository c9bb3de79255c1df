package netcore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/session"
)

// serverConn reads one stream.
//
//	      from                to
//	buf  ░░│ frame │ frame │ par… │ free …
//
// The buffer starts small and grows with what has arrived, never with what a length announces. So a connection costs what it sends.
type serverConn struct {
	server  *Server
	raw     net.Conn
	conn    net.Conn // raw, or TLS over it
	batcher batcher

	seal        *session.Seal
	acks        []byte           // buffer for answers; owned by serve
	session     *session.Session // nil before the client's hello, and without Ack
	sequence    uint64           // number of the next frame
	unconfirmed bool             // Target did not take a frame of the session, so no later one may be confirmed

	buf      []byte
	from, to int
	filled   bool // the last read filled buf
	skip     int  // bytes left of a frame that is too large
	skipping bool // such a frame ends at the next separator
	framed   bool // the first frame has begun: there is no PROXY header any more

	passing *session.Passing // checks the signature of the frame that skip counts; nil if it is not signed

	completed time.Time // when the read deadline was last renewed
	wrote     time.Time // when the write deadline was last renewed

	begun      time.Time    // when the connection was accepted
	idle       atomic.Int64 // when the last frame completed, as Server.stamp; 0: none has
	frameSince atomic.Int64 // when the frame under way began, likewise; 0: none is
	drainBy    atomic.Int64 // end when the connection is quiet, and at the latest at this time, likewise; 0: do not end
	evicted    bool         // guarded by Server.mu
	greeted    bool         // the handshake has begun
	closing    bool         // reading has ended, and only closing is left
}

const (
	firstBuf  = 4 << 10
	steadyBuf = 256 << 10 // the largest buffer that a busy connection reads into at once

	handshakeTimeout = 10 * time.Second
	ackTimeout       = 5 * time.Second

	// In Shutdown:
	backlog     = 20 * time.Millisecond  // for connections that are established but not yet accepted
	maxBacklogs = 50                     // how often backlog is granted, while connections come
	quiet       = 100 * time.Millisecond // without input, after which a connection has nothing more on its way

	resetDelay      = 20 * time.Millisecond // for a client to read the answer, before its connection is reset
	evictionTimeout = time.Second           // for a connection that makes room for another
	closeTimeout    = 5 * time.Second       // of Close, for Target
)

func newServerConn(s *Server, conn net.Conn) *serverConn {
	c := &serverConn{server: s, raw: conn, conn: conn, batcher: newBatcher(s), sequence: 1, begun: time.Now()}
	if s.cfg.TLS != nil {
		c.conn = tls.Server(conn, s.cfg.TLS)
	}
	return c
}

// serve reads until the connection ends. It may be called again, if user code has ended the goroutine.
func (c *serverConn) serve() {
	err := c.begin()
	for err == nil {
		if err = c.read(); errors.Is(err, os.ErrDeadlineExceeded) && c.mayBeIdle() {
			c.completed = time.Time{}
			c.resize(firstBuf)
			c.batcher.tapes = nil
			c.renew(time.Now())
			err = nil
		}
	}
	c.end(err)
	if unread(err) {
		resetConnection(c.raw)
	} else if t, ok := c.conn.(*tls.Conn); ok {
		_ = t.SetWriteDeadline(time.Now().Add(quiet))
		_ = t.CloseWrite()
	}
	_ = c.raw.Close()
	c.resize(0)
}

// unread reports whether err means that what the client has sent was not read, and never will be.
func unread(err error) bool {
	return errors.Is(err, errUnframed) || errors.Is(err, errNoMemory) || errors.Is(err, errGreeting)
}

// resetConnection ends a connection with a reset. After an orderly end, a client without confirmations would count everything as
// delivered. First the client gets a moment to read the last answer.
func resetConnection(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(resetDelay))
	_, _ = io.Copy(io.Discard, conn)
	if t, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
	}
}

var errEnding = errors.New("it has ended")

// begin does the handshake, or continues what an earlier call of serve had begun.
func (c *serverConn) begin() error {
	switch {
	case c.closing, c.unconfirmed:
		return errEnding
	case c.greeted:
		return c.frames(time.Now())
	}
	c.greeted = true
	return c.handshake()
}

// end reports how the connection ended, once.
func (c *serverConn) end(err error) {
	if c.closing {
		return
	}
	c.closing = true
	switch {
	case c.server.isClosed() || errors.Is(err, net.ErrClosed):
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrDeadlineExceeded):
		if c.from < c.to || c.skip > 0 {
			c.refuse(fmt.Errorf("connection ended inside a frame: %w", connection.Steady(err)))
		}
	default:
		c.server.reportError(fmt.Errorf("from %s: connection closed: %w", host(c.raw), connection.Steady(err)), 0)
	}
}

func (c *serverConn) refuse(err error) {
	c.server.count(func(s *ServerStats) { s.Refused++ })
	c.server.reportError(fmt.Errorf("from %s: %w", host(c.raw), err), 1)
}

// handshake does what precedes the first frame.
func (c *serverConn) handshake() error {
	_ = c.raw.SetDeadline(time.Now().Add(handshakeTimeout))
	if t, ok := c.conn.(*tls.Conn); ok {
		if err := t.HandshakeContext(context.Background()); err != nil {
			return withoutTLS(err)
		}
	}
	if key := c.server.cfg.Key; key != nil {
		var err error
		if c.seal, err = session.AcceptSigned(c.conn, key); err != nil {
			return err
		}
	}
	if c.server.cfg.Ack {
		c.sequence = 0
	}
	if !c.resize(firstBuf) {
		return errNoMemory
	}
	_ = c.raw.SetDeadline(time.Time{})
	c.renew(time.Now())
	return nil
}

// mayBeIdle reports whether a deadline that has passed may be ignored: no frame has begun, and idle connections are kept.
func (c *serverConn) mayBeIdle() bool {
	return c.server.cfg.IdleTimeout == 0 && !c.inside() && c.drainBy.Load() == 0 && !c.server.isClosed()
}

// renew extends the read deadline, but not more often than necessary.
func (c *serverConn) renew(now time.Time) {
	limit := c.server.cfg.IdleTimeout
	if limit == 0 {
		limit = frameTimeout
	}
	if now.Sub(c.completed) >= min(time.Second, limit/8) {
		c.completed = now
		_ = c.raw.SetReadDeadline(now.Add(limit))
	}
	c.stayQuiet()
}

// stayQuiet gives a draining connection a moment for what is still arriving. The time that Target took does not count.
func (c *serverConn) stayQuiet() {
	by := c.drainBy.Load()
	if by == 0 && c.server.draining.Load() {
		by = math.MaxInt64
	}
	if by != 0 {
		now := time.Now()
		_ = c.raw.SetReadDeadline(now.Add(min(quiet, time.Duration(by-c.server.stamp(now)))))
	}
}

// drain makes the connection end when it is quiet, or after timeout; 0 is no limit. A client of this package that sees the end of the
// stream connects elsewhere.
func (c *serverConn) drain(timeout time.Duration) {
	by := int64(math.MaxInt64)
	if timeout > 0 {
		by = c.server.stamp(time.Now().Add(timeout))
	}
	c.drainBy.Store(by)
	if t, ok := c.raw.(interface{ CloseWrite() error }); ok && !c.server.cfg.Ack {
		_ = t.CloseWrite()
	}
	_ = c.raw.SetReadDeadline(time.Now().Add(quiet))
}

// read reads once, and delivers the complete frames.
func (c *serverConn) read() error {
	if !c.makeRoom() {
		return errNoMemory
	}
	between, before := !c.inside(), c.sequence
	n, err := c.conn.Read(c.buf[c.to:])
	c.to += n
	c.filled = c.to == len(c.buf)
	if n > 0 {
		now := time.Now()
		if frameErr := c.frames(now); frameErr != nil {
			return frameErr
		}
		switch {
		case !c.inside():
			if c.frameSince.Swap(0) != 0 {
				c.renew(now)
			}
		case between || c.sequence != before:
			c.frameSince.Store(c.server.stamp(now))
			beginFrame(c, now)
		}
		c.stayQuiet()
	}
	return err
}

// withoutTLS explains why a TLS handshake failed, if the reason is known: a PROXY header cannot be skipped before TLS.
func withoutTLS(err error) error {
	var header tls.RecordHeaderError
	if !errors.As(err, &header) {
		return err
	}
	if first := string(header.RecordHeader[:]); first == "PROXY" || strings.HasPrefix(proxySignature, first) {
		return fmt.Errorf("the stream begins with a header of the PROXY protocol, and has to begin with TLS: %w", err)
	}
	return err
}

// inside reports whether a frame has begun.
func (c *serverConn) inside() bool { return c.from < c.to || c.skip > 0 || c.skipping }

// makeRoom makes room to read into. A connection that filled its buffer gets a larger one. It returns false if there is no memory.
func (c *serverConn) makeRoom() bool {
	if c.filled && len(c.buf) < c.server.steadySize() && c.resize(2*len(c.buf)) {
		return true
	}
	if c.to < len(c.buf) {
		return true
	}
	if c.from > 0 {
		c.to = copy(c.buf, c.buf[c.from:c.to])
		c.from = 0
		return true
	}
	return c.resize(2 * len(c.buf))
}

var errNoMemory = errors.New("no memory left for it: MaxMemory")

// resize gives the connection a buffer of n bytes. It returns false if there is no memory for it.
func (c *serverConn) resize(n int) bool {
	grown := int64(n - len(c.buf))
	if c.server.memory.Add(grown) > int64(c.server.cfg.MaxMemory) && grown > 0 {
		c.server.memory.Add(-grown)
		return false
	}
	buf := make([]byte, n)
	c.to = copy(buf, c.buf[c.from:c.to])
	c.buf, c.from = buf, 0
	return true
}
