package netcore

import (
	"errors"
	"fmt"
	"net"
	"time"

	"example.com/zaphandlers/netcore/internal/session"
)

// maxBacklog is how many datagrams put off the end after Shutdown was called, however long Target takes: more than a socket holds. Who
// sends them cannot be told to stop.
const maxBacklog = 4096

// servePackets reads datagrams, each of which is a frame.
func (s *Server) servePackets() error {
	in := newBatcher(s)
	var seal *session.Seal
	if s.cfg.Key != nil {
		seal = session.NewDatagramSeal(s.cfg.Key)
	}
	last := maxBacklog
	buf := make([]byte, max(s.cfg.MaxFrame, maxUDP)+session.TimeSize+session.MACSize+prefixSize+1)
	for {
		n, from, err := s.packets.ReadFrom(buf)
		if err != nil {
			if s.isClosed() || errors.Is(err, net.ErrClosed) {
				return nil
			}
			s.reportError(err, 0)
			select {
			case <-time.After(5 * time.Millisecond):
				continue
			case <-s.done:
				return nil
			}
		}
		now := time.Now()
		frame, err := s.unpack(buf[:n], seal, now)
		if err == nil {
			err = in.add(frame, 0, now)
		}
		if err != nil {
			s.count(func(s *ServerStats) { s.Refused++ })
			s.reportError(fmt.Errorf("from %s: %w", sender(from), err), 1)
			continue
		}
		_, _ = in.deliver(false)           // reports what is lost
		if s.draining.Load() && last > 0 { // what lies in the socket does not get lost because Target is slow
			last--
			_ = s.packets.SetReadDeadline(time.Now().Add(quiet))
		}
	}
}

var (
	errDatagramLength = errors.New("a datagram's length is not the one it says")
	errDatagramLarge  = errors.New("a datagram is larger than MaxFrame")
)

// unpack returns the frame in a datagram.
func (s *Server) unpack(b []byte, seal *session.Seal, now time.Time) ([]byte, error) {
	if s.cfg.Framing == LengthPrefix {
		from, to, _, whole, _ := LengthPrefix.split(b)
		if !whole || to != len(b) {
			return nil, errDatagramLength
		}
		b = b[from:to]
	}
	if seal != nil {
		var err error
		if b, err = seal.Verify(b, 0, now); err != nil {
			return nil, err
		}
	}
	if len(b) > s.cfg.MaxFrame {
		return nil, errDatagramLarge
	}
	return b, nil
}

func sender(from net.Addr) string {
	if u, ok := from.(*net.UDPAddr); ok {
		return u.IP.String()
	}
	return "a unix socket"
}
