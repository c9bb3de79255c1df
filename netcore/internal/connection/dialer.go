package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/internal/hosts"
)

// Config says where connections go, and how they begin.
type Config struct {
	Network, Address string
	TLS              *tls.Config // nil: no TLS
	// Dial opens the connection. Defaults to a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Handshake does what precedes the first frame on a stream; its reads and writes have a deadline. It returns the function that
	// receives everything the peer sends afterwards, and that returns the bytes of an incomplete message. Nil does nothing, and what
	// the peer sends is ignored.
	Handshake func(c *Conn) (receive func([]byte) ([]byte, error), err error)
	// Unanswered says that Handshake reads nothing, so it does not prove that the peer is there.
	Unanswered bool
	// Stream names the option, other than TLS, that needs a stream; Datagrams the one that needs datagrams; "" is none. They are
	// checked because a Dial may return either.
	Stream, Datagrams string
	// Useful reports whether the peer has said that the present connection was of use. Nil: peers never do.
	Useful func() bool

	Timeout time.Duration // of each Open and each Write
	Hold    time.Duration // how long a connection must last to be trusted
}

// Dialer opens connections, one at a time. It is for one goroutine, except for Interrupt and Interrupted.
type Dialer struct {
	cfg   Config
	start time.Time
	names *names // nil unless datagrams go to a host name
	brief bool   // the last connection failed before it had lasted for Hold

	resolver    hosts.Resolver
	mostSilence time.Duration // how long a peer's system may acknowledge nothing

	interrupted atomic.Bool
	interrupt   chan struct{} // closed by Interrupt; nil after Finish

	mu      sync.Mutex         // guards the fields below, and setting deadlines
	closing bool               // Finish was called
	cancel  context.CancelFunc // of the dialling under way
	conn    net.Conn           // open, or being opened
	opening bool               // the handshakes of conn are under way
}

// NewDialer returns a Dialer.
func NewDialer(cfg Config) *Dialer {
	d := &Dialer{cfg: cfg, start: time.Now(), interrupt: make(chan struct{})}
	d.mostSilence = max(leastSilence, mostSilence*min(cfg.Timeout, math.MaxInt64/mostSilence))
	if IsUDP(cfg.Network) && cfg.Dial == nil {
		d.names = newNames(&d.resolver, cfg.Network, cfg.Address, cfg.Timeout)
	}
	return d
}

// Now returns the time since the Dialer was made.
func (d *Dialer) Now() time.Duration { return time.Since(d.start) }

// ErrInterrupted is what Open and Write return after Interrupt.
var ErrInterrupted = errors.New("interrupted")

// Interrupt makes the current call and all later ones return, until Finish. It is safe for concurrent use.
func (d *Dialer) Interrupt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closing || d.interrupted.Swap(true) {
		return
	}
	close(d.interrupt)
	if d.cancel != nil {
		d.cancel()
	}
	switch {
	case d.conn == nil:
	case d.opening:
		_ = d.conn.SetDeadline(past)
	default:
		_ = d.conn.SetWriteDeadline(past)
	}
}

// past is a deadline that has passed.
var past = time.Unix(1, 0)

// Interrupted reports whether Interrupt was called.
func (d *Dialer) Interrupted() bool { return d.interrupted.Load() }

// Interruption returns a channel that Interrupt closes; nil after Finish.
func (d *Dialer) Interruption() <-chan struct{} { return d.interrupt }

// Finish begins the last use of the Dialer: Interrupt has no effect any more.
func (d *Dialer) Finish() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing, d.interrupt = true, nil
	d.interrupted.Store(false)
}

// Close ends background lookups. It does not close the connection.
func (d *Dialer) Close() {
	if d.names != nil {
		d.names.close()
	}
	d.resolver.Close()
	d.forget()
}

// Moved reports whether a UDP destination's name no longer has the address that datagrams go to.
func (d *Dialer) Moved(now time.Duration) bool { return d.names != nil && d.names.moved(now) }

// Succeeded notes that c takes what is written to it.
func (d *Dialer) Succeeded(c *Conn, now time.Duration) {
	if d.names != nil && c.Age(now) >= d.cfg.Hold {
		d.names.held()
	}
}

// nextAddress moves on to the name's next address, and reports whether there is one that has not refused.
func (d *Dialer) nextAddress() bool { return d.names != nil && d.names.refused() }

func (d *Dialer) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn, d.cancel, d.opening = nil, nil, false
}

func (d *Dialer) setDeadline(c *Conn, at time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.interrupted.Load() {
		return ErrInterrupted
	}
	c.deadline = at
	return c.net.SetWriteDeadline(d.start.Add(at))
}

// StepError says at which step Open failed.
type StepError struct {
	Step string // such as "dial"
	Err  error
}

// Error implements error.
func (e *StepError) Error() string { return e.Step + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *StepError) Unwrap() error { return e.Err }

func failed(step string, err error) error {
	if err == nil {
		return nil
	}
	return &StepError{step, err}
}

// Open opens a connection by begun plus Timeout. Its error is a *StepError or ErrInterrupted.
func (d *Dialer) Open(begun time.Duration) (*Conn, error) {
	deadline := begun + d.cfg.Timeout
	c, err := d.open(d.start.Add(deadline))
	if err == nil {
		err = d.setDeadline(c, deadline)
		c.checked = begun
	}
	if err != nil {
		d.forget()
		switch {
		case d.interrupted.Load():
			err = ErrInterrupted
		case !errors.As(err, new(*StepError)):
			err = failed("connection to", err)
		}
		return nil, err
	}
	return c, nil
}
