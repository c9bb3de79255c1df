//go:build linux

package netcore

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"example.com/zaphandlers/internal/sockets"
)

// limited dials a connection that the system gives up after half a second, and not after a quarter of an hour.
func limited(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 500) })
	}
	return conn, err
}

// A peer that is gone without a word costs what was written since, and that is told and counted when the system gives the connection up.
func TestAPeerThatIsGoneWithoutAWord(t *testing.T) {
	const before = 200 // records that it still gets
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			var lines atomic.Uint64
			var vanished atomic.Bool
			cfg := Config{Dial: limited, RetryStart: 20 * time.Millisecond}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			if secure {
				listener = tls.NewListener(listener, serverTLS())
				cfg.TLS = clientTLS(t)
			}
			peer := sockets.Serve(t, listener, func(conn net.Conn) {
				for b := make([]byte, 64<<10); ; {
					n, err := conn.Read(b)
					if err != nil {
						return
					}
					if lines.Add(uint64(strings.Count(string(b[:n]), "\n"))) == before {
						if c, ok := conn.(*tls.Conn); ok {
							conn = c.NetConn()
						}
						sockets.Vanish(t, conn)
						vanished.Store(true)
					}
				}
			})
			told := make(chan error, 10)
			cfg.Address, cfg.OnError = peer.Address(), func(err error) { told <- err }
			core, err := New(cfg)
			require.NoError(t, err)
			write := func() error { return core.Write(zap.New(core).Check(zap.InfoLevel, "hello").Entry, nil) }
			for range before {
				require.NoError(t, write())
			}
			require.Eventually(t, vanished.Load, 10*time.Second, time.Millisecond)
			for range 3 {
				require.NoError(t, write())
			}
			require.Eventually(t, func() bool { _ = write(); return len(told) > 0 }, 20*time.Second, 5*time.Millisecond)
			require.ErrorContains(t, <-told, "what was sent last may be lost")
			require.Eventually(t, func() bool { return write() == nil }, 10*time.Second, 5*time.Millisecond)
			require.NoError(t, core.Close())
			stats := core.Stats()
			assert.GreaterOrEqual(t, stats.Dropped, uint64(3))
			require.Eventually(t, func() bool { return lines.Load() > before && lines.Load() >= stats.Delivered }, 10*time.Second, time.Millisecond, "%v", stats)
			peer.Stop()
			require.InDelta(t, lines.Load(), stats.Delivered, before/16, "%v", stats)
		})
	}
}
