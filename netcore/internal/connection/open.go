package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// open dials, does the handshakes and starts the reader.
func (d *Dialer) open(deadline time.Time) (*Conn, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if err := d.begin(nil, cancel); err != nil {
		return nil, err
	}
	begun := d.Now()
	conn, err := d.dial(ctx)
	if err != nil {
		return nil, failed("dial", err)
	}
	c := &Conn{net: conn, raw: below(conn), dialer: d, useful: d.cfg.Useful, born: d.Now()}
	c.peek = newPeek(c.raw)
	c.silence.since = c.born
	if err := d.begin(c.raw, cancel); err != nil {
		_ = c.raw.Close()
		return nil, err
	}
	local := conn.LocalAddr() // nil for some connections of a user's Dial
	c.datagram = local != nil && IsDatagram(local.Network())
	if err = d.checkKind(c.datagram); err == nil && !c.datagram {
		if err = d.shakeHands(ctx, c, deadline); err == nil {
			err = d.waitForEarlyEnd(ctx, c, c.born-begun)
		}
	}
	if err == nil {
		err = d.opened()
	}
	if err != nil {
		d.resolver.Pass()
		c.abort()
		return nil, err
	}
	return c, nil
}

// checkKind returns an error if a Dial made datagrams where a stream is needed, or the reverse. Without it TLS would be left out
// silently.
func (d *Dialer) checkKind(datagram bool) error {
	is, what, needs := "a stream", d.cfg.Datagrams, "datagrams"
	if datagram {
		is, what, needs = "one of datagrams", d.cfg.Stream, "a stream"
		if d.cfg.TLS != nil {
			what = "TLS"
		}
	}
	if what == "" {
		return nil
	}
	return failed("dial", fmt.Errorf("the connection is %s, and %s needs %s", is, what, needs))
}

const (
	minGrace = 5 * time.Millisecond
	maxGrace = 50 * time.Millisecond
)

// waitForEarlyEnd returns an error if the peer closes a new connection at once, as a proxy without a backend does, or a daemon with
// too many connections. Only waiting shows it, and anything written meanwhile would be lost. A peer that has answered in a handshake
// is there. If the peer may have closed only its sending side, the fate of the first frame tells.
func (d *Dialer) waitForEarlyEnd(ctx context.Context, c *Conn, took time.Duration) error {
	if d.cfg.TLS != nil || d.cfg.Handshake != nil && !d.cfg.Unanswered {
		return nil
	}
	grace := min(max(2*took, minGrace), maxGrace)
	if d.brief {
		grace = maxGrace
	}
	grace = min(grace, d.cfg.Timeout/4)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for end := d.Now() + grace + maxGrace; ; {
		select {
		case <-c.done:
			return c.earlyEnd()
		case <-timer.C:
			if c.peek.hasLeft() { // the reader has not been scheduled yet
				<-c.done
				return c.earlyEnd()
			}
			if !c.peek.hasInput() || d.Now() >= end {
				return nil
			}
			timer.Reset(minGrace / 5) // the reader has not been scheduled yet
		case <-ctx.Done():
			return nil
		}
	}
}

// earlyEnd judges the end of a connection on which nothing was sent yet. It returns nil if the peer may still read.
func (c *Conn) earlyEnd() error {
	if c.refusal != nil {
		return failed("greeting", c.refusal)
	}
	if !errors.Is(c.err, io.EOF) || c.raw != c.net || !c.peek.tellsReceipt() {
		return failed("connection to", ErrEarlyEnd)
	}
	c.half = halfUnproven
	return nil
}

// ErrEarlyEnd is the error of a connection that ended before anything was sent.
var ErrEarlyEnd = errors.New("closed by the peer at once")

// begin registers the connection being opened, for Interrupt.
func (d *Dialer) begin(conn net.Conn, cancel context.CancelFunc) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.interrupted.Load() {
		return ErrInterrupted
	}
	d.conn, d.cancel, d.opening = conn, cancel, true
	return nil
}

// opened ends what begin began.
func (d *Dialer) opened() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.interrupted.Load() {
		return ErrInterrupted
	}
	d.cancel, d.opening = nil, false
	return nil
}

// readUnbounded removes the read deadline for the reader, and has Interrupt leave reading alone.
func (d *Dialer) readUnbounded(c *Conn) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.interrupted.Load() {
		return ErrInterrupted
	}
	d.opening = false
	return c.raw.SetReadDeadline(time.Time{})
}

// shakeHands does what precedes the first frame on a stream, and starts the reader.
func (d *Dialer) shakeHands(ctx context.Context, c *Conn, deadline time.Time) (err error) {
	_ = c.raw.SetDeadline(deadline)
	if d.cfg.TLS != nil {
		var cfg *tls.Config
		cfg, c.verdict = watchVerdict(d.cfg.TLS)
		c.sent = &counted{Conn: c.raw}
		conn := tls.Client(c.sent, cfg)
		if err := conn.HandshakeContext(ctx); err != nil {
			return failed("TLS handshake with", err)
		}
		c.net = conn
	}
	receive := ignore
	if d.cfg.Handshake != nil {
		if receive, err = d.cfg.Handshake(c); err != nil {
			return failed("greeting", err)
		}
	}
	if err := d.readUnbounded(c); err != nil {
		return err
	}
	c.done = make(chan struct{})
	go c.read(receive)
	if c.verdict.await(ctx, c) {
		return failed("TLS handshake with", c.err)
	}
	return nil
}

// ignore receives and discards.
func ignore([]byte) ([]byte, error) { return nil, nil }

// dial dials, by the configuration's Dial if there is one.
func (d *Dialer) dial(ctx context.Context) (net.Conn, error) {
	switch {
	case d.cfg.Dial != nil:
		return d.callDial(ctx)
	case d.names != nil:
		return d.names.dial(ctx, d.Now())
	default:
		return d.resolver.Dial(ctx, new(net.Dialer), d.cfg.Network, d.cfg.Address)
	}
}

// callDial calls the configuration's Dial. If it does not obey its context, it is left behind, and the connection that it returns later
// is closed.
func (d *Dialer) callDial(ctx context.Context) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	results := make(chan result)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("the Dial hook panicked: %v", p)
			}
			select {
			case results <- r:
			case <-ctx.Done():
				if r.conn != nil {
					_ = r.conn.Close()
				}
			}
		}()
		r.conn, r.err = d.cfg.Dial(ctx, d.cfg.Network, d.cfg.Address)
	}()
	select {
	case r := <-results:
		if r.err == nil && r.conn == nil {
			r.err = errors.New("the Dial hook returned no connection")
		}
		return r.conn, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
