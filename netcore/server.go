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

// ServerStats counts a Server's records: Refused are frames that could not be read, Dropped those that Target did not take, Skipped
// those that Target did not want.
type ServerStats struct {
	Stats
	Connections int    `json:"connections"` // open now
	Duplicates  uint64 `json:"duplicates"`  // with Ack: frames that came again and were not delivered again
	Evicted     uint64 `json:"evicted"`     // idle connections that were ended to make room for others
}

// String returns the counts as one JSON object, like Stats.String.
func (s ServerStats) String() string {
	text, _ := json.Marshal(s) // numbers never fail
	return string(text)
}

// Server is the other end of a Core, and of Python's SocketHandler and DatagramHandler: the receiver that Python only sketches in its
// cookbook, made safe for a port that others can reach. It hands the records it receives to any zapcore.Core.
//
// All its methods are safe for concurrent use.
type Server struct {
	cfg          ServerConfig
	batches      base.BatchWriter // Target, if it is one
	listener     net.Listener     // for streams
	packets      net.PacketConn   // for datagrams
	socket       os.FileInfo      // the unix socket's file, to be removed at the end; nil if there is none
	sessions     session.Registry
	memory       atomic.Int64  // bytes in the buffers of all connections
	done         chan struct{} // closed when Shutdown or Close begins
	draining     atomic.Bool   // Shutdown has begun
	working      sync.WaitGroup
	closeTimeout time.Duration // of Close, for Target; tests shorten it
	made         time.Time     // what stamp counts from

	mu         sync.Mutex // guards the fields below
	closed     bool
	conns      map[*serverConn]struct{}
	leaving    int           // how many of conns are evicted
	ended      chan struct{} // closed when no goroutine is left; nil until someone waits
	stats      ServerStats
	report     *base.Reporter
	reportedAt time.Time

	reports      int // since reportsSince
	reportsSince time.Time
}

// NewServer opens the socket and returns a Server. Call Serve to serve it. An error names the field of cfg that is wrong.
func NewServer(cfg ServerConfig) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg:          cfg,
		done:         make(chan struct{}),
		conns:        make(map[*serverConn]struct{}),
		closeTimeout: closeTimeout,
		made:         time.Now(),
	}
	s.batches, _ = cfg.Target.(base.BatchWriter)
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("netcore: %w", err)
	}
	return s, nil
}

// Addr returns the address on which the Server listens.
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

// Serve serves until Shutdown or Close, and then returns nil. Call it once.
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

// Shutdown stops listening, reads what is still arriving on the open connections until they are quiet, and closes them. When ctx ends
// it closes them at once and returns ctx's error, even while Target is busy: Target keeps the records it was given.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.stopListening(false)
	for _, c := range s.connections() {
		c.drain(0)
	}
	select {
	case <-s.finished():
		return s.Close()
	case <-ctx.Done():
		s.closeAll()
		return ctx.Err()
	}
}

// Close stops listening, closes all connections at once, and waits up to 5 s for Target to return. After that it returns an error,
// and leaves Target running.
func (s *Server) Close() error {
	s.closeAll()
	timer := time.NewTimer(s.closeTimeout)
	defer timer.Stop()
	select {
	case <-s.finished():
		return nil
	case <-timer.C:
		return fmt.Errorf("netcore: server %s: closed, but Target has not returned within %v", s.Addr(), s.closeTimeout)
	}
}

// closeAll closes the listener and all connections at once, without waiting.
func (s *Server) closeAll() {
	s.stopListening(true)
	if s.packets != nil {
		_ = s.packets.Close()
	} else {
		_ = s.listener.Close()
	}
	for _, c := range s.connections() {
		_ = c.raw.Close()
	}
}

// finished returns a channel that is closed when no goroutine of the Server is left.
func (s *Server) finished() <-chan struct{} {
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

// stopListening gives the socket a short deadline. What the kernel has already accepted is still served, unless closing.
func (s *Server) stopListening(closing bool) {
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

func (s *Server) connections() []*serverConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*serverConn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// stamp returns t as nanoseconds since the Server was made, which no step of the system's clock changes. It is above 0 for every later t.
func (s *Server) stamp(t time.Time) int64 { return int64(t.Sub(s.made)) + 1 }

// steadySize is how large a buffer a connection may keep between frames. Large buffers make reading cheaper, but leave half of
// MaxMemory to frames.
func (s *Server) steadySize() int {
	if s.memory.Load() > int64(s.cfg.MaxMemory)/2 {
		return firstBuf
	}
	return steadyBuf
}

// maxReports limits the errors reported in a second: a client that sends garbage must not fill the log.
const maxReports = 10

// reportError reports err, which cost that many records, unless the same error or too many others were just reported.
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

// reportTarget reports an error of Target; what names its kind. It is reported however many errors clients cause.
func (s *Server) reportTarget(what string, err error) {
	s.mu.Lock()
	report := s.reporterLocked(time.Now())
	s.mu.Unlock()
	report.Note(fmt.Sprintf("server %s: %s", s.Addr(), what), err)
	report.Tell()
}

// reporterLocked returns the Reporter, which reports the same error once. It is replaced every minute.
func (s *Server) reporterLocked(now time.Time) *base.Reporter {
	if s.report == nil || now.Sub(s.reportedAt) > time.Minute {
		s.report, s.reportedAt = base.NewReporter("netcore", s.cfg.OnError), now
	}
	return s.report
}

// count updates the counts.
func (s *Server) count(change func(*ServerStats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}
