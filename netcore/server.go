package netcore

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Format says what the frames that come to a Server hold. There is no guessing: a Server reads one.
type Format uint8

const (
	// FormatPickle is what Python's SocketHandler and DatagramHandler send, and Pickle() here. Nothing in it is executed.
	FormatPickle Format = iota + 1
	// FormatRecords is what Records() sends.
	FormatRecords
	// FormatLines is text: each frame becomes the message of a record at Info, at the time it came.
	FormatLines

	formats
)

// ServerConfig makes a Server. Address, Format and Target are required.
type ServerConfig struct {
	// Network is "tcp", "udp", "unix" or "unixgram", or one of "tcp4", "tcp6", "udp4", "udp6". Defaults to "tcp".
	Network string
	// Address is where to listen: "host:port", port 0 for any, or the path of a unix socket. Required.
	Address string
	// SocketMode is who may connect to a unix socket. Defaults to 0600, its owner.
	SocketMode fs.FileMode
	// TLS encrypts streams, if not nil; with ClientAuth and ClientCAs it demands certificates. It is copied.
	TLS *tls.Config
	// Key takes only frames that are signed with it: see Config.Key.
	Key []byte
	// Ack confirms what Target has taken: see Config.Ack. The clients must have it too.
	Ack bool

	// Format is what the frames hold. Required.
	Format Format
	// Framing is how streams are cut into frames. Defaults to Newline for FormatLines, LengthPrefix for the others. Datagrams are
	// Unframed, but have a LengthPrefix with FormatPickle, as Python's.
	Framing Framing
	// Target gets the records. It is asked for its level. If it is a base.BatchWriter, as every core of this module is, it
	// gets all that came together as one batch. Required. The Server does not close it.
	Target zapcore.Core

	// MaxFrame is the largest frame that is read, in bytes; larger ones are skipped. Defaults to 1 MiB.
	MaxFrame int
	// MaxConns is how many connections may be open; more are closed at once. Defaults to 1,024.
	MaxConns int
	// MaxMemory is how much all connections together may hold of frames that are not complete, in bytes. Defaults to 256 MiB.
	MaxMemory int
	// IdleTimeout closes a connection on which no frame was completed for this long. Defaults to 5 minutes.
	IdleTimeout time.Duration
	// OnError is told of frames that cannot be read, connections that are refused and records that Target does not take: the
	// same error once a minute at most. It runs on the Server's goroutines. Defaults to a line on stderr.
	OnError func(error)
}

// ServerStats counts the records of a Server.
type ServerStats struct {
	Stats              // Refused are frames that could not be read; Dropped what Target did not take; Skipped what it did not want
	Connections int    // open now
	Duplicates  uint64 // frames that came again, with Ack, and were not delivered again
}

// Server is the other end of a Core, and of Python's SocketHandler and DatagramHandler: the receiver that Python leaves to its
// cookbook, made safe for a port that others can reach. It replays what comes into any zapcore.Core.
//
// All its methods are safe for concurrent use.
type Server struct {
	cfg      ServerConfig
	batches  base.BatchWriter // Target, if it is one
	listener net.Listener     // for streams
	packets  net.PacketConn   // for datagrams
	unlink   string           // the socket file to remove
	sessions sessions
	memory   atomic.Int64 // bytes in buffers of connections
	done     chan struct{}
	draining atomic.Bool
	working  sync.WaitGroup

	mu         sync.Mutex // guards the fields below
	closed     bool
	conns      map[*serverConn]struct{}
	stats      ServerStats
	report     *base.Reporter
	reportedAt time.Time
}

const (
	defaultMaxFrame    = 1 << 20
	defaultMaxConns    = 1024
	defaultMaxMemory   = 256 << 20
	defaultIdleTimeout = 5 * time.Minute
	defaultSocketMode  = 0o600
)

// NewServer opens the socket and returns a Server; Serve serves it. An error names the field of cfg that is wrong.
func NewServer(cfg ServerConfig) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:   cfg,
		done:  make(chan struct{}),
		conns: make(map[*serverConn]struct{}),
	}
	s.batches, _ = cfg.Target.(base.BatchWriter)
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("netcore: %w", err)
	}
	return s, nil
}

func (cfg ServerConfig) withDefaults() (ServerConfig, error) {
	if cfg.Network == "" {
		cfg.Network = "tcp"
	}
	if cfg.Framing == DefaultFraming {
		cfg.Framing = LengthPrefix
		if isDatagram(cfg.Network) && cfg.Format != FormatPickle {
			cfg.Framing = Unframed
		} else if cfg.Format == FormatLines && !cfg.Ack && cfg.Key == nil {
			cfg.Framing = Newline
		}
	}
	if err := cfg.check(); err != nil {
		return cfg, fmt.Errorf("netcore: ServerConfig.%w", err)
	}
	if cfg.TLS != nil {
		cfg.TLS = cfg.TLS.Clone()
	}
	if cfg.SocketMode == 0 {
		cfg.SocketMode = defaultSocketMode
	}
	cfg.MaxFrame = orDefault(cfg.MaxFrame, defaultMaxFrame)
	cfg.MaxConns = orDefault(cfg.MaxConns, defaultMaxConns)
	cfg.MaxMemory = orDefault(cfg.MaxMemory, defaultMaxMemory)
	cfg.IdleTimeout = orDefault(cfg.IdleTimeout, defaultIdleTimeout)
	return cfg, nil
}

// check returns what is wrong, beginning with the field's name.
func (cfg ServerConfig) check() error {
	datagrams := isDatagram(cfg.Network)
	signed := cfg.Ack || cfg.Key != nil
	switch {
	case cfg.Address == "":
		return errors.New("Address is required")
	case !knownNetwork(cfg.Network):
		return fmt.Errorf("Network %q is unknown", cfg.Network)
	case cfg.Format == 0 || cfg.Format >= formats:
		return errors.New("Format is required")
	case cfg.Target == nil:
		return errors.New("Target is required")
	case cfg.Framing >= framings:
		return fmt.Errorf("Framing %v is unknown", cfg.Framing)
	case cfg.Framing == Unframed && !datagrams:
		return fmt.Errorf("Framing Unframed is for datagrams, not for %q", cfg.Network)
	case datagrams && cfg.Framing != Unframed && cfg.Framing != LengthPrefix:
		return fmt.Errorf("Framing %v is for streams, not for %q", cfg.Framing, cfg.Network)
	case cfg.Format != FormatLines && !cfg.Framing.binary():
		return fmt.Errorf("Framing %v is for text", cfg.Framing)
	case cfg.TLS != nil && datagrams:
		return fmt.Errorf("TLS needs a stream, not %q", cfg.Network)
	case cfg.Ack && datagrams:
		return fmt.Errorf("Ack needs a stream, not %q", cfg.Network)
	case signed && !datagrams && cfg.Framing != LengthPrefix:
		return fmt.Errorf("Framing has to be LengthPrefix with Ack or Key, not %v", cfg.Framing)
	case cfg.Key != nil && len(cfg.Key) < minKey:
		return fmt.Errorf("Key has %d bytes, at least %d are needed", len(cfg.Key), minKey)
	}
	return cfg.checkLimits()
}

func (cfg ServerConfig) checkLimits() error {
	switch {
	case cfg.MaxFrame < 0:
		return fmt.Errorf("MaxFrame %d is negative", cfg.MaxFrame)
	case cfg.MaxConns < 0:
		return fmt.Errorf("MaxConns %d is negative", cfg.MaxConns)
	case cfg.MaxMemory < 0:
		return fmt.Errorf("MaxMemory %d is negative", cfg.MaxMemory)
	case cfg.IdleTimeout < 0:
		return fmt.Errorf("IdleTimeout %v is negative", cfg.IdleTimeout)
	}
	return nil
}

// Addr returns where the Server listens.
func (s *Server) Addr() net.Addr {
	if s.packets != nil {
		return s.packets.LocalAddr()
	}
	return s.listener.Addr()
}

// Stats returns the counts.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Connections = len(s.conns)
	return stats
}

// Serve serves until Shutdown or Close, and returns nil then. It is called once.
func (s *Server) Serve() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.working.Add(1)
	s.mu.Unlock()
	defer s.working.Done()
	if s.packets != nil {
		return s.servePackets()
	}
	return s.accept()
}

func (s *Server) accept() error {
	pause := time.Duration(0)
	for {
		conn, err := s.listener.Accept()
		if err == nil {
			pause = 0
			s.admit(conn)
			continue
		}
		if s.isClosed() || errors.Is(err, net.ErrClosed) {
			return nil
		}
		s.complain(err, 0) // such as too many open files: it passes
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-time.After(pause):
		case <-s.done:
			return nil
		}
	}
}

// admit starts to serve a connection, if there is room for it.
func (s *Server) admit(conn net.Conn) {
	c := newServerConn(s, conn)
	s.mu.Lock()
	refused := s.closed || len(s.conns) >= s.cfg.MaxConns
	if !refused {
		s.conns[c] = struct{}{}
		s.working.Add(1)
	}
	s.mu.Unlock()
	if refused {
		_ = conn.Close()
		s.complain(fmt.Errorf("from %s: more than %d connections", host(conn), s.cfg.MaxConns), 0)
		return
	}
	go func() {
		defer s.working.Done()
		c.serve()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
}

// host returns where a connection comes from, without the port, so that errors of one peer read the same.
func host(conn net.Conn) string {
	address := conn.RemoteAddr().String()
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return conn.RemoteAddr().Network()
}

// Shutdown stops listening, reads what is on its way on the open connections, until they are quiet, and closes them. When ctx
// ends it closes them at once and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.stopListening()
	for _, c := range s.open() {
		c.drain()
	}
	done := make(chan struct{})
	go func() {
		s.working.Wait()
		close(done)
	}()
	select {
	case <-done:
		return s.Close()
	case <-ctx.Done():
		_ = s.Close()
		return ctx.Err()
	}
}

// Close stops listening, closes the connections at once and waits until Target has returned from what it was given. It always
// returns nil.
func (s *Server) Close() error {
	s.stopListening()
	for _, c := range s.open() {
		_ = c.raw.Close()
	}
	if s.packets != nil {
		_ = s.packets.Close()
	}
	s.working.Wait()
	return nil
}

func (s *Server) stopListening() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	close(s.done)
	if s.packets != nil {
		_ = s.packets.SetReadDeadline(time.Now().Add(quiet))
	} else {
		_ = s.listener.Close()
	}
	if s.unlink != "" {
		_ = os.Remove(s.unlink)
	}
}

func (s *Server) isClosed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *Server) open() []*serverConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*serverConn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// complain reports err, which cost that many records, unless it was just reported.
func (s *Server) complain(err error, records int) {
	s.mu.Lock()
	if now := time.Now(); s.report == nil || now.Sub(s.reportedAt) > time.Minute {
		s.report, s.reportedAt = base.NewReporter("netcore", s.cfg.OnError), now
	}
	report := s.report
	s.mu.Unlock()
	report.Failed(fmt.Errorf("netcore: server %s: %w", s.Addr(), err), records)
}
