package netcore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	base "example.com/zaphandlers/zapcore"
)

func knownNetwork(network string) bool {
	switch network {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram":
		return true
	}
	return false
}

func isUDP(network string) bool { return strings.HasPrefix(network, "udp") }

// isDatagram tells whether a network of that name keeps the borders of what is written to it.
func isDatagram(network string) bool { return isUDP(network) || network == "unixgram" }

// connected returns the connection, a fresh one if there is none or the peer has left it. What it waits for ends at start
// plus Timeout.
func (e *Emitter) connected(start time.Duration) (l *link, fresh bool, err error) {
	if e.interrupted.Load() {
		return nil, false, ErrClosed
	}
	if l := e.link; l != nil {
		if l.lives(start) {
			return l, false, nil
		}
		e.drop(l, nil)
	}
	deadline := start + e.cfg.Timeout
	if l, err = e.connect(e.born.Add(deadline)); err == nil {
		err = e.setDeadline(l, deadline)
	}
	if err != nil {
		e.forget()
		if errors.Is(err, ErrClosed) {
			return nil, false, err
		}
		return nil, false, &base.RetryError{Err: err}
	}
	e.link = l
	l.checked = start
	if e.troubled {
		e.troubled = false
		e.news.post(e.cfg.Report.Recovered)
	}
	return l, true, nil
}

// drop gives a connection up because of cause, or of what its reader has seen if cause is nil, and reports it if records may
// have been lost with it.
func (e *Emitter) drop(l *link, cause error) {
	l.cut()
	if cause == nil && !l.datagram {
		cause = l.failure()
	}
	e.forget()
	switch {
	case cause == nil || e.acked != nil:
	case l.datagram:
		// Only UDP says later that a datagram did not arrive; on a unix socket the one in hand did not.
		if isUDP(l.conn.LocalAddr().Network()) && !isTimeout(cause) {
			e.complain(fmt.Errorf("%w: the datagram before may be lost", e.failed("write", cause)), 1)
		}
	default:
		e.complain(fmt.Errorf("%w: what was sent last may be lost", e.failed("connection to", cause)), 0)
	}
}

// complain reports what no caller is told.
func (e *Emitter) complain(err error, records int) {
	e.troubled = true
	e.news.post(func() { e.cfg.Report.Failed(err, records) })
}

func (e *Emitter) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.link, e.conn, e.cancel = nil, nil, nil
}

// connect dials, does the handshakes and starts the reader.
func (e *Emitter) connect(deadline time.Time) (*link, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if err := e.begin(nil, cancel); err != nil {
		return nil, err
	}
	conn, err := e.dial(ctx)
	if err != nil {
		return nil, e.failed("dial", err)
	}
	l := &link{conn: conn, raw: below(conn), framing: e.cfg.Framing}
	if err := e.begin(l.raw, cancel); err != nil {
		_ = l.raw.Close()
		return nil, err
	}
	if l.datagram = isDatagram(conn.LocalAddr().Network()); l.datagram {
		l.framing = e.cfg.DatagramFraming
		if e.cfg.Key != nil {
			l.seal = newDatagramSeal(e.cfg.Key)
		}
		return l, nil
	}
	if err := e.greet(ctx, l, deadline); err != nil {
		if l.done != nil {
			l.cut()
		}
		_ = l.raw.Close()
		return nil, err
	}
	return l, nil
}

// begin makes what is being opened known to Interrupt.
func (e *Emitter) begin(conn net.Conn, cancel context.CancelFunc) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.interrupted.Load() {
		return ErrClosed
	}
	e.conn, e.cancel = conn, cancel
	return nil
}

// greet does what comes before the first record on a stream.
func (e *Emitter) greet(ctx context.Context, l *link, deadline time.Time) error {
	_ = l.raw.SetDeadline(deadline)
	var verdict *verdict
	if e.cfg.TLS != nil {
		var cfg *tls.Config
		cfg, verdict = watchVerdict(e.cfg.TLS)
		conn := tls.Client(l.raw, cfg)
		if err := conn.HandshakeContext(ctx); err != nil {
			return e.failed("TLS handshake with", err)
		}
		l.conn = conn
	}
	hear, err := e.hello(l)
	if err != nil {
		return e.failed("greeting", err)
	}
	_ = l.raw.SetReadDeadline(time.Time{})
	l.peek = newPeek(l.raw)
	l.done = make(chan struct{})
	go l.read(hear)
	if verdict.await(ctx, l) {
		return e.failed("TLS handshake with", l.err)
	}
	return nil
}

// dial calls the Dial of the configuration. A Dial that does not obey its context is left behind; what it returns later is
// closed.
func (e *Emitter) dial(ctx context.Context) (net.Conn, error) {
	if e.cfg.Dial == nil {
		var d net.Dialer
		return d.DialContext(ctx, e.cfg.Network, e.cfg.Address)
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
		r.conn, r.err = e.cfg.Dial(ctx, e.cfg.Network, e.cfg.Address)
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

// failed says what could not be done with which destination. Local ports are left out, so that the same failure reads the same.
func (e *Emitter) failed(what string, err error) error {
	if err == nil || errors.Is(err, ErrClosed) {
		return err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		err = op.Err
	}
	return fmt.Errorf("%s: %s %s %s: %w", e.cfg.Name, what, e.cfg.Network, e.cfg.Address, err)
}

// announcer tells the user news in order, and on a goroutine that lives only as long as there are any: the Emitter learns
// them under its Handler's lock, where no code of the user may run.
type announcer struct {
	mu      sync.Mutex // guards the field below
	waiting []func()   // the first is being told
}

func (a *announcer) post(tell func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = append(a.waiting, tell)
	if len(a.waiting) == 1 {
		go a.run()
	}
}

func (a *announcer) run() {
	for {
		a.mu.Lock()
		tell := a.waiting[0]
		a.mu.Unlock()
		tell()
		a.mu.Lock()
		a.waiting = a.waiting[1:]
		last := len(a.waiting) == 0
		a.mu.Unlock()
		if last {
			return
		}
	}
}
