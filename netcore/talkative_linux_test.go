package netcore

import (
	"crypto/tls"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/internal/sockets"
)

// A peer that talks, and has not read all yet, loses nothing when the connection is closed: not what it says last throws away what the
// system has still to send.
func TestCloseWaitsForAPeerThatTalks(t *testing.T) {
	const records = 1000
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			closing, got := make(chan struct{}), make(chan int, 1)
			serve := func(conn net.Conn) {
				if secure {
					if err := conn.(*tls.Conn).Handshake(); err != nil {
						return
					}
				}
				<-closing
				for n, b := 0, make([]byte, 16<<10); ; {
					_, _ = conn.Write([]byte("more"))
					read, err := conn.Read(b)
					n += strings.Count(string(b[:read]), "\n")
					if err != nil {
						got <- n
						return
					}
				}
			}
			cfg := Config{Timeout: 20 * time.Second}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			if secure {
				listener = tls.NewListener(listener, serverTLS())
				cfg.TLS = clientTLS(t)
			}
			cfg.Address = sockets.Serve(t, listener, serve).Address()
			core, err := New(cfg)
			require.NoError(t, err)
			message := strings.Repeat("x", 500)
			for range records {
				require.NoError(t, core.Write(zap.New(core).Check(zap.InfoLevel, message).Entry, nil))
			}
			close(closing)
			require.NoError(t, core.Close())
			require.Equal(t, records, sockets.Receive(t, got))
			require.EqualValues(t, records, core.Stats().Delivered)
		})
	}
}
