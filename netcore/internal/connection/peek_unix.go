//go:build unix && !aix

package connection

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// peek asks the kernel whether the peer has left. This is for a connection that was idle: its reader may not have been scheduled yet.
type peek struct {
	raw   syscall.RawConn // nil: there is no descriptor to ask
	look  func(fd uintptr)
	left  error // how the peer has left; nil: it has not
	input bool  // there was something to read at the last look
	b     [1]byte

	count    func(fd uintptr)
	outgoing int // bytes at the last count
}

func newPeek(conn net.Conn) *peek {
	p := &peek{}
	if c, ok := conn.(syscall.Conn); ok {
		p.raw, _ = c.SyscallConn()
	}
	p.look = func(fd uintptr) {
		n, _, err := syscall.Recvfrom(int(fd), p.b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch p.input = err == nil && n > 0; {
		case err == nil && n == 0:
			p.left = io.EOF
		case errors.Is(err, syscall.ECONNRESET):
			p.left = err // the kernel reports it once, so the reader will not get it
		}
	}
	p.count = func(fd uintptr) { p.outgoing = outgoing(int(fd)) }
	return p
}

// hasLeft reports whether the peer has closed or reset the connection.
func (p *peek) hasLeft() bool {
	return p.raw != nil && p.raw.Control(p.look) == nil && p.left != nil
}

// hasInput reports whether there was something to read when hasLeft was called.
func (p *peek) hasInput() bool { return p.input }

// wasReset reports whether the peer has reset the connection.
func (p *peek) wasReset() bool {
	p.hasLeft()
	if err := p.refusal(); err != nil {
		p.left = err
	}
	return p.left != nil && !errors.Is(p.left, io.EOF)
}

// unacknowledged returns how many bytes the peer's system has not acknowledged, as far as our system tells.
func (p *peek) unacknowledged() int {
	if p == nil || p.raw == nil {
		return 0
	}
	p.outgoing = 0
	_ = p.raw.Control(p.count)
	return p.outgoing
}

// acknowledged returns how many bytes the peer's system has acknowledged, how long ago it last said anything, and whether an answer
// from it is due, as far as our system tells.
func (p *peek) acknowledged() (bytes uint64, quiet time.Duration, waits bool) {
	if p.raw == nil {
		return 0, 0, false
	}
	return acknowledged(p.raw)
}

// receipt returns the current receipt. It is safe to call while others use p.
func (p *peek) receipt() (r receipt) {
	if p == nil || p.raw == nil {
		return r
	}
	_ = p.raw.Control(func(fd uintptr) { r.unacknowledged = outgoing(int(fd)) })
	_, r.quiet, r.waits = acknowledged(p.raw)
	return r
}

// refusal returns the error that the system holds for the socket, and clears it.
func (p *peek) refusal() error {
	if p.raw == nil {
		return nil
	}
	var errno int
	_ = p.raw.Control(func(fd uintptr) {
		errno, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
	})
	if errno == 0 {
		return nil
	}
	return syscall.Errno(errno)
}

// tellsReceipt reports whether unacknowledged is known.
func (p *peek) tellsReceipt() bool { return p.raw != nil && tellsReceipt(p.raw) }
