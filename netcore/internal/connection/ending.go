package connection

import (
	"errors"
	"io"
	"net"
	"slices"
	"syscall"
	"time"
)

// Ending says how a connection ended, and what follows.
type Ending struct {
	Err      error  // nil: the peer closed it in order, or it was not needed any more
	Lost     uint64 // frames that were written and are known not to have arrived
	Reported bool   // frames that were written without an error may be lost, and no caller knows
	BackOff  bool   // leave the destination alone for a while
	Refused  bool   // the peer took nothing of what was written
}

// End closes the connection at once because of cause, or if cause is nil because of what its reader has seen, and judges what
// happened.
func (c *Conn) End(cause error) Ending {
	if cause == nil && !c.datagram {
		cause = c.failure()
	}
	switch {
	case closedInOrder(c, cause):
		cause = nil
	case isReset(cause):
		if cause = errReset; c.raw != c.net && readerEnds(c) && refusesClient(c, c.err) {
			cause = c.err
		}
	}
	var end Ending
	now := c.dialer.Now()
	if c.half == halfNot && c.Gone() { // perhaps long ago: nobody has looked since
		now = c.over
	}
	if cause == nil && c.unanswered(now) {
		cause = errUnanswered
	}
	switch {
	case cause == nil:
		c.dialer.brief = false
	case c.datagram:
		end = c.endDatagrams(cause, now)
	default:
		end = c.endStream(cause, now)
	}
	c.abort()
	c.dialer.forget()
	return end
}

// closedInOrder reports whether a write failed because the peer closed a unix socket after it had read everything, as Linux can tell:
// then nothing written before is lost. Over TCP the same error means that something arrived after the end.
func closedInOrder(c *Conn, cause error) bool {
	_, unix := c.raw.(*net.UnixConn)
	if !unix || c.datagram || !errors.Is(cause, syscall.EPIPE) || !c.peek.tellsReceipt() || c.peek.wasReset() {
		return false
	}
	return readerEnds(c) && errors.Is(c.err, io.EOF) // the system reports a reset once, perhaps to the reader
}

// readerEnds waits a moment for the reader of a stream that a write found ended, and reports whether it has ended.
func readerEnds(c *Conn) bool {
	select {
	case <-c.done:
		return true
	case <-time.After(maxGrace):
		return false
	}
}

// unanswered reports whether a peer that should answer has closed the connection in order, soon, and without an answer to what was
// written. A proxy without a backend does so each time.
func (c *Conn) unanswered(now time.Duration) bool {
	return c.useful != nil && !c.useful() && c.written.frames > 0 && c.Age(now) < c.dialer.cfg.Hold
}

var errUnanswered = errors.New("closed by the peer without an answer")

// errReset stands for the various errors by which systems report a reset.
var errReset = errors.New("connection reset by peer")

// endStream judges a stream that failed.
func (c *Conn) endStream(cause error, now time.Duration) Ending {
	hold := c.dialer.cfg.Hold
	early := c.Age(now) < hold && (c.useful == nil || !c.useful())
	end := Ending{Err: cause, Reported: c.half != halfUnproven, BackOff: early && c.dialer.brief}
	if c.dialer.brief = early; early {
		c.dialer.resolver.Pass()
	}
	switch {
	case refusesClient(c, cause):
		end.Lost, end.Refused, end.BackOff = c.written.frames, true, true
	case cause == errReset, isAlert(cause, ""):
		end.Lost = c.lost(now, hold)
	case cause == errSilent || hasGivenUp(cause) || IsTimeout(cause) && c.peek.receipt().silent(c.dialer.cfg.Timeout):
		end.Lost = c.written.after(c.peek.unacknowledged())
	}
	return end
}

// endDatagrams judges a datagram socket that failed. Only UDP reports later that a datagram did not arrive; on a unix socket the
// error is about the datagram being written.
func (c *Conn) endDatagrams(cause error, now time.Duration) Ending {
	end := Ending{Err: cause}
	if !IsUDP(c.net.LocalAddr().Network()) || IsTimeout(cause) {
		return end
	}
	if end.Reported = c.written.frames > 0; end.Reported {
		end.Lost = 1
		if c.Age(now) < c.dialer.cfg.Hold {
			end.Lost = c.written.frames // nobody has listened there at any time
		}
	}
	if IsRefused(cause) || IsUnreachable(cause) {
		end.BackOff = !c.dialer.nextAddress()
	}
	return end
}

// failure returns why a connection is gone; nil if the peer closed it in order and has what was written before.
func (c *Conn) failure() error {
	for _, err := range []error{c.peek.left, c.readError()} {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	if c.half == halfUnproven {
		return ErrEarlyEnd
	}
	if c.Gone() && c.cut || settled(c.peek) > 0 {
		return errReset // or it is about to be
	}
	return nil
}

// endsWithReset reports whether the connection below a finished TLS session was reset, because the peer left something unread. It waits a
// moment for the end of the stream, or the reset. It must be called at once: a later reset may come from a peer that is long gone.
func endsWithReset(raw net.Conn) bool {
	p := newPeek(raw)
	for wait := time.Duration(0); !p.hasLeft() && wait < minGrace; wait += minGrace / 5 {
		time.Sleep(minGrace / 5)
	}
	return p.left != nil && !errors.Is(p.left, io.EOF)
}

// readError returns what ended the reader; nil while it reads. If the socket already shows an end, the reader gets a moment to see it
// too.
func (c *Conn) readError() error {
	if c.peek.left != nil {
		select {
		case <-c.done:
		case <-time.After(minGrace):
		}
	}
	if c.Gone() {
		return c.err
	}
	return nil
}

// settled returns how many bytes the system of a peer that has closed has not acknowledged. What is under way gets a moment to
// arrive: a peer that has only closed its sending side still takes it.
func settled(p *peek) int {
	n := p.unacknowledged()
	for range 10 {
		if n == 0 || p.wasReset() {
			break
		}
		time.Sleep(2 * time.Millisecond)
		n = p.unacknowledged()
	}
	return n
}

// lost returns how many of the frames written to a stream are lost by its reset, as far as this side knows.
//
// A system resets a connection if its reader closes it with something unread, or if something arrives after that. So two things are
// lost: the frame written last, if that was not long ago, and everything that the peer's system has not acknowledged. If the
// connection has not even lasted for hold, nobody is assumed to have read any of it.
func (c *Conn) lost(now, hold time.Duration) uint64 {
	switch n := c.peek.unacknowledged(); {
	case now-c.born < hold:
		return c.written.frames
	case n > 0:
		return max(1, c.written.after(n))
	case now-c.written.at < hold:
		return min(1, c.written.frames)
	}
	return 0
}

// unreceived returns what is known to be lost of the bytes that the peer's system has not acknowledged after waiting that long.
func unreceived(c *Conn, waited time.Duration, seen receipt) (end Ending) {
	c.written.bytes += uint64(c.sent.taken(0)) // TLS's close-notify
	n := seen.unacknowledged - endBytes
	switch {
	case n <= 0:
		return end
	case c.peek.wasReset():
		end.Err = errReset
	case seen.silent(waited):
		end.Err = errSilent
	default: // it is only slow
		return end
	}
	end.Lost = c.written.after(n)
	end.Reported = end.Lost > 0
	return end
}

// progress is how far writing to a stream has come.
type progress struct {
	bytes, frames uint64
	writes        uint
	at            time.Duration // of the last write
	ends          [64]end       // of unacknowledged writes, in order, and of one before them
	known         int           // how many of ends are valid
	spread        uint          // log2 of how many writes lie between two ends: ends of every write, every second, every fourth
}

// end is the position after a write.
type end struct{ bytes, frames uint64 }

// add notes a write. p must not be full.
func (p *progress) add(bytes, frames int, now time.Duration) {
	p.bytes += uint64(bytes)
	p.frames += uint64(frames)
	p.writes++
	p.at = now
	if p.writes&(1<<p.spread-1) == 0 {
		p.ends[p.known] = end{p.bytes, p.frames}
		p.known++
	}
}

// full reports whether there is no room for another end.
func (p *progress) full() bool { return p.known == len(p.ends) }

// forget makes room, given that the last n bytes are not acknowledged. It removes the ends before these bytes, or if that is not
// enough every second end behind the first. So after is exact while ends of every write are kept, and else nearly so.
func (p *progress) forget(n int) {
	first := p.known - 1
	for first > 0 && p.ends[first].bytes > p.acknowledged(n) {
		first--
	}
	p.known = copy(p.ends[:], p.ends[first:p.known])
	if p.known <= len(p.ends)/2 {
		p.spread = 0
		return
	}
	p.spread++
	kept := 1
	for i := 2; i < p.known; i += 2 {
		p.ends[kept] = p.ends[i]
		kept++
	}
	p.known = kept
}

// acknowledged returns how many bytes the peer's system has if the last n are not acknowledged.
func (p *progress) acknowledged(n int) uint64 { return p.bytes - min(p.bytes, uint64(n)) }

// after returns how many frames were in the writes that the last n bytes belong to. If not every write has an end, it may count a few
// earlier frames.
func (p *progress) after(n int) uint64 {
	if n == 0 {
		return 0
	}
	for _, end := range slices.Backward(p.ends[:p.known]) {
		if end.bytes <= p.acknowledged(n) {
			return p.frames - end.frames
		}
	}
	return p.frames
}
