package httpcore_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/buffercore"
	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// twice starts a server that answers each request twice, and returns how many came.
func twice(t *testing.T) (url string, bodies func() []string) {
	var mu sync.Mutex
	var all []string
	addr, _ := peer(t, func(conn net.Conn, _ func()) {
		for r := bufio.NewReader(conn); ; {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(req.Body)
			mu.Lock()
			all = append(all, string(body))
			mu.Unlock()
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	return "http://" + addr, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// net/http tells the standard library's logger of an answer that it has not asked for, while it holds a lock of the connection. Where that
// logger leads to the same core, no call waits for itself.
func TestServerThatAnswersTwiceAndTheStandardLogger(t *testing.T) {
	url, bodies := twice(t)
	core := lines(t, url, nil)
	defer zap.RedirectStdLog(zap.New(core, zap.ErrorOutput(zapcore.AddSync(io.Discard))))()
	done := make(chan error)
	go func() {
		for range 100 {
			done <- core.Write(zapcore.Entry{Message: "one"}, nil)
		}
	}()
	for range 100 {
		require.NoError(t, sockets.Receive(t, done))
	}
	require.NoError(t, core.Close()) // which waits for nobody
	require.GreaterOrEqual(t, len(bodies()), 100)
	require.NotContains(t, strings.Join(bodies(), ""), "Unsolicited")
}

// The same where the message fills a buffer, which hands over all that it has then: it keeps that, for another goroutine.
func TestBufferThatTheStandardLoggerFills(t *testing.T) {
	unasked := make(chan struct{}, 1)
	addr, _ := peer(t, func(conn net.Conn, _ func()) {
		for r := bufio.NewReader(conn); ; {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			go func() {
				select {
				case <-unasked:
					_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
				case <-t.Context().Done():
				}
			}()
		}
	})
	core := lines(t, "http://"+addr, nil)
	buffer, err := buffercore.New(buffercore.Config{Target: core, Capacity: 2, OnError: func(error) {}})
	require.NoError(t, err)
	log := zap.New(buffer)
	defer zap.RedirectStdLog(log)()
	log.Info("one")
	log.Info("two") // which flushes
	require.EqualValues(t, 2, core.Stats().Delivered)
	log.Info("three")
	unasked <- struct{}{}
	require.Eventually(t, func() bool { return buffer.Stats().Accepted == 4 }, 10*time.Second, time.Millisecond, "net/http's message has come")
	done := make(chan error, 1)
	go func() { done <- buffer.Close() }()
	require.NoError(t, sockets.Receive(t, done))
	require.EqualValues(t, 4, core.Stats().Delivered)
}

// The same over HTTP/2, where a frame that net/http does not know is enough.
func TestServerWithAnUnknownFrameAndTheStandardLogger(t *testing.T) {
	const frameAltService = 10 // RFC 7838, section 4
	server := framed(t, nil, scene{whole: both(func(c *framer, _ uint32) { c.frame(frameAltService, 0, 0, 0, 0) }, says(status204))})
	core := overHTTP2(t, server, func(cfg *httpcore.Config) { cfg.Timeout = time.Minute })
	defer zap.RedirectStdLog(zap.New(core, zap.ErrorOutput(zapcore.AddSync(io.Discard))))()
	done := make(chan error)
	go func() { done <- core.Write(zapcore.Entry{Message: "one"}, nil) }()
	require.NoError(t, sockets.Receive(t, done))
}

// Behind a queue the message arrives; but what its own request brings is no further one, without an end.
func TestQueueAndServerThatAnswersTwice(t *testing.T) {
	url, bodies := twice(t)
	core := lines(t, url, nil)
	var told errorsOf
	queue, err := queuecore.New(queuecore.Config{OnError: told.add, OmitNotice: true, Targets: []queuecore.TargetConfig{{Core: core}}})
	require.NoError(t, err)
	log := zap.New(queue)
	defer zap.RedirectStdLog(log)()
	for i := range 50 {
		log.Info("one")
		require.Eventually(t, func() bool { return strings.Count(strings.Join(bodies(), ""), "one") > i }, 10*time.Second, time.Millisecond)
	}
	var lost *base.LostError
	if err := queue.Close(); err != nil {
		require.ErrorAs(t, err, &lost)
	}
	require.Equal(t, 1, strings.Count(strings.Join(bodies(), ""), "Unsolicited"))
	stats := queue.Stats()
	require.Equal(t, stats.Accepted, stats.Delivered+stats.Dropped)
	require.NotZero(t, stats.Dropped)
	require.Eventually(t, told.any, 5*time.Second, time.Millisecond)
}

// Similar messages of others pass: a message is refused only on a goroutine of net/http, and limited only if net/http may repeat it
// after each request.
func TestMessagesThatAreLikeThoseOfNetHTTP(t *testing.T) {
	s := script(t, status(204))
	core := lines(t, s.URL, nil)
	for range 5 {
		require.NoError(t, core.Write(zapcore.Entry{Message: "protocol error: received a letter"}, nil))
	}
	const once = "Unsolicited response received on idle HTTP channel"
	require.NoError(t, core.Write(zapcore.Entry{Message: once}, nil))
	require.ErrorContains(t, core.Write(zapcore.Entry{Message: once}, nil), "one in 10 s is sent")
	bodies, _ := s.seen()
	require.Len(t, bodies, 6)
}
