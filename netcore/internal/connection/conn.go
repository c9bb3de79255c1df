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

// Conn is one connection, from its first byte to its last. After an error it is ended and never used again. Times are durations since
// its Dialer was made.
type Conn struct {
	net      net.Conn // written to
	raw      net.Conn // below TLS, else the same as net
	sent     *counted // between net and raw, if we do TLS; else nil
	verdict  *verdict // on the client certificate, if we do TLS; else nil
	dialer   *Dialer
	datagram bool
	useful   func() bool // reports whether the peer has said that the connection was of use; nil: peers never do

	born     time.Duration
	deadline time.Duration // of writes, as last set
	checked  time.Duration // when Alive last asked the system
	written  progress
	ended    atomic.Bool // the reader reads no more: nothing is to be written, although done may take a moment
	peek     *peek
	silence  silence
	half     half

	done    chan struct{} // closed when the reader has ended; nil for datagrams
	over    time.Duration // when the reader has ended; valid after done
	err     error         // why it has ended; valid after done
	cut     bool          // TLS ended in order, but the connection below it was reset; valid after done
	refusal error         // the receiver's error about what the peer sent; valid after done
}

// Datagram reports whether each Write is one message.
func (c *Conn) Datagram() bool { return c.datagram }

// Net returns the connection for a handshake to read from and write to.
func (c *Conn) Net() net.Conn { return c.net }

// Age returns how long the connection has been open.
func (c *Conn) Age(now time.Duration) time.Duration { return now - c.born }

// Frames returns how many frames were written.
func (c *Conn) Frames() uint64 { return c.written.frames }

// Done returns a channel that is closed when the reader of a stream has ended. It is nil for datagrams.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the reader has ended. It is valid after Done.
func (c *Conn) Err() error { return c.err }

// Write writes b, which holds that many whole frames, and returns how many bytes the system took. Its deadline is Timeout away, or up
// to half as much more, but at most 1 s more, because it is renewed only now and then.
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
		if err = c.peek.refusal(); err != nil { // from a receiver on this machine it is there at once
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

// Took notes how many frames were whole among the bytes that a failed Write took.
func (c *Conn) Took(frames int) { c.written.frames += uint64(frames) }

// half is what is known about a peer that closed its sending side at once. It may still read, as a receiver does that never sends, or
// it may be gone. Only the fate of the first frame tells.
type half uint8

const (
	halfNot      half = iota // the peer's side is open
	halfUnproven             // it was closed before anything was written
	halfProven               // it was, but the peer takes what is written
)

// provesHalf waits until the peer's system has acknowledged the first frame, and reports whether it has. A peer whose reader is gone
// answers with a reset.
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

// Expire makes the next Write renew its deadline.
func (c *Conn) Expire() { c.deadline = 0 }

// read reads until the connection ends. It passes what the peer sends to receive, which returns the bytes of an incomplete message.
func (c *Conn) read(receive func(b []byte) (rest []byte, err error)) {
	defer close(c.done)
	defer func() {
		c.ended.Store(true)
		c.over = c.dialer.Now()
		if p := recover(); p != nil { // from a connection of the user's Dial
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

// maxMessage is the longest message from a peer, in bytes.
const maxMessage = 64 << 10

var errMessageTooLong = errors.New("the peer sends more than it may at once")

// checkInterval is how long the result of a check for the peer is trusted. A check is a system call, a fifth of the cost of a write:
// too much for every record.
const checkInterval = time.Millisecond

// Alive reports whether the peer is there, as far as this side can know.
func (c *Conn) Alive(now time.Duration) bool {
	if c.half == halfProven {
		return !c.peek.wasReset() // the end of the peer's side is known
	}
	if now-c.checked < checkInterval {
		return !c.ended.Load()
	}
	c.checked = now
	return c.datagram || !c.Gone() && !c.peek.hasLeft() && !c.silence.exceeded(c.peek, now, c.dialer.mostSilence)
}

// LastLook is Alive for the time when nothing more is written. For datagrams err is the error that the system holds.
func (c *Conn) LastLook(now time.Duration) (alive bool, err error) {
	if c.datagram {
		err = c.peek.refusal()
		return err == nil, err
	}
	c.checked = now - checkInterval
	return c.Alive(now), nil
}

// Gone reports whether the reader has ended. If it is about to, Gone waits for it.
func (c *Conn) Gone() bool {
	if !c.ended.Load() {
		return false
	}
	<-c.done
	return true
}

// abort closes the connection at once and waits for the reader to end.
func (c *Conn) abort() {
	_ = c.raw.Close()
	if c.done != nil {
		<-c.done
	}
}

// Close closes the connection in order and returns what is known to be lost. It calls goodBye, closes TLS, and waits until the peer's
// system has acknowledged everything: a system that closes earlier discards what it has not delivered if the peer sends anything. All
// this may take timeout, together.
func (c *Conn) Close(timeout time.Duration, goodBye func()) (end Ending) {
	over := make(chan struct{})
	var last receipt // the state just before the timeout closed the connection
	timer := time.AfterFunc(timeout, func() {
		last = c.peek.receipt()
		close(over)
		_ = c.raw.Close()
	})
	defer timer.Stop()
	goodBye()
	if !c.datagram {
		closeWrite(c.net)
		if c.raw != c.net { // after TLS's close-notify
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

// closeWrite tells the peer that nothing more will come.
func closeWrite(conn net.Conn) {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}

// stalled is how long Close waits for a peer's system that acknowledges nothing more.
const stalled = time.Second

// endBytes is what the end of a stream adds to the unacknowledged bytes. A system may take its time to acknowledge only that.
const endBytes = 1

// awaitReceipt waits until the peer's system has acknowledged everything, as far as our system tells. It gives up after a reset, when
// nothing more was acknowledged for that long, and when over is closed.
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

// below returns the connection under c if c is TLS, else c.
func below(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}
