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
	local := conn.LocalAddr() // which what a Dial returns may not have
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

// checkKind returns an error if a Dial has made datagrams where a stream was asked for, or the reverse: without TLS all would go in
// clear.
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

// waitForEarlyEnd returns an error if the peer closes a connection at once, as a proxy without a server behind it does, or a daemon
// that has enough of them; where only its side may be closed, the first frame has to tell. Only a moment of silence shows it: what
// is written in it is lost. A peer that has answered something, in a handshake of TLS or of the user's, is there.
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
			if c.peek.hasLeft() { // and the reader did not have its turn on the processor yet
				<-c.done
				return c.earlyEnd()
			}
			if !c.peek.hasSaid() || d.Now() >= end {
				return nil
			}
			timer.Reset(minGrace / 5) // likewise
		case <-ctx.Done():
			return nil
		}
	}
}

// earlyEnd judges the end of a connection on which nothing was sent yet.
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

// ErrEarlyEnd is how a connection ended on which nothing was sent yet.
var ErrEarlyEnd = errors.New("closed by the peer at once")

// begin makes what is being opened known to Interrupt.
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

// readUnbounded lets the reader wait for as long as the connection lasts, and Interrupt leave it alone.
func (d *Dialer) readUnbounded(c *Conn) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.interrupted.Load() {
		return ErrInterrupted
	}
	d.opening = false
	return c.raw.SetReadDeadline(time.Time{})
}

// shakeHands does what comes before the first frame on a stream, and starts the reader.
func (d *Dialer) shakeHands(ctx context.Context, c *Conn, deadline time.Time) (err error) {
	_ = c.raw.SetDeadline(deadline)
	var verdict *verdict
	if d.cfg.TLS != nil {
		var cfg *tls.Config
		cfg, verdict = watchVerdict(d.cfg.TLS)
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
	if verdict.await(ctx, c) {
		return failed("TLS handshake with", c.err)
	}
	return nil
}

// ignore receives what nobody wants.
func ignore([]byte) ([]byte, error) { return nil, nil }

// dial calls the Dial of the configuration. A Dial that does not obey its context is left behind; what it returns later is
// closed.
func (d *Dialer) dial(ctx context.Context) (net.Conn, error) {
	if d.cfg.Dial == nil {
		if d.names != nil {
			return d.names.dial(ctx, d.Now())
		}
		return d.resolver.Dial(ctx, new(net.Dialer), d.cfg.Network, d.cfg.Address)
	}
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
