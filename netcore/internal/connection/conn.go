package connection

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Conn is one connection, from its first byte to its last: after an error it is ended and never used again. All times are
// since its Dialer was made.
type Conn struct {
	net      net.Conn // what is written to
	raw      net.Conn // under TLS what lies below, else net
	sent     *counted // between them, if the TLS is ours; else nil
	dialer   *Dialer
	datagram bool
	useful   func() bool // the peer has said that it was of use; nil: it never does

	born     time.Duration
	deadline time.Duration // for writes, as last set
	checked  time.Duration // when it was last looked at
	written  progress
	ended    atomic.Bool // the reader has ended: what done says, for less
	peek     *peek
	silence  silence
	half     half

	done    chan struct{} // closed when the reader has ended; nil for datagrams
	over    time.Duration // when it has; valid then
	err     error         // why; likewise
	cut     bool          // though TLS was over in order, the connection below was reset; likewise
	refusal error         // what the receiver of the handshake made of what the peer said; likewise
}

// Datagram tells whether each Write is one message.
func (c *Conn) Datagram() bool { return c.datagram }

// Net returns the connection for a handshake, to read from and write to.
func (c *Conn) Net() net.Conn { return c.net }

// Age returns how long the connection has been open.
func (c *Conn) Age(now time.Duration) time.Duration { return now - c.born }

// Frames returns how many frames were written.
func (c *Conn) Frames() uint64 { return c.written.frames }

// Done returns a channel that is closed when the peer has ended a stream.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the reader has ended, after Done.
func (c *Conn) Err() error { return c.err }

// Write writes that many whole frames, and returns how many bytes of them the system took. Its deadline is Timeout away, or up to
// half as much more: it is renewed only now and then.
func (c *Conn) Write(b []byte, frames int, now time.Duration) (int, error) {
	if err := c.renew(now); err != nil {
		return 0, err
	}
	n, err := c.net.Write(b)
	if err != nil {
		c.written.bytes += uint64(c.sent.taken(n))
		return n, err
	}
	if c.datagram && c.written.writes == 0 {
		if err = c.peek.refusal(); err != nil { // on the machine itself it is there at once
			return 0, err
		}
	}
	if c.half == halfUnproven && !c.provesHalf() {
		return 0, ErrEarlyEnd
	}
	if c.written.full() {
		c.written.forget(c.peek.unacknowledged())
	}
	c.written.add(c.sent.taken(n), frames, now)
	return n, nil
}

// Took notes that many frames that were whole in what a Write took before it failed.
func (c *Conn) Took(frames int) { c.written.frames += uint64(frames) }

// half is what is known of a peer that has closed its own side at once: it may still read, as a receiver does that has nothing to
// say, or be gone. Only what becomes of the first frame tells.
type half uint8

const (
	halfNot      half = iota // the peer's side is open
	halfUnproven             // it was closed before anything was written
	halfProven               // and yet the peer takes what is written
)

// provesHalf tells whether the peer's system has acknowledged the first frame. One whose reader is gone answers with a reset.
func (c *Conn) provesHalf() bool {
	for wait := time.Duration(0); wait < c.dialer.cfg.Timeout/2; wait += minGrace / 5 {
		if c.peek.wasReset() {
			return false
		}
		if c.peek.unacknowledged() == 0 {
			c.half = halfProven
			return true
		}
		select {
		case <-c.dialer.interrupt:
			return false
		case <-time.After(minGrace / 5):
		}
	}
	return false
}

func (c *Conn) renew(now time.Duration) error {
	timeout := c.dialer.cfg.Timeout
	slack := min(timeout/2, time.Second)
	if c.deadline-now >= timeout+slack/2 {
		return nil
	}
	return c.dialer.setDeadline(c, now+timeout+slack)
}

// Expire makes the next Write set a deadline anew.
func (c *Conn) Expire() { c.deadline = 0 }

// read reads until the connection ends. What the peer says goes to receive, which returns what it has not understood yet.
func (c *Conn) read(receive func(b []byte) (rest []byte, err error)) {
	defer c.ended.Store(true)
	defer close(c.done)
	defer func() {
		c.over = c.dialer.Now()
		if p := recover(); p != nil { // of what a Dial of the user's has returned
			c.err = fmt.Errorf("the connection's Read: %w", &base.PanicError{Value: p})
		}
		c.cut = c.raw != c.net && errors.Is(c.err, io.EOF) && endsWithReset(c.raw)
	}()
	buf := make([]byte, 512)
	n := 0
	for {
		m, err := c.net.Read(buf[n:])
		n += m
		rest, receiveErr := receive(buf[:n])
		if n = copy(buf, rest); n == len(buf) {
			if len(buf) >= maxMessage {
				receiveErr = errors.Join(receiveErr, errMessageTooLong)
			}
			buf = append(buf, make([]byte, len(buf))...)
		}
		c.refusal = receiveErr
		if c.err = errors.Join(err, receiveErr); c.err != nil {
			return
		}
	}
}

// maxMessage is the longest that a peer may say at once, in bytes.
const maxMessage = 64 << 10

var errMessageTooLong = errors.New("the peer sends more than it may at once")

// checkInterval is how long a connection is written to after it was looked at. A look costs a system call, a fifth of a write, so it is
// not for each record.
const checkInterval = time.Millisecond

// Alive tells whether the peer is there, as far as this side can know.
func (c *Conn) Alive(now time.Duration) bool {
	if c.half == halfProven {
		return !c.peek.wasReset() // the end of its side was seen before
	}
	if now-c.checked < checkInterval {
		return !c.ended.Load()
	}
	c.checked = now
	return c.datagram || !c.Gone() && !c.peek.hasLeft() && !c.silence.lasts(c.peek, now, c.dialer.mostSilence)
}

// LastLook tells whether the peer is there now that nothing more is written, and what the system holds against a datagram.
func (c *Conn) LastLook(now time.Duration) (alive bool, err error) {
	if c.datagram {
		err = c.peek.refusal()
		return err == nil, err
	}
	c.checked = now - checkInterval
	return c.Alive(now), nil
}

// Gone tells whether the reader has seen the end.
func (c *Conn) Gone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// abort closes the connection at once and waits for the reader.
func (c *Conn) abort() {
	_ = c.raw.Close()
	if c.done != nil {
		<-c.done
	}
}

// Close closes the connection in order, after a last word that waits for the peer. With that of TLS, and until the peer's system has what
// was written, it has timeout, altogether. A system that closes at once what it has not got rid of throws that away if the peer says
// anything meanwhile. It returns what is known to be lost.
func (c *Conn) Close(timeout time.Duration, goodBye func()) (end Ending) {
	over := make(chan struct{})
	var last receipt // before it is closed for being over
	timer := time.AfterFunc(timeout, func() {
		last = c.peek.receipt()
		close(over)
		_ = c.raw.Close()
	})
	defer timer.Stop()
	goodBye()
	if !c.datagram {
		closeWrite(c.net)
		if c.raw != c.net { // behind TLS's last word
			closeWrite(c.raw)
		}
		wait := min(stalled, timeout-timeout/4)
		awaitReceipt(c.peek, wait, over)
		seen := c.peek.receipt()
		select {
		case <-over:
			seen = last
		default:
		}
		end = unreceived(c, wait, seen)
	}
	c.abort()
	return end
}

// closeWrite tells the peer that this was all.
func closeWrite(conn net.Conn) {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}

// stalled is for how long a peer's system may take nothing more before Close no longer waits for it.
const stalled = time.Second

// endBytes is how many bytes the end of a stream counts as. A system takes its time to acknowledge that alone.
const endBytes = 1

// awaitReceipt waits until the peer's system has acknowledged all, as far as ours says, or has reset the connection, or has taken nothing
// more for that long, or it is over.
func awaitReceipt(p *peek, long time.Duration, over <-chan struct{}) {
	const most = 10 * time.Millisecond
	left, since := p.unacknowledged(), time.Now()
	for pause := most / 64; left > endBytes && time.Since(since) < long && !p.wasReset(); pause = min(2*pause, most) {
		select {
		case <-over:
			return
		case <-time.After(pause):
		}
		if n := p.unacknowledged(); n < left {
			left, since = n, time.Now()
		}
	}
}

// below returns the connection under c, if it is TLS.
func below(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}
