package httpcore

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
)

// The second answer of a server that answers twice is not taken for the answer to the next request, which goes over another connection.
func TestTheSecondAnswerIsNotTheNextOnes(t *testing.T) {
	var conns atomic.Int32
	peer := sockets.Listen(t, "tcp", func(conn net.Conn) {
		conns.Add(1)
		for r := bufio.NewReader(conn); ; {
			req, err := http.ReadRequest(r)
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	cfg, err := Config{URL: "http://" + peer.Address() + "/logs", Envelope: JSONLines()}.withDefaults()
	require.NoError(t, err)
	e, err := newEmitter(&cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, e.Close()) }()

	// net/http looks for what is behind an answer once it has put the connection where the next request gets it.
	idle, sent := make(chan struct{}), make(chan struct{})
	var once sync.Once
	e.closing = httptrace.WithClientTrace(e.closing, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { once.Do(func() { close(sent) }) }})
	first := make(chan error)
	go func() {
		other := http.Client{Transport: e.client.Transport}
		trace := &httptrace.ClientTrace{PutIdleConn: func(error) { close(idle); <-sent }}
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, cfg.URL, nil)
		if err == nil {
			_, err = other.Do(req)
		}
		first <- err
	}()
	sockets.Receive(t, idle)
	require.NoError(t, e.Emit(zapcore.Entry{}, []byte("one\n")))
	require.NoError(t, sockets.Receive(t, first))
	require.EqualValues(t, 2, conns.Load())
}
