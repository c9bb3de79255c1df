package httpcore_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// peer listens, and does with each connection what serve says, until the test ends. reached is closed when it has got as far as
// it goes.
func peer(t *testing.T, serve func(conn net.Conn, reached func())) (addr string, reached <-chan struct{}) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				stop := context.AfterFunc(t.Context(), func() { conn.Close() })
				defer stop()
				defer conn.Close()
				serve(conn, func() { once.Do(func() { close(done) }) })
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String(), done
}

// untilClosed waits for the end of a connection.
func untilClosed(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// repeat writes text until the connection is closed.
func repeat(conn net.Conn, text string, reached func()) {
	go untilClosed(conn)
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		reached()
		<-time.After(time.Millisecond)
	}
}

// answer reads a request and writes text.
func answer(conn net.Conn, text string) {
	if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(conn, text)
	}
}

// neverAnswering are peers that come as far as they come, and no further.
var neverAnswering = []struct {
	name   string
	scheme string
	serve  func(conn net.Conn, reached func())
	proxy  bool
	final  bool // it has said something that ends the request
}{
	{"no TLS handshake", "https", func(conn net.Conn, reached func()) { _, _ = conn.Read(make([]byte, 1)); reached(); untilClosed(conn) }, false, false},
	{"a proxy that never connects", "https", func(conn net.Conn, reached func()) { _, _ = conn.Read(make([]byte, 1)); reached(); untilClosed(conn) }, true, false},
	{"no answer", "http", func(conn net.Conn, reached func()) { answer(conn, ""); reached(); untilClosed(conn) }, false, false},
	{"half a status line", "http", func(conn net.Conn, reached func()) { answer(conn, "HTTP/1.1 2"); reached(); untilClosed(conn) }, false, false},
	{"half an answer", "http", func(conn net.Conn, reached func()) {
		answer(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
		reached()
		untilClosed(conn)
	}, false, false},
	{"an answer without an end", "http", func(conn net.Conn, reached func()) {
		answer(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		repeat(conn, "1\r\n \r\n", reached)
	}, false, false},
	{"a header without an end", "http", func(conn net.Conn, reached func()) {
		answer(conn, "HTTP/1.1 200 OK\r\nX: ")
		repeat(conn, "x", reached)
	}, false, false},
	{"102 for ever", "http", func(conn net.Conn, reached func()) {
		answer(conn, "")
		repeat(conn, "HTTP/1.1 102 Processing\r\n\r\n", reached)
	}, false, false},
	{"101", "http", func(conn net.Conn, reached func()) {
		answer(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		reached()
		untilClosed(conn)
	}, false, true},
	{"101, and more and more", "http", func(conn net.Conn, reached func()) {
		answer(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
		repeat(conn, "x", reached)
	}, false, true},
}

// Every call returns in time, whatever the server does: Write, WriteBatch, Stats, Sync, and the calls of others meanwhile.
func TestEveryCallHasABound(t *testing.T) {
	for _, test := range neverAnswering {
		t.Run(test.name, func(t *testing.T) {
			addr, _ := peer(t, test.serve)
			core := silent(t, addr, test.scheme, test.proxy, 100*time.Millisecond)
			begin := time.Now()
			err := core.Write(zapcore.Entry{Message: "one"}, nil)
			var retry *base.RetryError
			require.ErrorAs(t, err, &retry)
			require.Equal(t, !test.final, errors.Is(err, context.DeadlineExceeded), "%v", err)
			tick()
			n, err := core.WriteBatch(batchOf(t, "two", "three"))
			require.Zero(t, n)
			require.ErrorAs(t, err, &retry)
			require.NoError(t, core.Sync())
			require.Equal(t, base.Stats{Refused: 1}, core.Stats())
			require.NoError(t, core.Close())
			require.Less(t, time.Since(begin), 5*time.Second)
		})
	}
}

// Close ends what has no deadline of its own.
func TestCloseEndsEveryWait(t *testing.T) {
	for _, test := range neverAnswering {
		if test.final {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			addr, reached := peer(t, test.serve)
			core := silent(t, addr, test.scheme, test.proxy, -1)
			written := make(chan error, 1)
			go func() {
				_, err := core.WriteBatch(batchOf(t, "one"))
				written <- err
			}()
			<-reached
			begin := time.Now()
			require.NoError(t, core.Close())
			err := <-written
			require.ErrorIs(t, err, httpcore.ErrClosed)
			require.Zero(t, core.Stats().Delivered)
			require.Less(t, time.Since(begin), 5*time.Second, "a second for the server, and no more")
		})
	}
}

// silent returns a core whose Envelope reads the whole answer.
func silent(t *testing.T, addr, scheme string, proxy bool, timeout time.Duration) *httpcore.Core {
	target := scheme + "://" + addr
	var client *http.Client
	if proxy {
		via := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: addr})}
		t.Cleanup(via.CloseIdleConnections)
		client, target = &http.Client{Transport: via}, scheme+"://server.invalid"
	}
	return lines(t, target, func(cfg *httpcore.Config) {
		cfg.Timeout, cfg.Client = timeout, client
		cfg.Envelope = httpcore.Envelope{ContentType: "text/plain", Read: func(a *httpcore.Answer) error {
			if err := a.Err(); err != nil {
				return err
			}
			return errors.New("read to its end")
		}}
	})
}

// Redirects get no time of their own.
func TestRedirectsWithoutAnEnd(t *testing.T) {
	var hops atomic.Int32
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		select {
		case <-time.After(60 * time.Millisecond):
		case <-r.Context().Done():
		}
		w.Header().Set("Location", server.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.FollowRedirects, cfg.Timeout = true, 100*time.Millisecond })
	require.ErrorIs(t, core.Write(zapcore.Entry{}, nil), context.DeadlineExceeded)
	require.LessOrEqual(t, hops.Load(), int32(3))
}

// A server that goes away in order (GOAWAY of HTTP/2) takes what it has begun, and loses nothing.
func TestGoAway(t *testing.T) {
	var mu sync.Mutex
	took := map[string]int{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		took[string(body)]++
		if len(took)%5 == 0 {
			w.Header().Set("Connection", "close") // for HTTP/2 that is GOAWAY
		}
	})
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	pool := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.TLS = &tls.Config{RootCAs: pool} })
	texts := numbered(0, 50)
	for _, text := range texts {
		requireTaken(t, core, batchOf(t, text))
	}
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, took, 50)
	require.Equal(t, uint64(50), core.Stats().Delivered)
}

// One error is one text, each time: without the port of this side, and without the time of day.
func TestErrorsHaveOneText(t *testing.T) {
	reset, _ := peer(t, func(conn net.Conn, _ func()) {
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.(*net.TCPConn).SetLinger(0)
	})
	expired := expiredServer(t)
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }))
	defer slow.Close()
	for name, target := range map[string]string{"a reset": "http://" + reset, "an expired certificate": expired.URL, "a timeout that grows": slow.URL} {
		t.Run(name, func(t *testing.T) {
			core := lines(t, target, func(cfg *httpcore.Config) {
				cfg.OmitIdempotencyKey = true // net/http tries no more by itself
				if name != "a timeout that grows" {
					return
				}
				cfg.Timeout, cfg.ConnectTimeout = 20*time.Millisecond, 10*time.Second
			})
			seen := map[string]bool{}
			for range 4 {
				_, err := core.WriteBatch(batchOf(t, "one"))
				require.Error(t, err)
				seen[err.Error()] = true
				tick()
				if name == "an expired certificate" {
					if runtime.GOOS != "windows" { // which asks the system, and that asks first who has signed it
						require.ErrorContains(t, err, "valid from")
					}
					<-time.After(time.Second / 2) // its clock time has seconds
				}
			}
			require.Len(t, seen, 1)
		})
	}
}

// A call that is under way when Close comes ends with ErrClosed, whichever way it ends.
func TestWriteThatRacesCloseIsClosed(t *testing.T) {
	addr, reached := peer(t, func(conn net.Conn, reached func()) { answer(conn, ""); reached(); untilClosed(conn) })
	core := silent(t, addr, "http", false, 300*time.Millisecond) // less than what Close gives the server
	written := make(chan error, 1)
	go func() { written <- core.Write(zapcore.Entry{Message: "one"}, nil) }()
	<-reached
	require.NoError(t, core.Close())
	require.ErrorIs(t, <-written, httpcore.ErrClosed)
	require.ErrorIs(t, core.Write(zapcore.Entry{Message: "two"}, nil), httpcore.ErrClosed)
}

// A connection of HTTP/2 on which nothing comes any more is not used again.
func TestSilentConnectionIsLeft(t *testing.T) {
	server := httptest.NewUnstartedServer(status(204))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	var frozen atomic.Bool
	var dialled atomic.Int32
	relay, _ := peer(t, func(conn net.Conn, _ func()) {
		dialled.Add(1)
		to, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			return
		}
		defer to.Close()
		silent := false
		go func() { _, _ = io.Copy(conn, to) }()
		for b := make([]byte, 32<<10); ; {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			if silent = silent || frozen.Swap(false); !silent { // what is frozen once stays so
				_, _ = to.Write(b[:n])
			}
		}
	})
	pool := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	core := lines(t, "https://"+relay, func(cfg *httpcore.Config) {
		cfg.TLS, cfg.Timeout, cfg.ConnectTimeout, cfg.OmitIdempotencyKey = &tls.Config{RootCAs: pool, ServerName: "example.com"}, 200*time.Millisecond, 5*time.Second, true
	})
	requireTaken(t, core, batchOf(t, "one"))
	frozen.Store(true)
	_, err := core.WriteBatch(batchOf(t, "two"))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireTaken(t, core, batchOf(t, "two"))
	require.Equal(t, int32(2), dialled.Load())
}

// The largest durations are what some write for no limit at all.
func TestTimesThatAreAsGoodAsNone(t *testing.T) {
	const never = time.Duration(math.MaxInt64)
	s := script(t, hangUp, status(204), status(503, "Retry-After", "9223372036854775807"), status(204))
	core := lines(t, s.URL, func(cfg *httpcore.Config) {
		cfg.Timeout, cfg.ConnectTimeout, cfg.MaxTimeout, cfg.MaxRetryAfter, cfg.MaxBatchBytes = never, never, never, never, math.MaxInt
	})
	requireTaken(t, core, batchOf(t, "one"))
	tick()
	_, err := core.WriteBatch(batchOf(t, "two"))
	require.ErrorContains(t, err, "503")
	tick()
	_, err = core.WriteBatch(batchOf(t, "two"))
	require.ErrorContains(t, err, "backing off", "the server has said when")
}
