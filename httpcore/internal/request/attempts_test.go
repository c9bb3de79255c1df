package request

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// A second answer behind the first is there before the next request is sent, and is none to it. net/http sees that, unless the request
// comes while it is about to.
func TestAnAnswerThatNobodyHasAskedFor(t *testing.T) {
	peer := sockets.Listen(t, "tcp", func(conn net.Conn) {
		r := bufio.NewReader(conn)
		for answers := "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"; ; {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			_, _ = io.WriteString(conn, answers)
		}
	})
	transport := NewTransport(nil, "127.0.0.1", time.Second)
	defer transport.Close()
	client := http.Client{Transport: transport.Transport}
	send := func(trace *httptrace.ClientTrace) bool {
		s := (&Deadlines{Own: true, First: time.Minute}).Begin(context.Background(), false)
		defer s.End()
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(s.Ctx, trace), http.MethodGet, "http://"+peer.Address(), nil)
		require.NoError(t, err)
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return s.Unsolicited()
	}
	idle, sent := make(chan struct{}), make(chan struct{})
	first := make(chan bool)
	go func() {
		first <- send(&httptrace.ClientTrace{PutIdleConn: func(error) { close(idle); <-sent }})
	}()
	sockets.Receive(t, idle)
	second := send(&httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { close(sent) }})
	require.False(t, sockets.Receive(t, first))
	require.True(t, second)
}
