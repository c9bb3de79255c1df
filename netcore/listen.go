package netcore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"example.com/zaphandlers/netcore/internal/connection"
	"example.com/zaphandlers/netcore/internal/session"
)

// listen opens the socket. A unix socket has its mode from the first moment, where the system supports that.
func (s *Server) listen() error {
	cfg := s.cfg
	file := strings.HasPrefix(cfg.Network, "unix") && !connection.IsAbstract(cfg.Address)
	if file {
		removeStale(cfg.Network, cfg.Address)
	}
	var lc net.ListenConfig
	if file {
		lc.Control = func(_, _ string, raw syscall.RawConn) error {
			return raw.Control(func(fd uintptr) { _ = connection.SetMode(fd, cfg.SocketMode) })
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout) // for the name lookup
	defer cancel()
	var err error
	if connection.IsDatagram(cfg.Network) {
		s.packets, err = lc.ListenPacket(ctx, cfg.Network, cfg.Address)
	} else {
		s.listener, err = lc.Listen(ctx, cfg.Network, cfg.Address)
	}
	if err != nil || !file {
		return err
	}
	if l, ok := s.listener.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false) // it would remove whatever file is there by then
	}
	s.socket, _ = os.Lstat(cfg.Address)
	if err := os.Chmod(cfg.Address, cfg.SocketMode); err != nil {
		_ = s.Close()
		return err
	}
	return nil
}

// unlink removes the socket's file, unless another file has taken its place.
func (s *Server) unlink() {
	if s.socket == nil {
		return
	}
	if now, err := os.Lstat(s.cfg.Address); err == nil && os.SameFile(now, s.socket) {
		_ = os.Remove(s.cfg.Address)
	}
}

// removeStale removes the file of a socket that nobody listens on any more.
func removeStale(network, path string) {
	info, err := os.Lstat(path)
	if err != nil || info.Mode()&os.ModeSocket == 0 {
		return
	}
	conn, err := net.DialTimeout(network, path, time.Second)
	if err != nil {
		if connection.IsRefused(err) {
			_ = os.Remove(path)
		}
		return
	}
	_ = conn.Close()
}

// accept accepts connections until the Server ends. Shutdown gives the listener a deadline, after which accept still takes the
// connections that the kernel has completed.
func (s *Server) accept() {
	pause := time.Duration(0)
	came, rounds := true, 0 // in Shutdown: whether a connection came since the last deadline, and how many deadlines there were
	for {
		conn, err := s.listener.Accept()
		if err == nil {
			pause, came = 0, true
			s.admit(conn)
			continue
		}
		if s.isClosed() || errors.Is(err, net.ErrClosed) {
			if errors.Is(err, os.ErrDeadlineExceeded) && came && rounds < maxBacklogs && s.acceptMore() {
				came = false
				rounds++
				continue
			}
			_ = s.listener.Close()
			return
		}
		s.reportError(err, 0) // such as too many open files, which may pass
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		if !wait(s, pause) {
			return
		}
	}
}

// wait waits before s tries something again. It returns false if s ends meanwhile.
func wait(s *Server, pause time.Duration) (again bool) {
	select {
	case <-time.After(pause):
		return true
	case <-s.done:
		return false
	}
}

// acceptMore gives the listener another deadline after one of Shutdown has passed. If this goroutine ran late, the first deadline
// says nothing about who is waiting.
func (s *Server) acceptMore() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.listener.(interface{ SetDeadline(time.Time) error })
	return ok && !s.closed && l.SetDeadline(time.Now().Add(backlog)) == nil
}

// admit starts serving a connection, if there is room for it, or room can be made.
func (s *Server) admit(conn net.Conn) {
	c := newServerConn(s, conn)
	s.mu.Lock()
	closed, full := s.closed, len(s.conns)-s.leaving >= s.cfg.MaxConns
	var evicted *serverConn
	if full && !closed {
		evicted = evictLocked(s)
		full = evicted == nil
	}
	if !closed && !full {
		s.conns[c] = struct{}{}
		s.working.Add(1)
	}
	s.mu.Unlock()
	if evicted != nil {
		evicted.drain(evictionTimeout)
		s.reportError(fmt.Errorf("from %s: ended while idle: more than %d connections", host(evicted.raw), s.cfg.MaxConns), 0)
	}
	if closed || full {
		_ = conn.Close()
		if full {
			s.reportError(fmt.Errorf("from %s: more than %d connections", host(conn), s.cfg.MaxConns), 0)
		}
		return
	}
	go outlive(func() { s.serve(c) })
}

// serve serves an admitted connection until it ends.
func (s *Server) serve(c *serverConn) {
	c.serve()
	if c.session != nil {
		s.sessions.Leave(c.session)
	}
	s.mu.Lock()
	delete(s.conns, c)
	if c.evicted {
		s.leaving--
	}
	s.mu.Unlock()
	s.working.Done()
}

// evictLocked chooses the connection that leaves to make room for another one, and returns it, or nil.
func evictLocked(s *Server) *serverConn {
	c := s.longestIdleLocked(time.Now())
	if c != nil {
		c.evicted = true
		s.leaving++
		s.stats.Evicted++
	}
	return c
}

// longestIdleLocked returns the connection whose last frame is the longest ago, or nil. It spares connections that are in the middle
// of a frame, or have not completed their first one, for handshakeTimeout.
func (s *Server) longestIdleLocked(now time.Time) *serverConn {
	var longest *serverConn
	var since int64
	began := s.stamp(now.Add(-handshakeTimeout)) // what came since has time
	for c := range s.conns {
		idle := c.idle.Load()
		if frame := c.frameSince.Load(); frame != 0 && frame > began {
			continue
		}
		if idle == 0 {
			if idle = s.stamp(c.begun); idle > began {
				continue
			}
		}
		if !c.evicted && (longest == nil || idle < since) {
			longest, since = c, idle
		}
	}
	return longest
}

// host returns where a connection comes from, without the port, so that errors about one peer read the same.
func host(conn net.Conn) string {
	address := conn.RemoteAddr().String()
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return conn.RemoteAddr().Network()
}

// maxBacklog is how many datagrams may extend Shutdown, however long Target takes: more than a socket holds. Their sender cannot be
// told to stop.
const maxBacklog = 4096

// servePackets reads datagrams. Each is a frame.
func (s *Server) servePackets() {
	in := newBatcher(s)
	var seal *session.Seal
	if s.cfg.Key != nil {
		seal = session.NewDatagramSeal(s.cfg.Key)
	}
	last := maxBacklog
	largest := maxUDP
	if !connection.IsUDP(s.cfg.Network) {
		largest = max(maxUDP, min(s.cfg.MaxFrame, mostDatagram))
	}
	buf := make([]byte, largest+session.TimeSize+session.MACSize+prefixSize+1)
	for {
		n, from, err := s.packets.ReadFrom(buf)
		if err != nil {
			if s.isClosed() || errors.Is(err, net.ErrClosed) {
				return
			}
			s.reportError(err, 0)
			if !wait(s, 5*time.Millisecond) {
				return
			}
			continue
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
		_ = in.deliver(false)              // which reports what is lost
		if s.draining.Load() && last > 0 { // so that a slow Target does not lose what lies in the socket
			last--
			_ = s.packets.SetReadDeadline(time.Now().Add(quiet))
		}
	}
}

var (
	errDatagramLength = errors.New("a datagram's length is not the one it says")
	errDatagramLarge  = errors.New("a datagram is larger than MaxFrame")
)

// unpack returns the frame inside a datagram.
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
