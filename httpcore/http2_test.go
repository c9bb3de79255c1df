package httpcore_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// Frames of HTTP/2 (RFC 9113, section 6), some of their flags and error codes.
const (
	frameData, frameHeaders, frameReset, frameSettings = 0, 1, 3, 4
	framePing, frameGoAway, frameWindow                = 6, 7, 8

	flagAck, flagEndStream, flagEndHeaders = 1, 1, 4

	noError, internalError, refusedStream, enhanceYourCalm, http11Required = 0, 2, 7, 11, 13

	settingStreams, settingWindow, settingFrame = 3, 4, 5
)

// frames is a server that speaks HTTP/2 by hand, and so can say what net/http's own never does.
type frames struct {
	url   string
	roots *x509.CertPool
	over  <-chan struct{} // closed when the test is

	mu     sync.Mutex // guards the fields below
	conns  int
	script []scene
	bodies []string // of the requests that came whole
}

// scene is what the server does when a stream is there with all of its body; early is when only its headers are.
type scene struct {
	early func(c *framer, stream uint32)
	whole func(c *framer, stream uint32)
}

// framer is one connection of it.
type framer struct {
	net.Conn
	requests map[uint32]*streamed
	deaf     bool          // it reads no more
	ended    chan struct{} // closed when the connection is at its end; or nil
}

// streamed is one request.
type streamed struct {
	scene scene
	body  []byte
}

// framed starts a server that says the settings and does with each request what the next scene says; the last one stays.
func framed(t *testing.T, settings []byte, script ...scene) *frames {
	model := httptest.NewUnstartedServer(nil)
	model.StartTLS()
	model.Close()
	s := &frames{roots: x509.NewCertPool(), over: t.Context().Done(), script: script}
	s.roots.AddCert(model.Certificate())
	config := &tls.Config{Certificates: model.TLS.Certificates, NextProtos: []string{"h2"}}
	p := sockets.Listen(t, "tcp", func(conn net.Conn) { s.serve(tls.Server(conn, config), settings) })
	s.url = "https://" + p.Address()
	return s
}

func (s *frames) next() scene {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.script[0]
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	return next
}

func (s *frames) seen() (conns int, bodies []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns, append([]string(nil), s.bodies...)
}

func (s *frames) serve(conn net.Conn, settings []byte) {
	c := &framer{Conn: conn, requests: map[uint32]*streamed{}}
	defer func() {
		_ = conn.Close()
		if c.ended != nil {
			close(c.ended)
		}
	}()
	s.mu.Lock()
	s.conns++
	s.mu.Unlock()
	if _, err := io.ReadFull(conn, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	if settings != nil {
		c.frame(frameSettings, 0, 0, settings...)
	}
	for head := make([]byte, 9); ; {
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		payload := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(conn, payload); err != nil {
			return
		}
		s.took(c, head[3], head[4], binary.BigEndian.Uint32(head[5:]), payload)
		if c.deaf {
			<-s.over
			return
		}
	}
}

func (s *frames) took(c *framer, kind, flags byte, stream uint32, payload []byte) {
	r := c.requests[stream]
	switch {
	case kind == frameSettings && flags&flagAck == 0:
		c.frame(frameSettings, flagAck, 0)
	case kind == framePing && flags&flagAck == 0:
		c.frame(framePing, flagAck, 0, payload...)
	case kind == frameHeaders:
		r = &streamed{scene: s.next()}
		c.requests[stream] = r
		if r.scene.early != nil {
			r.scene.early(c, stream)
		}
	case kind == frameData && r != nil:
		r.body = append(r.body, payload...)
		if n := uint32(len(payload)); n > 0 && r.scene.whole != nil {
			c.frame(frameWindow, 0, 0, number(n)...)
			c.frame(frameWindow, 0, stream, number(n)...)
		}
	}
	if r != nil && (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0 {
		s.mu.Lock()
		s.bodies = append(s.bodies, string(r.body))
		s.mu.Unlock()
		if r.scene.whole != nil {
			r.scene.whole(c, stream)
		}
	}
}

func (c *framer) frame(kind, flags byte, stream uint32, payload ...byte) {
	n := len(payload)
	b := append([]byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}, number(stream)...)
	_, _ = c.Write(append(b, payload...))
}

func number(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

func setting(id uint16, value uint32) []byte {
	return append([]byte{byte(id >> 8), byte(id)}, number(value)...)
}

// Statuses as they are in the static table of HPACK (RFC 7541, appendix A).
const status200, status204 = 0x88, 0x89

func says(status byte) func(*framer, uint32) {
	return func(c *framer, stream uint32) { c.frame(frameHeaders, flagEndHeaders|flagEndStream, stream, status) }
}

func resets(code uint32) func(*framer, uint32) {
	return func(c *framer, stream uint32) { c.frame(frameReset, 0, stream, number(code)...) }
}

// goesAway says GOAWAY with the last stream that is looked at.
func goesAway(last func(stream uint32) uint32, code uint32, then func(*framer, uint32)) func(*framer, uint32) {
	return func(c *framer, stream uint32) {
		c.frame(frameGoAway, 0, 0, append(append(number(last(stream)), number(code)...), "words"...)...)
		if then != nil {
			then(c, stream)
		}
	}
}

func leaves(c *framer, _ uint32) { _ = c.Close() }

func this(stream uint32) uint32 { return stream }
func none(uint32) uint32        { return 0 }

// overHTTP2 returns a core that sends to s.
func overHTTP2(t *testing.T, s *frames, change func(*httpcore.Config)) *httpcore.Core {
	return lines(t, s.url, func(cfg *httpcore.Config) {
		cfg.TLS, cfg.ConnectTimeout = &tls.Config{RootCAs: s.roots}, 5*time.Second
		if change != nil {
			change(cfg)
		}
	})
}

// No frame that an HTTP/2 server sends instead of an answer, or before it, loses a record. A request that the server has begun and
// answered arrives once.
func TestHTTP2SaysSomethingElse(t *testing.T) {
	taken := scene{whole: says(status204)}
	for name, first := range map[string]struct {
		scene
		copies int // of the first body, by what RFC 9113 lets a client do
		fails  bool
	}{
		"REFUSED_STREAM":                        {scene{whole: resets(refusedStream)}, 2, false},
		"INTERNAL_ERROR":                        {scene{whole: resets(internalError)}, 2, true},
		"ENHANCE_YOUR_CALM":                     {scene{whole: resets(enhanceYourCalm)}, 2, true},
		"HTTP_1_1_REQUIRED":                     {scene{whole: resets(http11Required)}, 2, true},
		"NO_ERROR without an answer":            {scene{whole: resets(noError)}, 2, true},
		"an answer, and then NO_ERROR":          {scene{whole: both(says(status204), resets(noError))}, 1, false},
		"GOAWAY of all":                         {scene{whole: goesAway(none, noError, nil)}, 2, false},
		"GOAWAY of all, and the end":            {scene{whole: goesAway(none, noError, leaves)}, 2, false},
		"GOAWAY of what follows, and an answer": {scene{whole: goesAway(this, noError, says(status204))}, 1, false},
		"GOAWAY of what follows, and the end":   {scene{whole: goesAway(this, noError, leaves)}, 2, true},
		"GOAWAY for having asked for too much":  {scene{whole: goesAway(this, enhanceYourCalm, leaves)}, 2, true},
		"the end":                               {scene{whole: leaves}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := framed(t, setting(settingStreams, 1), first.scene, taken)
			core := overHTTP2(t, server, nil)
			_, err := core.WriteBatch(batchOf(t, "one"))
			require.Equal(t, first.fails, err != nil, "%v", err)
			if err != nil {
				require.ErrorAs(t, err, new(*base.RetryError))
				requireTaken(t, core, batchOf(t, "one"))
			}
			requireTaken(t, core, batchOf(t, "two"))
			want := []string{"one\n", "one\n", "two\n"}
			_, bodies := server.seen()
			require.Equal(t, want[2-first.copies:], bodies)
			require.Equal(t, uint64(2), core.Stats().Delivered)
		})
	}
}

// A server that goes away, or refuses, before it begins with anything, gets a request three times and is then left alone for the
// backoff: net/http by itself goes on without a pause, for as long as the request has time.
func TestServerThatBeginsWithNothing(t *testing.T) {
	for name, begins := range map[string]func(*framer, uint32){
		"GOAWAY":         goesAway(none, noError, leaves),
		"REFUSED_STREAM": resets(refusedStream),
	} {
		t.Run(name, func(t *testing.T) {
			server := framed(t, nil, scene{whole: begins})
			core := overHTTP2(t, server, func(cfg *httpcore.Config) {
				cfg.Timeout, cfg.RetryStart, cfg.RetryMax = time.Minute, time.Hour, time.Hour
			})
			_, err := core.WriteBatch(batchOf(t, "one"))
			require.ErrorContains(t, err, "before it began with it, 3 times")
			require.NotErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorAs(t, err, new(*base.RetryError))
			conns, bodies := server.seen()
			require.LessOrEqual(t, conns, 5) // the fourth is told before the request is, and net/http may dial once more meanwhile
			require.Len(t, bodies, 3)
		})
	}
}

// A connection of HTTP/2 to which nothing can be written any more is not used again.
func TestConnectionThatIsFullIsLeft(t *testing.T) {
	server := framed(t, append(setting(settingWindow, 1<<30), wide...), scene{early: stopsReading}, scene{whole: says(status204)})
	core := overHTTP2(t, server, func(cfg *httpcore.Config) { cfg.Timeout, cfg.MaxBatchBytes = 500*time.Millisecond, 64<<20 })
	large := strings.Repeat("x", 32<<20) // more than the sockets hold
	_, err := core.WriteBatch(batchOf(t, large))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	tick()
	_, err = core.WriteBatch(batchOf(t, "two"))
	require.NoError(t, err)
	conns, _ := server.seen()
	require.Equal(t, 2, conns)
}

// Close ends a connection of HTTP/2 with a request that is not answered.
func TestCloseEndsAConnectionOfHTTP2(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	server := framed(t, nil, scene{early: func(c *framer, _ uint32) { c.ended = ended; close(begun) }})
	core := overHTTP2(t, server, nil)
	written := make(chan error, 1)
	go func() { written <- core.Write(zapcore.Entry{Message: "one"}, nil) }()
	<-begun
	require.NoError(t, core.Close())
	require.ErrorIs(t, <-written, httpcore.ErrClosed)
	sockets.Receive(t, ended)
}

// A server that speaks HTTP/2 may come back without it, and the other way round.
func TestServerComesBackWithoutHTTP2(t *testing.T) {
	var address string
	var protocols []string
	var roots *x509.CertPool
	start := func(two bool) *httptest.Server {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			protocols = append(protocols, r.Proto)
			w.WriteHeader(http.StatusNoContent)
		}))
		if address != "" {
			_ = server.Listener.Close()
			require.Eventually(t, func() (ok bool) {
				var err error
				server.Listener, err = net.Listen("tcp", address)
				return err == nil
			}, 5*time.Second, time.Millisecond)
		}
		address = server.Listener.Addr().String()
		server.EnableHTTP2 = two
		server.StartTLS()
		roots = x509.NewCertPool()
		roots.AddCert(server.Certificate())
		return server
	}
	server := start(true)
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.TLS = &tls.Config{RootCAs: roots} })
	for _, two := range []bool{false, true, false} {
		requireTaken(t, core, batchOf(t, "a"))
		server.CloseClientConnections()
		server.Close()
		server = start(two)
	}
	requireTaken(t, core, batchOf(t, "a"))
	server.Close()
	require.Equal(t, []string{"HTTP/2.0", "HTTP/1.1", "HTTP/2.0", "HTTP/1.1"}, protocols)
	require.Equal(t, uint64(4), core.Stats().Delivered)
}

func both(first, second func(*framer, uint32)) func(*framer, uint32) {
	return func(c *framer, stream uint32) { first(c, stream); second(c, stream) }
}

// wide is the rest of the settings of a server that takes much at a time.
var wide = setting(settingFrame, 1<<20)

// stopsReading gives a stream all the room that it wants, and then reads no more of it.
func stopsReading(c *framer, stream uint32) {
	c.frame(frameWindow, 0, 0, number(1<<30)...)
	c.deaf = true
}
