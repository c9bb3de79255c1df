package netcore

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// link is one connection, from its first byte to its last: after an error it is closed and never used again. A stream has a
// goroutine that reads. It is what sees a peer that has gone before the next record is written into the void, and it reads
// acknowledgements.
type link struct {
	conn     net.Conn // what is written to
	raw      net.Conn // under TLS what lies below, else conn
	datagram bool
	framing  Framing
	seal     *seal  // nil without a Key
	acks     *seal  // the same for the reader
	sequence uint64 // of the next frame

	confirmed uint64 // the number of the last frame that the peer had when the link began

	born     time.Duration // as all times here since the Emitter was made
	deadline time.Duration // for writes, as last set
	checked  time.Duration // when it was last looked at
	written  progress
	ended    atomic.Bool // the reader has ended: what done says, for less
	peek     *peek

	done chan struct{} // closed when the reader has ended; nil for datagrams
	err  error         // why it has; valid then
}

// appendFrame appends payload to dst as it goes over l.
func (l *link) appendFrame(dst, payload []byte) []byte {
	if l.seal == nil {
		return l.framing.Append(dst, payload)
	}
	if l.framing == LengthPrefix {
		dst = binary.BigEndian.AppendUint32(dst, uint32(l.seal.overhead+len(payload)))
	}
	dst = l.seal.append(dst, l.sequence, payload)
	l.sequence++
	return dst
}

// read reads until the connection ends. What the peer says goes to hear, which returns what it has not understood yet.
func (l *link) read(hear func(b []byte) (rest []byte, err error)) {
	defer l.ended.Store(true)
	defer close(l.done)
	var buf [512]byte
	n := 0
	for {
		m, err := l.conn.Read(buf[n:])
		n += m
		rest, hearErr := hear(buf[:n])
		n = copy(buf[:], rest)
		if l.err = errors.Join(err, hearErr); l.err != nil {
			return
		}
	}
}

// freshness is how long a link is written to after it was looked at. A look costs a system call, a fifth of a write, so it is
// not for each record.
const freshness = time.Millisecond

// lives tells whether the peer is there, as far as this side can know.
func (l *link) lives(now time.Duration) bool {
	if now-l.checked < freshness {
		return !l.ended.Load()
	}
	l.checked = now
	return l.datagram || !l.gone() && !l.peek.hasLeft()
}

// gone tells whether the reader has seen the end.
func (l *link) gone() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// failure returns how a link that is gone ended; nil if the peer closed it in the ordinary way and has what was written before.
func (l *link) failure() error {
	for _, err := range []error{l.peek.left, l.err} {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	if l.unacknowledged() > 0 {
		return errReset // or it is going to be
	}
	return nil
}

// unacknowledged returns how many bytes are not acknowledged by the system of a peer that has closed. What is on its way gets a
// moment to arrive: a peer that has only closed its own side still takes it.
func (l *link) unacknowledged() int {
	n := l.peek.unacknowledged()
	for range 10 {
		if n == 0 || l.peek.wasReset() {
			break
		}
		time.Sleep(2 * time.Millisecond)
		n = l.peek.unacknowledged()
	}
	return n
}

// lost returns how many of the frames that were written to a stream are lost with it, as far as this side knows, now that it
// has failed.
//
// A system resets a connection if whoever reads it closes it with something unread, or if something comes after that. So the
// frame that was written last is lost, if that was not long ago, and so is what the peer's system did not acknowledge. A
// connection that has not even lasted for hold is taken for one that nobody read.
func (l *link) lost(now, hold time.Duration) uint64 {
	switch n := l.peek.unacknowledged(); {
	case now-l.born < hold:
		return l.written.frames
	case n > 0:
		return max(1, l.written.after(n))
	case now-l.written.at < hold:
		return min(1, l.written.frames)
	}
	return 0
}

// progress is how far the writing to a stream has come.
type progress struct {
	bytes, frames uint64
	at            time.Duration // of the last write
	ends          [64]struct{ bytes, frames uint64 }
	writes        int // the last of them are in ends
}

func (p *progress) add(bytes, frames int, now time.Duration) {
	p.bytes += uint64(bytes)
	p.frames += uint64(frames)
	p.at = now
	end := &p.ends[p.writes%len(p.ends)]
	end.bytes, end.frames = p.bytes, p.frames
	p.writes++
}

// after returns how many frames were in the writes that the last n bytes come from; of many writes, at least that many.
func (p *progress) after(n int) uint64 {
	reached := p.bytes - min(p.bytes, uint64(n))
	frames := uint64(0)
	for i := range min(p.writes, len(p.ends)) {
		end := &p.ends[(p.writes-1-i)%len(p.ends)]
		if frames = p.frames - end.frames; end.bytes <= reached {
			return frames
		}
	}
	if p.writes <= len(p.ends) {
		return p.frames
	}
	return frames
}

// cut closes the connection at once and waits for the reader.
func (l *link) cut() {
	_ = l.raw.Close()
	if l.done != nil {
		<-l.done
	}
}

// shut closes the connection in order; where TLS would wait for a stalled peer, for no longer than timeout.
func (l *link) shut(timeout time.Duration) {
	if l.raw != l.conn {
		timer := time.AfterFunc(timeout, func() { _ = l.raw.Close() })
		defer timer.Stop()
		_ = l.conn.Close()
	}
	l.cut()
}

// below returns the connection under c, if it is TLS.
func below(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}
