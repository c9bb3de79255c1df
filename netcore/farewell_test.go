package netcore

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A receiver over TLS that neither answers RELP's close nor reads on: TLS's close-notify gets no additional time.
func TestCloseSaysGoodByeOnce(t *testing.T) {
	const timeout = 3 * time.Second
	near, far := net.Pipe()
	t.Cleanup(func() { _ = far.Close() })
	go func() {
		conn := tls.Server(far, serverTLS())
		for r := bufio.NewReader(conn); ; {
			line, err := r.ReadString('\n')
			switch {
			case err != nil, strings.HasPrefix(line, "3 close"):
				return
			case strings.HasPrefix(line, "2 syslog"):
				_, _ = io.WriteString(conn, "2 rsp 6 200 OK\n")
			case strings.HasPrefix(line, "commands="):
				_, _ = io.WriteString(conn, "1 rsp 22 200 OK\ncommands=syslog\n")
			}
		}
	}()
	cfg := EmitterConfig{TLS: clientTLS(t), Timeout: timeout,
		Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }}
	e, _ := newRELP(t, "localhost:1", cfg)
	require.NoError(t, emit(e, "one"))
	start := time.Now()
	require.NoError(t, e.Close())
	assert.Less(t, time.Since(start), timeout+timeout*5/6)
}
