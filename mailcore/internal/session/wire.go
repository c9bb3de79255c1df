package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"example.com/zaphandlers/internal/hosts"
)

// wire is the connection below the dialogue. Nothing on it takes longer than the earliest of three times: the deadline of the step,
// the limit of the call, and the limit that Interrupt has set.
type wire struct {
	timeout time.Duration
	dial    func(ctx context.Context, network, addr string) (net.Conn, error) // nil: a net.Dialer's

	resolver hosts.Resolver

	mu          sync.Mutex // guards the fields below, because interrupt may come at any time
	conn        *meteredConn
	deadline    time.Time // of conn
	callLimit   time.Time // limits the deadlines of this call; zero: no limit
	finalLimit  time.Time // limits the deadlines of all calls; zero: no limit
	interrupted bool
	cancelHook  context.CancelFunc // while user code or a dialer runs
}

// maxAnswer limits what the server may send in one exchange, in bytes. An answer is a few lines, a TLS handshake a few certificates.
const maxAnswer = 256 << 10

// meteredConn is a connection that fails when the other side sends too much: net/textproto would keep all of it.
type meteredConn struct {
	net.Conn
	left int // bytes that may be read before the next exchange
}

var errTooLong = errors.New("the server's answer is too long")

func (c *meteredConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// connect makes the connection, within d.
func (w *wire) connect(addr string, d time.Duration) (net.Conn, error) {
	var conn net.Conn
	var err error
	if w.dial == nil { // a net.Dialer obeys its context, so it needs no goroutine
		ctx, end := w.contextFor(d)
		defer end()
		conn, err = w.resolver.Dial(ctx, new(net.Dialer), "tcp", addr)
	} else {
		conn, err = callHook(w, d, "Config.Dial", func(ctx context.Context) (net.Conn, error) { return w.dial(ctx, "tcp", addr) }, closeConn)
	}
	if err != nil {
		return nil, err
	}
	if conn == nil {
		return nil, errors.New("Config.Dial returned neither a connection nor an error")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn = &meteredConn{Conn: conn}
	return w.conn, nil
}

func closeConn(conn net.Conn) {
	if conn != nil {
		_ = conn.Close()
	}
}

// callHook calls user code, with a context that ends after d, or earlier if Close comes.
func callHook[T any](w *wire, d time.Duration, who string, hook func(context.Context) (T, error), discard func(T)) (T, error) {
	ctx, end := w.contextFor(d)
	defer end()
	return await(ctx, who, func() (T, error) { return hook(ctx) }, discard)
}

// contextFor returns a context that ends after d, earlier if Close comes, and by end.
func (w *wire) contextFor(d time.Duration) (ctx context.Context, end func()) {
	ctx, cancel := context.WithDeadline(context.Background(), w.allowed(d))
	w.setCancel(cancel)
	return ctx, func() {
		w.setCancel(nil)
		cancel()
	}
}

func (w *wire) setCancel(cancel context.CancelFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cancelHook = cancel
}

// hookGrace is how long user code has, after its context has ended, to return with its own error.
const hookGrace = 100 * time.Millisecond

// await runs user code and returns its results, or an error soon after ctx has ended. User code that does not obey its context is
// left behind, and its later result is discarded. A panic is an error.
func await[T any](ctx context.Context, who string, f func() (T, error), discard func(T)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		r := result{err: fmt.Errorf("%s has ended its goroutine (runtime.Goexit)", who)}
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("%s panicked: %v", who, p)
			}
			done <- r
		}()
		r.value, r.err = f()
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-time.After(hookGrace):
	}
	go func() {
		if r := <-done; r.err == nil {
			discard(r.value)
		}
	}()
	var none T
	return none, fmt.Errorf("%s did not return when its context ended: %w", who, ctx.Err())
}

// allow gives the next exchange d from now.
func (w *wire) allow(d time.Duration) {
	until := w.allowed(d)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn != nil {
		w.conn.left = maxAnswer
		w.deadline = until
		_ = w.conn.SetDeadline(until)
	}
}

// allowed returns the time d from now, or a limit if that is earlier.
func (w *wire) allowed(d time.Duration) time.Time {
	until := time.Now().Add(d)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, limit := range []time.Time{w.callLimit, w.finalLimit} {
		if !limit.IsZero() && limit.Before(until) {
			until = limit
		}
	}
	return until
}

// limitCall bounds what follows to d from now; 0 removes the bound.
func (w *wire) limitCall(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.callLimit = time.Time{}
	if d > 0 {
		w.callLimit = time.Now().Add(d)
	}
}

// limitAll bounds everything that follows to d from now.
func (w *wire) limitAll(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finalLimit = time.Now().Add(d)
}

// hurry bounds the call under way to d from now.
func (w *wire) hurry(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	limit := time.Now().Add(d)
	if w.callLimit.IsZero() || limit.Before(w.callLimit) {
		w.callLimit = limit
	}
	w.shortenLocked(limit)
}

// interrupt bounds what is under way to one more timeout: enough for a working server.
func (w *wire) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.interrupted {
		return
	}
	w.interrupted = true
	w.finalLimit = time.Now().Add(w.timeout)
	if w.cancelHook != nil {
		time.AfterFunc(w.timeout, w.cancelHook)
	}
	w.shortenLocked(w.finalLimit)
}

// shortenLocked ends the exchange under way at limit, if it may take longer.
func (w *wire) shortenLocked(limit time.Time) {
	if w.conn != nil && limit.Before(w.deadline) {
		w.deadline = limit
		_ = w.conn.SetDeadline(limit)
	}
}

func (w *wire) wasInterrupted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.interrupted
}

// drop ends the connection at once.
func (w *wire) drop() {
	w.mu.Lock()
	conn := w.conn
	w.conn = nil
	w.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}
