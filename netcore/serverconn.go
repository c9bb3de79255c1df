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
// The buffer begins small and grows with what has arrived, never with what a length announces, so a connection costs what it
// sends.
type serverConn struct {
	server  *Server
	raw     net.Conn
	conn    net.Conn // raw, or TLS over it
	batcher batcher

	seal        *session.Seal
	acks        []byte           // owned by serve
	session     *session.Session // nil before the client's hello, and without Ack
	sequence    uint64           // of the next frame
	unconfirmed bool             // Target did not take a frame of the session: no later one may be confirmed

	buf      []byte
	from, to int
	filled   bool // by the last read
	skip     int  // bytes of a frame too large that are still to come
	skipping bool // up to the next separator
	framed   bool // frames have begun

	passing *session.Passing // the frame that skip is about, if it is signed

	completed time.Time // when the deadline was last renewed
	wrote     time.Time

	begun      time.Time
	idle       atomic.Int64 // since when, as Server.stamp has it; 0: before the first frame
	frameSince atomic.Int64 // since when it is inside a frame, likewise; 0: it is not
	drainBy    atomic.Int64 // it ends when it is quiet, and at the latest then, likewise; 0: it does not
	evicted    bool         // guarded by Server.mu
	greeted    bool         // its handshake is over
	closing    bool         // it has ended, and only has to be closed
}

const (
	firstBuf  = 4 << 10
	steadyBuf = 256 << 10 // a connection that is busy reads as much at once

	handshakeTimeout = 10 * time.Second
	ackTimeout       = 5 * time.Second

	// In Shutdown:
	backlog  = 20 * time.Millisecond  // for connections that were made and not served yet
	backlogs = 50                     // how often that is, while some come
	quiet    = 100 * time.Millisecond // after which a connection has nothing more on its way

	lastWords        = 20 * time.Millisecond // for a client to read what it was told, before its connection is reset
	evictionPatience = time.Second           // with one that is to make room for another
	closePatience    = 5 * time.Second       // of Close, with Target
)

func newServerConn(s *Server, conn net.Conn) *serverConn {
	c := &serverConn{server: s, raw: conn, conn: conn, batcher: newBatcher(s), sequence: 1, begun: time.Now()}
	if s.cfg.TLS != nil {
		c.conn = tls.Server(conn, s.cfg.TLS)
	}
	return c
}

// serve reads until the connection ends. It may be called again if code of the user's has ended the goroutine.
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
		abandon(c.raw)
	} else if t, ok := c.conn.(*tls.Conn); ok {
		_ = t.SetWriteDeadline(time.Now().Add(quiet))
		_ = t.CloseWrite()
	}
	_ = c.raw.Close()
	c.resize(0)
}

// unread tells whether err means that what the client has sent was not read, and will not be.
func unread(err error) bool {
	return errors.Is(err, errUnframed) || errors.Is(err, errNoMemory) || errors.Is(err, errGreeting)
}

// abandon has a connection end with a reset: a client to which nothing is confirmed would take everything for delivered. Before that it has
// a moment to read what it was told.
func abandon(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(lastWords))
	_, _ = io.Copy(io.Discard, conn)
	if t, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0)
	}
}

var errEnding = errors.New("it has ended")

// begin does the handshake, or takes up what serve had begun.
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

// end tells how the connection ended.
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

// handshake does what comes before the first frame.
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

// mayBeIdle tells whether a deadline that has passed is none for this connection: nothing of a frame has come.
func (c *serverConn) mayBeIdle() bool {
	return c.server.cfg.IdleTimeout == 0 && !c.inside() && c.drainBy.Load() == 0 && !c.server.isClosed()
}

// renew puts the deadline off, but not more often than it must. A connection that is draining ends when it is quiet.
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

// stayQuiet gives a connection that is draining a moment for what is still on its way. The time that Target took is none of it.
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

// drain makes the connection end when it is quiet, or when patience has passed; 0 is without end. A client of this package that
// sees the end of the stream goes elsewhere.
func (c *serverConn) drain(patience time.Duration) {
	by := int64(math.MaxInt64)
	if patience > 0 {
		by = c.server.stamp(time.Now().Add(patience))
	}
	c.drainBy.Store(by)
	if t, ok := c.raw.(interface{ CloseWrite() error }); ok && !c.server.cfg.Ack {
		_ = t.CloseWrite()
	}
	_ = c.raw.SetReadDeadline(time.Now().Add(quiet))
}

// read reads once, and delivers what is complete.
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

// withoutTLS says what a handshake failed at if that is known: with TLS a header before it cannot be left out.
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

// inside tells whether a frame was begun.
func (c *serverConn) inside() bool { return c.from < c.to || c.skip > 0 || c.skipping }

// makeRoom sees that there is room to read into. A connection that filled its buffer gets a larger one.
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

// resize gives the connection a buffer of n bytes, if there is memory for it.
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
