package netcore

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

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
				for start := time.Now(); time.Since(start) < 700*time.Millisecond; <-time.After(tick) {
					_ = core.Write(entry("into the void"), nil)
				}
				assert.LessOrEqual(t, accepted.Load(), int32(2), "connections in the time of one backoff")
				assert.LessOrEqual(t, len(log.all()), 1)
				stats := core.Stats()
				assert.Zero(t, stats.Delivered)
				assert.Zero(t, stats.Missing())
				assert.Greater(t, stats.Refused, uint64(10))
			})
		}
	}
}

// TestResetCostsWhatWasSentLast: on a connection that has lasted, at least that is known to be lost.
func TestResetCostsWhatWasSentLast(t *testing.T) {
	conns := make(chan net.Conn, 2)
	p := sockets.Listen(t, "tcp", func(conn net.Conn) { conns <- conn; <-t.Context().Done() })
	var log errorLog
	core := newCore(t, Config{Address: p.Address(), Encoder: plain(), RetryStart: 20 * time.Millisecond, OnError: log.add})
	require.NoError(t, core.Write(entry("one"), nil))
	require.NoError(t, core.Write(entry("two"), nil))
	<-time.After(30 * time.Millisecond) // the connection's age is what is tested
	require.NoError(t, core.Write(entry("three"), nil))
	reset(sockets.Receive(t, conns))
	require.Eventually(t, func() bool { return core.Write(entry("more"), nil) == nil && len(log.all()) > 0 }, soon, tick)
	stats := core.Stats()
	assert.EqualValues(t, 1, stats.Dropped)
	assert.Zero(t, stats.Missing())
}

func TestProgress(t *testing.T) {
	var p progress
	assert.Zero(t, p.after(10))
	for range 10 {
		p.add(100, 2, 0)
	}
	for n, want := range map[int]uint64{0: 0, 1: 2, 100: 2, 101: 4, 1000: 20, 5000: 20} {
		assert.Equal(t, want, p.after(n), "%d bytes", n)
	}
	for range 1000 {
		p.add(100, 1, 0)
	}
	assert.EqualValues(t, 5, p.after(500))
	assert.EqualValues(t, 63, p.after(50000), "at least")
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
	require.Eventually(t, func() bool { return core.Write(entry("arrives"), nil) == nil }, soon, tick)
	start := time.Now()
	require.Eventually(t, func() bool {
		require.NoError(t, core.Write(entry("arrives"), nil))
		return len(log.all()) == 2
	}, soon, tick)
	assert.GreaterOrEqual(t, time.Since(start), hold-5*time.Millisecond)
	var recovered *base.RecoveredError
	require.ErrorAs(t, log.all()[1], &recovered)
	assert.EqualValues(t, 1, recovered.Records)
}

// names is a resolver, for the time of a test, that knows one host, "loghost.test".
type names struct {
	addresses atomic.Pointer[[]netip.Addr]
	down      atomic.Bool
	asked     atomic.Int32
}

func resolveBy(t *testing.T, addresses ...string) *names {
	t.Helper()
	n := &names{}
	n.set(addresses...)
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	go n.serve(server)
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return net.DialUDP("udp4", nil, server.LocalAddr().(*net.UDPAddr))
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
	return n
}

func (n *names) set(addresses ...string) {
	var list []netip.Addr
	for _, a := range addresses {
		list = append(list, netip.MustParseAddr(a))
	}
	n.addresses.Store(&list)
}

func (n *names) serve(server net.PacketConn) {
	for b := make([]byte, 1500); ; {
		_, from, err := server.ReadFrom(b)
		if err != nil {
			return
		}
		n.asked.Add(1)
		if n.down.Load() {
			continue
		}
		end := 12
		for b[end] != 0 {
			end += int(b[end]) + 1
		}
		end += 5
		answer := append([]byte{b[0], b[1], 0x84, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, b[12:end]...)
		for _, a := range *n.addresses.Load() {
			if kind := b[end-3]; kind == 1 && a.Is4() || kind == 28 && a.Is6() {
				answer = append(answer, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 1, 0, byte(len(a.AsSlice())))
				answer = append(answer, a.AsSlice()...)
				answer[7]++
			}
		}
		_, _ = server.WriteTo(answer, from)
	}
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
			resolveBy(t, addresses...)
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
		n := resolveBy(t, "127.0.0.2", "127.0.0.3")
		core := newCore(t, Config{Network: "udp", Address: "loghost.test:" + port, Encoder: plain(), RetryStart: 10 * time.Millisecond,
			RetryMax: 10 * time.Millisecond, OnError: never(t)})
		require.ErrorContains(t, core.Write(entry("x"), nil), "connection refused")
		assert.Equal(t, Stats{Refused: 1}, core.Stats())
		n.set("127.0.0.1")
		require.Eventually(t, func() bool { return core.Write(entry("x"), nil) == nil }, soon, tick, "the name is looked up again")
	})
}

func TestDatagramsFollowTheName(t *testing.T) {
	receive := func(address string) (net.PacketConn, string) {
		conn, err := net.ListenPacket("udp4", address)
		if err != nil {
			t.Skip("the system has no second address for itself:", err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, port, err := net.SplitHostPort(conn.LocalAddr().String())
		require.NoError(t, err)
		return conn, port
	}
	_, port := receive("127.0.0.1:0")
	second, _ := receive("127.0.0.2:" + port)
	n := resolveBy(t, "127.0.0.1")
	e := newTestEmitter(t, "udp", "loghost.test:"+port, EmitterConfig{})
	send := func() { require.NoError(t, e.Emit(zapcore.Entry{}, []byte("x"))) }
	send()
	asked := n.asked.Load()
	send()
	require.Equal(t, asked, n.asked.Load(), "not for each datagram")

	n.down.Store(true)
	e.addresses.asked -= lookupInterval
	send()
	require.NotNil(t, e.addresses.lookup, "time has passed, and the name is looked up in the background")
	send()
	e.addresses.lookup.cancel()
	<-e.addresses.lookup.done
	send()
	require.Equal(t, "127.0.0.1", e.addresses.current.String(), "a resolver that does not answer changes nothing")

	n.down.Store(false)
	n.set("127.0.0.2")
	e.addresses.asked -= lookupInterval
	send()
	<-e.addresses.lookup.done
	send()
	require.NoError(t, second.SetReadDeadline(time.Now().Add(soon)))
	_, _, err := second.ReadFrom(make([]byte, 1))
	require.NoError(t, err, "it has moved")

	n.down.Store(true)
	e.addresses.asked -= lookupInterval
	send()
	start := time.Now()
	require.NoError(t, e.Close())
	assert.Less(t, time.Since(start), 5*time.Second, "Close does not wait for the resolver")
}

// TestTheSameErrorReadsTheSame holds that what differs from one attempt to the next is not in an error's text.
func TestTheSameErrorReadsTheSame(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"a reset", &net.OpError{Op: "write", Net: "tcp", Source: &net.TCPAddr{Port: 4321}, Err: errReset}, "connection reset by peer"},
		{"a resolver that does not answer", &net.DNSError{Err: "read udp 127.0.0.1:43210->127.0.0.53:53: i/o timeout", Name: "loghost", IsTimeout: true},
			"lookup loghost: read udp 127.0.0.53:53: i/o timeout"},
		{"one on IPv6", errors.New("read udp [::1]:43210->[::1]:53: i/o timeout"), "read udp [::1]:53: i/o timeout"},
		{"a certificate out of date", x509.CertificateInvalidError{Reason: x509.Expired, Detail: "current time 2026-11-28T20:15:04Z is after 2020-01-01T00:00:00Z"},
			"x509: certificate has expired or is not yet valid: it is after 2020-01-01T00:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := steady(fmt.Errorf("hook: %w", test.err))
			assert.Contains(t, err.Error(), test.want)
			assert.NotContains(t, err.Error(), "4321")
			assert.NotContains(t, err.Error(), "20:15")
			assert.Equal(t, isTimeout(test.err), isTimeout(err))
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
