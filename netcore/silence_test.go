//go:build linux

package netcore

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// vanishing is a peer that is gone without a word when it has got that many lines.
type vanishing struct {
	*sockets.Peer
	lines atomic.Uint64
	gone  atomic.Bool
	told  chan error
}

// vanishingPeer returns one, and what a Core needs for it.
func vanishingPeer(t *testing.T, secure bool, after uint64) (v *vanishing, cfg Config) {
	v = &vanishing{told: make(chan error, 10)}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if secure {
		listener = tls.NewListener(listener, serverTLS())
		cfg.TLS = clientTLS(t)
	}
	v.Peer = sockets.Serve(t, listener, func(conn net.Conn) {
		for b := make([]byte, 64<<10); ; {
			n, err := conn.Read(b)
			if err != nil {
				return
			}
			if v.lines.Add(uint64(strings.Count(string(b[:n]), "\n"))) == after {
				if c, ok := conn.(*tls.Conn); ok {
					conn = c.NetConn()
				}
				sockets.Vanish(t, conn)
				v.gone.Store(true)
			}
		}
	})
	cfg.Address, cfg.RetryStart, cfg.OnError = v.Address(), 20*time.Millisecond, func(err error) { v.told <- err }
	return v, cfg
}

// write writes that many lines and waits until the peer is gone.
func (v *vanishing) write(t *testing.T, core *Core, lines int) {
	for range lines {
		require.NoError(t, core.Write(entry("hello"), nil))
	}
	require.Eventually(t, v.gone.Load, 10*time.Second, time.Millisecond)
}

// A peer that is gone without a word costs what was written since, and that is told and counted when the system gives the connection up.
func TestAPeerThatIsGoneWithoutAWord(t *testing.T) {
	const before = 200 // records that it still gets
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			peer, cfg := vanishingPeer(t, secure, before)
			cfg.Dial = limited
			core, err := New(cfg)
			require.NoError(t, err)
			write := func() error { return core.Write(entry("hello"), nil) }
			peer.write(t, core, before)
			for range 3 {
				require.NoError(t, write())
			}
			require.Eventually(t, func() bool { _ = write(); return len(peer.told) > 0 }, 20*time.Second, 5*time.Millisecond)
			require.ErrorContains(t, <-peer.told, "what was sent last may be lost")
			require.Eventually(t, func() bool { return write() == nil }, 10*time.Second, 5*time.Millisecond)
			require.NoError(t, core.Close())
			stats, lines := core.Stats(), &peer.lines
			assert.GreaterOrEqual(t, stats.Dropped, uint64(3))
			require.Eventually(t, func() bool { return lines.Load() > before && lines.Load() >= stats.Delivered }, 10*time.Second, time.Millisecond, "%v", stats)
			peer.Stop()
			require.InDelta(t, lines.Load(), stats.Delivered, before/16, "%v", stats)
		})
	}
}

// The same when a write or Close has waited for it in vain, which is long before the system gives up.
func TestWaitingForAPeerThatIsGone(t *testing.T) {
	const before = 50
	large := strings.Repeat("x", 1000)
	batch := newBatch(slices.Repeat([]string{large}, 100)...)
	for name, secure := range map[string]bool{"TCP": false, "TLS": true} {
		for what, write := range map[string]func(core *Core) error{
			"Write":      func(core *Core) error { return core.Write(entry(large), nil) },
			"WriteBatch": func(core *Core) error { _, err := core.WriteBatch(batch); return err },
			"Close":      func(*Core) error { return os.ErrDeadlineExceeded },
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				peer, cfg := vanishingPeer(t, secure, before)
				cfg.Timeout, cfg.RetryStart = 500*time.Millisecond, time.Hour
				core, err := New(cfg)
				require.NoError(t, err)
				peer.write(t, core, before)
				for range 3 {
					require.NoError(t, core.Write(entry("lost"), nil))
				}
				for err = nil; err == nil; {
					err = write(core)
				}
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
				require.NoError(t, core.Close())
				require.ErrorContains(t, sockets.Receive(t, peer.told), "what was sent last may be lost")
				stats := core.Stats()
				require.GreaterOrEqual(t, stats.Dropped, uint64(3))
				require.LessOrEqual(t, stats.Delivered, uint64(before))
				require.GreaterOrEqual(t, stats.Delivered+stats.Dropped/16, uint64(before), "of very many some that it has count as well")
				require.Equal(t, stats.Accepted, stats.Delivered+stats.Dropped)
			})
		}
	}
}
