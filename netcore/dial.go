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
		if l.lives(start) && !e.moved(start) {
			return l, false, nil
		}
		if err := e.drop(l, nil); err != nil {
			return nil, false, err
		}
	}
	deadline := start + e.cfg.Timeout
	l, err = e.connect(e.born.Add(deadline))
	if errors.Is(err, errNewSession) {
		e.reportDropped()
		l, err = e.connect(e.born.Add(deadline))
	}
	if err == nil {
		err = e.setDeadline(l, deadline)
	}
	if err != nil {
		e.forget()
		if e.interrupted.Load() {
			return nil, false, ErrClosed
		}
		return nil, false, &base.RetryError{Err: err}
	}
	e.link = l
	l.checked = start
	return l, true, nil
}

// moved tells whether the name of a destination over UDP no longer means the address that datagrams go to.
func (e *Emitter) moved(now time.Duration) bool { return e.addresses != nil && e.addresses.moved(now) }

// drop gives a connection up because of cause, or of what its reader has seen if cause is nil. It reports and counts what is
// lost with it. It returns an error if the destination is to be left alone before the next attempt.
func (e *Emitter) drop(l *link, cause error) error {
	if cause == nil && !l.datagram {
		cause = l.failure()
	}
	if isReset(cause) {
		cause = errReset
	}
	var again error
	switch now := e.now(); {
	case cause == nil:
		e.brief = false
	case l.datagram:
		again = e.dropDatagrams(l, cause, now)
	default:
		again = e.dropStream(l, cause, now)
	}
	l.cut()
	e.forget()
	return again
}

// errReset stands for what systems say in several ways.
var errReset = errors.New("connection reset by peer")

// dropStream judges a stream that has failed. One that did not last is opened again at once the first time, and then only after
// a backoff.
func (e *Emitter) dropStream(l *link, cause error, now time.Duration) (again error) {
	err := e.failed("connection to", cause)
	early := now-l.born < e.cfg.RetryStart
	if e.acked != nil && e.acked.confirmed.Load() > l.confirmed {
		early = false // it was of use
	}
	if early && e.brief {
		again = &base.RetryError{Err: err}
	} else {
		e.brief = early
	}
	if e.acked != nil {
		return again // what was not confirmed is sent again
	}
	lost := uint64(0)
	if cause == errReset {
		lost = l.lost(now, e.cfg.RetryStart)
	}
	e.complain(fmt.Errorf("%w: what was sent last may be lost", err), lost)
	return again
}

// dropDatagrams judges a socket for datagrams that has failed. Only UDP says later that one did not arrive; on a unix socket the
// one in hand did not.
func (e *Emitter) dropDatagrams(l *link, cause error, now time.Duration) (again error) {
	if !isUDP(l.conn.LocalAddr().Network()) || isTimeout(cause) {
		return nil
	}
	err := e.failed("write", cause)
	lost := min(1, l.written.frames)
	if now-l.born < e.cfg.RetryStart {
		lost = l.written.frames // nobody has ever listened there
	}
	if l.written.frames > 0 {
		e.complain(fmt.Errorf("%w: the datagram before may be lost", err), lost)
	}
	if (isRefused(cause) || isUnreachable(cause)) && (e.addresses == nil || !e.addresses.refused()) {
		return &base.RetryError{Err: err}
	}
	return nil
}

// complain reports what no caller is told, and counts what was taken and is lost.
func (e *Emitter) complain(err error, lost uint64) {
	e.lost += lost
	e.troubled, e.works = true, 0
	e.news.post(func() { e.cfg.Report.Failed(err, int(lost)) })
}

// succeeded notes that the destination took something. Where it does not confirm that, a failure is over only when success has
// held for a while.
func (e *Emitter) succeeded(l *link, now time.Duration) {
	if e.addresses != nil && now-l.born >= e.cfg.RetryStart {
		e.addresses.held()
	}
	switch {
	case !e.troubled:
	case e.works == 0:
		e.works = now
	case now-e.works >= e.cfg.RetryStart:
		e.recovered()
	}
}

func (e *Emitter) recovered() {
	e.troubled, e.works = false, 0
	e.news.post(e.cfg.Report.Recovered)
}

func (e *Emitter) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.link, e.conn, e.cancel, e.opening = nil, nil, nil, false
}

// connect dials, does the handshakes and starts the reader.
func (e *Emitter) connect(deadline time.Time) (*link, error) {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if err := e.begin(nil, cancel); err != nil {
		return nil, err
	}
	begun := e.now()
	conn, err := e.dial(ctx)
	if err != nil {
		return nil, e.failed("dial", err)
	}
	l := &link{conn: conn, raw: below(conn), framing: e.cfg.Framing, born: e.now()}
	l.peek = newPeek(l.raw)
	if err := e.begin(l.raw, cancel); err != nil {
		_ = l.raw.Close()
		return nil, err
	}
	if l.datagram = isDatagram(conn.LocalAddr().Network()); l.datagram {
		l.framing = e.cfg.DatagramFraming
		if e.cfg.Key != nil {
			l.seal = newDatagramSeal(e.cfg.Key)
		}
		return l, e.opened()
	}
	if err = e.greet(ctx, l, deadline); err == nil {
		err = e.earlyEnd(ctx, l, l.born-begun)
	}
	if err == nil {
		err = e.opened()
	}
	if err != nil {
		if l.done != nil {
			l.cut()
		}
		_ = l.raw.Close()
		return nil, err
	}
	return l, nil
}

const (
	minGrace = 5 * time.Millisecond
	maxGrace = 50 * time.Millisecond
)

// earlyEnd returns an error if the peer closes a connection at once, as a proxy without a server behind it does, or a daemon
// that has enough of them. Only a moment of silence tells: what is written in it is lost. A peer that has answered something,
// in a handshake of TLS or of ours, is there.
func (e *Emitter) earlyEnd(ctx context.Context, l *link, took time.Duration) error {
	if e.cfg.TLS != nil || e.cfg.Key != nil || e.acked != nil {
		return nil
	}
	grace := min(max(2*took, minGrace), maxGrace)
	if e.brief {
		grace = maxGrace
	}
	timer := time.NewTimer(min(grace, e.cfg.Timeout/4))
	defer timer.Stop()
	select {
	case <-l.done:
		return e.failed("connection to", errEarlyEnd)
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// errEarlyEnd is how a connection ended on which nothing was sent yet.
var errEarlyEnd = errors.New("closed by the peer at once")

// begin makes what is being opened known to Interrupt.
func (e *Emitter) begin(conn net.Conn, cancel context.CancelFunc) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.interrupted.Load() {
		return ErrClosed
	}
	e.conn, e.cancel, e.opening = conn, cancel, true
	return nil
}

// opened ends what begin began: from now on Interrupt leaves the reader alone.
func (e *Emitter) opened() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.interrupted.Load() {
		return ErrClosed
	}
	e.cancel, e.opening = nil, false
	return nil
}

// readUnbounded lets the reader wait for as long as the connection lasts.
func (e *Emitter) readUnbounded(l *link) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.interrupted.Load() {
		return ErrClosed
	}
	e.opening = false
	return l.raw.SetReadDeadline(time.Time{})
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
	if err := e.readUnbounded(l); err != nil {
		return err
	}
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
		if e.addresses != nil {
			return e.addresses.dial(ctx, e.now())
		}
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

// failed says what could not be done with which destination, the same failure in the same words each time.
func (e *Emitter) failed(what string, err error) error {
	if err == nil || errors.Is(err, ErrClosed) {
		return err
	}
	return fmt.Errorf("%s: %s %s %s: %w", e.cfg.Name, what, e.cfg.Network, e.cfg.Address, steady(err))
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
