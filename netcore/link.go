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

	deadline time.Duration // for writes, as last set; as all times here since the Emitter was made
	checked  time.Duration // when it was last looked at
	ended    atomic.Bool   // the reader has ended: what done says, for less
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

// failure returns how a link that is gone ended; nil if the peer closed it in the ordinary way.
func (l *link) failure() error {
	for _, err := range []error{l.peek.left, l.err} {
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
			return err
		}
	}
	return nil
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
