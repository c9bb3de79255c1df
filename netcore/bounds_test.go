package netcore

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore/internal/session"
)

// TestBounds holds the table in the package's text: each call ends in its time with a peer that never answers.
func TestBounds(t *testing.T) {
	const timeout, slack = 200 * time.Millisecond, 3 * time.Second // slack is a busy machine's
	accepts := func(t *testing.T) string {
		return sockets.Listen(t, "tcp", func(net.Conn) { <-t.Context().Done() }).Address()
	}
	greets := func(t *testing.T) string { // a session, and then nothing
		return sockets.Listen(t, "tcp", func(conn net.Conn) {
			var s *session.Seal
			_, _ = prefixed(conn)
			_, _ = conn.Write(s.AppendWelcome(nil, 0, 1<<20))
			_, _ = io.Copy(io.Discard, conn)
		}).Address()
	}
	write := func(core *Core) error { return core.Write(entry("x"), nil) }
	writeMuch := func(core *Core) (err error) {
		for message := strings.Repeat("x", 1<<20); err == nil; {
			err = core.Write(entry(message), nil)
		}
		return err
	}
	first := func(call func(*Core) error) func(*Core) error { // call, after a record was taken
		return func(core *Core) error {
			require.NoError(t, write(core))
			return call(core)
		}
	}
	for _, test := range []struct {
		name string
		peer func(*testing.T) string // nil: none is dialled
		cfg  Config
		call func(*Core) error
		want string // of the error; none if empty
	}{
		{"the name lookup over UDP", func(t *testing.T) string { sockets.Resolve(t).Down(true); return "loghost.test:1" },
			Config{Network: "udp"}, write, "lookup loghost.test"},
		{"the name lookup over TCP", func(t *testing.T) string { sockets.Resolve(t).Down(true); return "loghost.test:1" },
			Config{}, write, "lookup loghost.test"},
		{"the dial", nil, Config{Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }}, write, "dial"},
		{"a Dial that does not heed its context", nil, Config{Dial: func(context.Context, string, string) (net.Conn, error) { <-t.Context().Done(); return nil, errFake }}, write, "dial"},
		{"the TLS handshake", accepts, Config{TLS: clientTLS(t)}, write, "TLS handshake"},
		{"the greeting with a Key", accepts, Config{Formatter: Records(), Key: testKey}, write, "i/o timeout: the peer may not know of Ack or Key"},
		{"the session's beginning with Ack", accepts, Config{Formatter: Records(), Ack: true}, write, "i/o timeout: the peer may not know of Ack or Key"},
		{"a write", accepts, Config{}, writeMuch, "i/o timeout"},
		{"room in the window with Ack", greets, Config{Formatter: Records(), Ack: true, Window: 1 << 10}, func(core *Core) (err error) {
			for err == nil {
				err = write(core)
			}
			return err
		}, "does not confirm"},
		{"Sync with Ack", greets, Config{Formatter: Records(), Ack: true}, first((*Core).Sync), "does not confirm"},
		{"Close with Ack", greets, Config{Formatter: Records(), Ack: true}, first((*Core).Close), "1 record lost"},
		{"Close", accepts, Config{}, first((*Core).Close), ""},
		{"Sync", accepts, Config{}, first((*Core).Sync), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Address, test.cfg.Timeout, test.cfg.OnError = "x:1", timeout, ignore
			if test.peer != nil {
				test.cfg.Address = test.peer(t)
			}
			core := newCore(t, test.cfg)
			start := time.Now()
			err := test.call(core)
			assert.Less(t, time.Since(start), 2*timeout+slack)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
			start = time.Now()
			_ = core.Close()
			assert.Less(t, time.Since(start), 2*timeout+slack)
		})
	}
	t.Run("Close, where TLS would say good-bye to a peer that does not read", func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		core := newCore(t, Config{Address: "x:1", TLS: clientTLS(t), Timeout: timeout, OnError: ignore,
			Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }})
		require.Error(t, write(core))
		start := time.Now()
		_ = core.Close()
		assert.Less(t, time.Since(start), 2*timeout+slack)
	})
}

// TestServerBounds is the same for the connections of a Server.
func TestServerBounds(t *testing.T) {
	const timeout = 50 * time.Millisecond
	for _, test := range []struct {
		name string
		cfg  ServerConfig
		send string
	}{
		{"a TLS handshake", ServerConfig{Format: FormatRecords, TLS: serverTLS()}, ""},
		{"a session's beginning", ServerConfig{Format: FormatRecords, Ack: true, IdleTimeout: timeout}, ""},
		{"a signed hello", ServerConfig{Format: FormatRecords, Ack: true, Key: testKey, IdleTimeout: timeout}, "\x00\x00"},
		{"half a frame", ServerConfig{Format: FormatRecords}, "\x00\x00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.cfg.Target, test.cfg.OnError = &countingCore{}, ignore
			s := serve(t, test.cfg)
			conn := dial(t, s)
			_, err := io.WriteString(conn, test.send)
			require.NoError(t, err)
			require.Eventually(t, func() bool { return s.Stats().Connections == 1 }, soon, tick)
			if test.cfg.IdleTimeout == 0 { // its deadline is 10 s, and 5 minutes
				require.Eventually(t, func() bool {
					for _, c := range s.connections() {
						_ = c.raw.SetReadDeadline(past) // an error if it is closed already
					}
					return s.Stats().Connections == 0
				}, soon, tick)
			}
			require.Eventually(t, func() bool { return s.Stats().Connections == 0 }, soon, tick)
		})
	}
	t.Run("a client that does not read its confirmations", func(t *testing.T) {
		s := serve(t, ServerConfig{Format: FormatRecords, Ack: true, Target: &countingCore{}, OnError: ignore})
		near, far := net.Pipe()
		defer near.Close()
		s.admit(addressed{far})
		newClient(t, near, session.NewWindow(1<<20, 0), nil)
		start := time.Now()
		require.Eventually(t, func() bool { return s.Stats().Connections == 0 }, soon, tick, "it writes, and nobody reads")
		assert.Greater(t, time.Since(start), time.Second)
	})
}

// addressed is a connection whose far end has an address.
type addressed struct{ net.Conn }

func (addressed) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// TestLimitsThatAreAsGoodAsNone: the largest number is what some write for no limit at all.
func TestLimitsThatAreAsGoodAsNone(t *testing.T) {
	const never = time.Duration(math.MaxInt64)
	for _, network := range []string{"tcp", "udp", "unixgram"} {
		for _, key := range [][]byte{nil, testKey} {
			t.Run(fmt.Sprint(network, " Key ", key != nil), func(t *testing.T) {
				if network == "unixgram" && runtime.GOOS == "windows" {
					t.Skip("which has none")
				}
				target := &countingCore{}
				cfg := ServerConfig{Network: network, Format: FormatRecords, Target: target, Key: key, MaxFrame: math.MaxInt}
				client := Config{Network: network, Formatter: Records(), Key: key, MaxSize: 40 << 10, Timeout: never, RetryStart: never, RetryMax: never}
				if network == "tcp" {
					cfg.MaxConns, cfg.MaxMemory, cfg.IdleTimeout = math.MaxInt, math.MaxInt, never
				}
				s := serve(t, cfg)
				client.Address = s.Addr().String()
				core := newCore(t, client)
				for range 5 {
					require.NoError(t, core.Write(entry(strings.Repeat("x", 30<<10)), nil)) // more than is read at once
				}
				require.Eventually(t, func() bool { return target.count() == 5 }, soon, tick)
				require.NoError(t, core.Close())
			})
		}
	}
}

// panickingConn is a connection of a Dial whose Read panics, on the goroutine that reads from it.
type panickingConn struct{ net.Conn }

func (panickingConn) Read([]byte) (int, error) { panic("broken") }

// A panic of a connection ends the connection, and not the program.
func TestConnectionThatPanics(t *testing.T) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, OnError: ignore})
	var broken atomic.Bool
	broken.Store(true)
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: ignore,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err == nil && broken.Swap(false) {
				conn = panickingConn{conn}
			}
			return conn, err
		}})
	require.Eventually(t, func() bool { return core.Write(entry("x"), nil) == nil && target.count() > 0 }, soon, tick)
}
