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
	TLS              *tls.Config // nil: none
	// Dial opens the connection. Nil is a net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Handshake does on a stream what comes before the first frame, and returns who receives what the peer says after it, and keeps
	// what it has not understood yet. Its reads and writes have a deadline. Nil does nothing, and ignores what the peer says.
	Handshake func(c *Conn) (receive func([]byte) ([]byte, error), err error)
	// Unanswered says that Handshake reads nothing, so that it does not show whether the peer is there.
	Unanswered bool
	// Stream is what needs a stream, if anything does but TLS, and Datagrams what needs those: a Dial may make the other.
	Stream, Datagrams string
	// Useful tells whether the peer has said that the present connection was of use. Nil: peers never do.
	Useful func() bool

	Timeout time.Duration // of each Open and each Write
	Hold    time.Duration // how long a connection has to last to be trusted
}

// Dialer opens connections, one at a time. It is for one goroutine, but for Interrupt and Interrupted.
type Dialer struct {
	cfg   Config
	start time.Time
	names *names // nil unless datagrams go to a host by its name
	brief bool   // the last connection failed before it had lasted

	resolver    hosts.Resolver
	mostSilence time.Duration // of a peer's system

	interrupted atomic.Bool
	interrupt   chan struct{} // closed by Interrupt; nil in Close

	mu      sync.Mutex         // guards the fields below, and setting deadlines
	closing bool               // Close has begun
	cancel  context.CancelFunc // of the dialling under way
	conn    net.Conn           // the one that is open, or being opened
	opening bool               // its handshakes are under way
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

// Interrupt makes the call under way return, and those after it, up to Finish.
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

// Interrupted tells whether Interrupt was called.
func (d *Dialer) Interrupted() bool { return d.interrupted.Load() }

// Interruption returns a channel that is closed by Interrupt, or nil after Finish.
func (d *Dialer) Interruption() <-chan struct{} { return d.interrupt }

// Finish begins the last use of the Dialer, which Interrupt no longer ends.
func (d *Dialer) Finish() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closing, d.interrupt = true, nil
	d.interrupted.Store(false)
}

// Close ends what goes on in the background. The connection is closed by its own Close.
func (d *Dialer) Close() {
	if d.names != nil {
		d.names.close()
	}
	d.resolver.Close()
	d.forget()
}

// Moved tells whether the name of a destination over UDP no longer means the address that datagrams go to.
func (d *Dialer) Moved(now time.Duration) bool { return d.names != nil && d.names.moved(now) }

// Succeeded notes that c takes what is written to it.
func (d *Dialer) Succeeded(c *Conn, now time.Duration) {
	if d.names != nil && c.Age(now) >= d.cfg.Hold {
		d.names.held()
	}
}

// nextAddress goes on to the next address of the name, if there is one that has not refused.
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

// A StepError says at which step Open failed.
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

// Open opens a connection by begun plus Timeout. An error is a *StepError, or ErrInterrupted.
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
