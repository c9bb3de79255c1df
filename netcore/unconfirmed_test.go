package netcore

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// TestPeerThatAcceptsAndHangsUp holds that a peer which accepts and reads nothing, as a proxy does that has no server, is left
// alone for the backoff, and that nothing counts as delivered to it.
func TestPeerThatAcceptsAndHangsUp(t *testing.T) {
	for _, test := range []struct {
		name   string
		hangUp func(net.Conn)
	}{
		{"at once", func(conn net.Conn) { _ = conn.Close() }},
		{"by a reset", func(conn net.Conn) {
			if c, ok := conn.(*net.TCPConn); ok {
				_ = c.SetLinger(0)
			}
			_ = conn.Close()
		}},
		{"after a while", func(conn net.Conn) {
			<-time.After(60 * time.Millisecond) // the time is what is tested
			_ = conn.Close()
		}},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(network+" "+test.name, func(t *testing.T) {
				if runtime.GOOS == "windows" {
					t.Skip("there the reader alone sees the end, and nobody says what was not acknowledged")
				}
				var accepted atomic.Int32
				p := sockets.Listen(t, network, func(conn net.Conn) {
					accepted.Add(1)
					test.hangUp(conn)
				})
				var log errorLog
				core := newCore(t, Config{Network: network, Address: p.Address(), Encoder: plain(), OnError: log.add})
				start := time.Now()
				for ; time.Since(start) < 700*time.Millisecond; <-time.After(tick) {
					_ = core.Write(entry("into the void"), nil)
				}
				backoffs := int32(time.Since(start) / time.Second) // none, unless the machine is very busy
				assert.LessOrEqual(t, accepted.Load(), 2+backoffs, "connections in the time of one backoff")
				assert.LessOrEqual(t, len(log.all()), 1)
				stats := core.Stats()
				assert.Zero(t, stats.Delivered)
				assert.Zero(t, stats.Missing())
				assert.Positive(t, stats.Refused)
			})
		}
	}
}

// TestPeerThatOnlyReads: one that closes its own side at once has nothing to say, and may still read.
func TestPeerThatOnlyReads(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("nobody says there whether it reads")
	}
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			got := make(chan string, 10)
			conns := make(chan net.Conn, 10)
			p := sockets.Listen(t, network, func(conn net.Conn) {
				_ = conn.(interface{ CloseWrite() error }).CloseWrite()
				conns <- conn
				lines(got)(conn)
			})
			var current net.Conn
			var dials atomic.Int32
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				dials.Add(1)
				conn, err := new(net.Dialer).DialContext(ctx, network, address)
				if err == nil {
					current = sockets.Receive(t, conns) // its side is closed now
				}
				return conn, err
			}
			core := newCore(t, Config{Network: network, Address: p.Address(), Dial: dial, Encoder: plain(), RetryStart: 10 * time.Millisecond, OnError: ignore})
			for i := range 10 {
				require.NoError(t, core.Write(entry(fmt.Sprint(i)), nil))
				require.Equal(t, fmt.Sprint(i), sockets.Receive(t, got))
				<-time.After(2 * time.Millisecond) // so that the connection is looked at
			}
			assert.EqualValues(t, 1, dials.Load())
			_ = current.Close()
			for arrived := false; !arrived; {
				_ = core.Write(entry("after"), nil)
				select {
				case line := <-got:
					arrived = line == "after"
				case <-time.After(tick):
				}
			}
			assert.EqualValues(t, 2, dials.Load())
			assert.Zero(t, core.Stats().Missing())
		})
	}
}

// TestResetCostsWhatWasSentLast: on a connection that has lasted, at least that is known to be lost.
func TestResetCostsWhatWasSentLast(t *testing.T) {
	conns := make(chan net.Conn, 2)
	p := sockets.Listen(t, "tcp", func(conn net.Conn) { conns <- conn; <-t.Context().Done() })
	var log errorLog
	core := newCore(t, Config{Address: p.Address(), Encoder: plain(), RetryStart: 500 * time.Millisecond, OnError: log.add})
	require.NoError(t, core.Write(entry("one"), nil))
	require.NoError(t, core.Write(entry("two"), nil))
	<-time.After(550 * time.Millisecond) // the connection's age is what is tested
	require.NoError(t, core.Write(entry("three"), nil))
	reset(sockets.Receive(t, conns))
	require.Eventually(t, func() bool { return core.Write(entry("more"), nil) == nil && len(log.all()) > 0 }, soon, tick)
	stats := core.Stats()
	assert.EqualValues(t, 1, stats.Dropped)
	assert.Zero(t, stats.Missing())
}

// unusedPort returns an address for datagrams at which nobody listens.
func unusedPort(t *testing.T) string {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	return conn.LocalAddr().String()
}

func skipWithoutRefusals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Go turns these reports off on Windows: https://go.dev/issue/5834")
	}
}

// TestCloseLooksOnceMore: what is known to be lost when nothing more is written counts too.
func TestCloseLooksOnceMore(t *testing.T) {
	skipWithoutRefusals(t)
	t.Run("for a datagram", func(t *testing.T) {
		receiver, err := net.ListenPacket("udp4", "127.0.0.1:0")
		require.NoError(t, err)
		core := newCore(t, Config{Network: "udp", Address: receiver.LocalAddr().String(), Encoder: plain(), RetryStart: time.Microsecond, OnError: ignore})
		require.NoError(t, core.Write(entry("arrives"), nil))
		require.NoError(t, receiver.Close())
		require.NoError(t, core.Write(entry("is lost"), nil))
		require.NoError(t, core.Close())
		assert.Equal(t, Stats{Accepted: 2, Delivered: 1, Dropped: 1}, core.Stats())
	})
	t.Run("for a stream", func(t *testing.T) {
		conns := make(chan net.Conn, 1)
		p := sockets.Listen(t, "tcp", func(conn net.Conn) { conns <- conn; <-t.Context().Done() })
		core := newCore(t, Config{Address: p.Address(), Encoder: plain(), OnError: ignore})
		require.NoError(t, core.Write(entry("is lost"), nil))
		reset(sockets.Receive(t, conns))
		require.NoError(t, core.Close())
		assert.Equal(t, Stats{Accepted: 1, Dropped: 1}, core.Stats())
	})
}

func TestDatagramsToNobody(t *testing.T) {
	skipWithoutRefusals(t)
	var log errorLog
	core := newCore(t, Config{Network: "udp", Address: unusedPort(t), Encoder: plain(), OnError: log.add})
	err := core.Write(entry("into the void"), nil)
	require.ErrorContains(t, err, "connection refused")
	for range 100 {
		require.Error(t, core.Write(entry("into the void"), nil))
	}
	assert.Equal(t, Stats{Refused: 101}, core.Stats())
	assert.Empty(t, log.all(), "the caller was told")
}

// TestDatagramRefusedLater: what was sent to a receiver that has gone is counted as lost when its system says so, and the
// failure is over only when success has held.
func TestDatagramRefusedLater(t *testing.T) {
	skipWithoutRefusals(t)
	receiver, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	address := receiver.LocalAddr().String()
	var log errorLog
	const hold = 50 * time.Millisecond
	core := newCore(t, Config{Network: "udp", Address: address, Encoder: plain(), RetryStart: hold, RetryMax: hold, OnError: log.add})
	require.NoError(t, core.Write(entry("arrives"), nil))
	<-time.After(2 * hold) // the socket's age is what is tested
	require.NoError(t, receiver.Close())
	require.NoError(t, core.Write(entry("is lost"), nil), "nobody knows yet")
	require.ErrorContains(t, core.Write(entry("is refused"), nil), "connection refused")
	assert.Equal(t, Stats{Accepted: 2, Delivered: 1, Dropped: 1, Refused: 1}, core.Stats())
	require.Eventually(t, func() bool { return log.contains("connection refused: the datagram before may be lost") }, soon, tick)

	<-time.After(2 * hold)
	require.Error(t, core.Write(entry("is refused"), nil), "still nobody")
	assert.Len(t, log.all(), 1, "an attempt that fails is no recovery")
	receiver, err = net.ListenPacket("udp4", address)
	require.NoError(t, err)
	defer receiver.Close()
	start := time.Now()
	require.Eventually(t, func() bool { return core.Write(entry("arrives"), nil) == nil }, soon, tick)
	require.Eventually(t, func() bool {
		require.NoError(t, core.Write(entry("arrives"), nil))
		return len(log.all()) == 2
	}, soon, tick)
	assert.GreaterOrEqual(t, time.Since(start), hold)
	var recovered *base.RecoveredError
	require.ErrorAs(t, log.all()[1], &recovered)
	assert.EqualValues(t, 1, recovered.Records)
}

func TestDatagramsGoToTheAddressThatTakesThem(t *testing.T) {
	skipWithoutRefusals(t)
	receiver, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer receiver.Close()
	_, port, err := net.SplitHostPort(receiver.LocalAddr().String())
	require.NoError(t, err)
	for _, addresses := range [][]string{{"::1", "127.0.0.1"}, {"127.0.0.2", "127.0.0.1"}, {"127.0.0.2", "127.0.0.3", "::1", "127.0.0.1"}} {
		t.Run(fmt.Sprint(addresses), func(t *testing.T) {
			sockets.Resolve(t, addresses...)
			core := newCore(t, Config{Network: "udp", Address: "loghost.test:" + port, Encoder: plain(), OnError: never(t)})
			for range 20 {
				require.NoError(t, core.Write(entry("x"), nil))
				require.NoError(t, receiver.SetReadDeadline(time.Now().Add(soon/4)))
				n, _, err := receiver.ReadFrom(make([]byte, 10))
				require.NoError(t, err)
				require.Equal(t, 1, n)
			}
			assert.Equal(t, Stats{Accepted: 20, Delivered: 20}, core.Stats())
		})
	}
	t.Run("none of which does", func(t *testing.T) {
		n := sockets.Resolve(t, "127.0.0.2", "127.0.0.3")
		core := newCore(t, Config{Network: "udp", Address: "loghost.test:" + port, Encoder: plain(), RetryStart: 10 * time.Millisecond,
			RetryMax: 10 * time.Millisecond, OnError: never(t)})
		require.ErrorContains(t, core.Write(entry("x"), nil), "connection refused")
		assert.Equal(t, Stats{Refused: 1}, core.Stats())
		n.Set("127.0.0.1")
		require.Eventually(t, func() bool { return core.Write(entry("x"), nil) == nil }, soon, tick, "the name is looked up again")
	})
}

// The address that a name has first may be that of a proxy without a server behind it, or of a server that nobody can talk to.
func TestStreamsGoToTheAddressThatWorks(t *testing.T) {
	received := make(chan string, 20)
	works := sockets.Listen(t, "tcp", lines(received))
	_, port, err := net.SplitHostPort(works.Address())
	require.NoError(t, err)
	for name, greet := range map[string]func(net.Conn){
		"hangs up at once": func(net.Conn) {},
		"resets":           reset,
		"hangs up when it has read": func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 100))
			reset(conn)
		},
	} {
		t.Run("the first "+name, func(t *testing.T) {
			sockets.ListenAt(t, net.JoinHostPort("127.0.0.2", port), greet)
			sockets.Resolve(t, "127.0.0.2", "127.0.0.1")
			core := newCore(t, Config{Address: "loghost.test:" + port, Encoder: plain(), RetryStart: 10 * time.Millisecond, RetryMax: 10 * time.Millisecond, OnError: ignore})
			require.Eventually(t, func() bool {
				_ = core.Write(entry("x"), nil)
				return len(received) > 0
			}, soon, tick)
			for len(received) > 0 {
				<-received
			}
			require.NoError(t, core.Write(entry("y"), nil), "and stay there")
			for sockets.Receive(t, received) != "y" {
			}
		})
	}
}

// TestWriteThatRacesClose holds that it says ErrClosed, whatever it is that Close interrupts.
func TestWriteThatRacesClose(t *testing.T) {
	silent := sockets.Listen(t, "tcp", func(net.Conn) { <-t.Context().Done() })
	for _, test := range []struct {
		name string
		cfg  Config
	}{
		{"a dial", Config{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}},
		{"a dial that does not heed its context", Config{Dial: func(context.Context, string, string) (net.Conn, error) { <-t.Context().Done(); return nil, errFake }}},
		{"a TLS handshake", Config{TLS: clientTLS(t)}},
		{"a greeting", Config{Formatter: Records(), Key: testKey}},
		{"a session's beginning", Config{Formatter: Records(), Ack: true}},
		{"a write", Config{Encoder: plain()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Address, test.cfg.OnError, test.cfg.Timeout = silent.Address(), ignore, soon
			core := newCore(t, test.cfg)
			result := make(chan error, 1)
			go func() {
				for {
					if err := core.Write(entry(string(make([]byte, 512<<10))), nil); err != nil {
						result <- err
						return
					}
				}
			}()
			<-time.After(50 * time.Millisecond) // until it waits: nothing tells
			start := time.Now()
			_ = core.Close()
			require.ErrorIs(t, sockets.Receive(t, result), ErrClosed)
			assert.Less(t, time.Since(start), soon/2, "Close interrupts it")
		})
	}
}
