package netcore

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/netcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// ServerStats counts the records of a Server.
type ServerStats struct {
	Stats              // Refused are frames that could not be read; Dropped what Target did not take; Skipped what it did not want
	Connections int    `json:"connections"` // open now
	Duplicates  uint64 `json:"duplicates"`  // frames that came again, with Ack, and were not delivered again
	Evicted     uint64 `json:"evicted"`     // connections that were idle, and were ended to make room for others
}

// String returns the counts as one JSON object, as Stats.String does.
func (s ServerStats) String() string {
	text, _ := json.Marshal(s) // numbers always can be
	return string(text)
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
	socket   os.FileInfo      // of the socket's file, which is to be removed; nil: there is none
	sessions session.Registry
	memory   atomic.Int64  // bytes in buffers of connections
	done     chan struct{} // closed when Shutdown or Close has begun
	draining atomic.Bool   // Shutdown has begun
	working  sync.WaitGroup
	patience time.Duration // of Close with Target; closePatience but in tests
	made     time.Time

	mu         sync.Mutex // guards the fields below
	closed     bool
	conns      map[*serverConn]struct{}
	leaving    int           // of them are evicted
	ended      chan struct{} // closed when no goroutine is left; nil before anybody waits
	stats      ServerStats
	report     *base.Reporter
	reportedAt time.Time

	reports      int // since reportsSince
	reportsSince time.Time
}

// NewServer opens the socket and returns a Server; Serve serves it. An error names the field of cfg that is wrong.
func NewServer(cfg ServerConfig) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:      cfg,
		done:     make(chan struct{}),
		conns:    make(map[*serverConn]struct{}),
		patience: closePatience,
		made:     time.Now(),
	}
	s.batches, _ = cfg.Target.(base.BatchWriter)
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("netcore: %w", err)
	}
	return s, nil
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
	outlive(func() {
		if s.packets != nil {
			s.servePackets()
		} else {
			s.accept()
		}
		s.working.Done()
	})
	return nil
}

// Shutdown stops listening, reads what is on its way on the open connections, until they are quiet, and closes them. When ctx
// ends it closes them at once and returns ctx's error, even while Target is busy: what that was given it still has.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.begin(false)
	for _, c := range s.open() {
		c.drain(0)
	}
	select {
	case <-s.idle():
		return s.Close()
	case <-ctx.Done():
		s.cut()
		return ctx.Err()
	}
}

// Close stops listening, closes the connections at once and waits until Target has returned from what it was given, for up to
// 5 s. After that it returns an error, and Target is left alone with it.
func (s *Server) Close() error {
	s.cut()
	timer := time.NewTimer(s.patience)
	defer timer.Stop()
	select {
	case <-s.idle():
		return nil
	case <-timer.C:
		return fmt.Errorf("netcore: server %s: closed, but Target has not returned within %v", s.Addr(), s.patience)
	}
}

// cut closes everything at once, and waits for nobody.
func (s *Server) cut() {
	s.begin(true)
	if s.packets != nil {
		_ = s.packets.Close()
	} else {
		_ = s.listener.Close()
	}
	for _, c := range s.open() {
		_ = c.raw.Close()
	}
}

// idle returns a channel that is closed when no goroutine of the Server is left.
func (s *Server) idle() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = make(chan struct{})
		go func() {
			s.working.Wait()
			close(s.ended)
		}()
	}
	return s.ended
}

// begin begins to end: what the kernel has already accepted for us is still served, unless the Server closes.
func (s *Server) begin(closing bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = s.closed || closing
	if s.isClosed() {
		return
	}
	close(s.done)
	if s.packets != nil {
		_ = s.packets.SetReadDeadline(time.Now().Add(quiet))
	} else if l, ok := s.listener.(interface{ SetDeadline(time.Time) error }); ok {
		_ = l.SetDeadline(time.Now().Add(backlog))
	}
	s.unlink()
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

// stamp returns t as a time since the Server was made, which no step of the system's clock changes; it is above 0 for what came since.
func (s *Server) stamp(t time.Time) int64 { return int64(t.Sub(s.made)) + 1 }

// steadySize is how large a buffer a connection may have between frames, be it idle: what makes reading cheaper leaves half of the memory
// to frames.
func (s *Server) steadySize() int {
	if s.memory.Load() > int64(s.cfg.MaxMemory)/2 {
		return firstBuf
	}
	return steadyBuf
}

// maxReports is how many errors are reported in a second. Whoever sends nonsense must not fill the log with it.
const maxReports = 10

// reportError reports err, which cost that many records, unless it was just reported, or too many others were.
func (s *Server) reportError(err error, records int) {
	s.mu.Lock()
	now := time.Now()
	report := s.reporterLocked(now)
	if now.Sub(s.reportsSince) > time.Second {
		s.reports, s.reportsSince = 0, now
	}
	s.reports++
	quiet := s.reports > maxReports
	s.mu.Unlock()
	if !quiet {
		report.Failed(fmt.Errorf("netcore: server %s: %w", s.Addr(), err), records)
	}
}

// reportTarget reports what Target says, of which what tells the kind. However many errors clients make, it is told beside them.
func (s *Server) reportTarget(what string, err error) {
	s.mu.Lock()
	report := s.reporterLocked(time.Now())
	s.mu.Unlock()
	report.Note(fmt.Sprintf("server %s: %s", s.Addr(), what), err)
	report.Tell()
}

// reporterLocked returns what tells the same error once: for a minute.
func (s *Server) reporterLocked(now time.Time) *base.Reporter {
	if s.report == nil || now.Sub(s.reportedAt) > time.Minute {
		s.report, s.reportedAt = base.NewReporter("netcore", s.cfg.OnError), now
	}
	return s.report
}

// count changes the counts.
func (s *Server) count(change func(*ServerStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}
