package httpcore_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// A server's answer counts even if the server does not read the request to its end and closes the connection.
func TestAnAnswerBeforeTheEndOfTheRequestIsHeard(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it forgets what has come over a connection that is reset")
	}
	for range 20 {
		server := sockets.Listen(t, "tcp", func(conn net.Conn) {
			for r := bufio.NewReader(conn); ; {
				req, err := http.ReadRequest(r)
				switch {
				case err != nil:
					return
				case req.ContentLength > 1<<20:
					_, _ = io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 8\r\nConnection: close\r\n\r\nnot here")
					return
				}
			}
		})
		core := lines(t, "http://"+server.Address(), func(cfg *httpcore.Config) { cfg.MaxBatchBytes = 16 << 20 })
		large := strings.Repeat("x", 40<<10)
		texts := make([]string, 200)
		for i := range texts {
			texts[i] = large
		}
		n, err := core.WriteBatch(batchOf(t, texts...))
		require.ErrorContains(t, err, "403 Forbidden: not here")
		require.Equal(t, 200, n)
		require.ErrorAs(t, err, new(*base.RejectedError))
	}
}
