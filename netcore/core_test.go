package netcore

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
)

func TestNewNamesTheFieldThatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"no address", Config{}, "Config.Address is required"},
		{"an unknown network", Config{Address: "x", Network: "ipx"}, `Config.Network "ipx" is unknown: there are tcp, udp, unix and unixgram, and TLS is a field`},
		{"two kinds of frames", Config{Address: "x:1", Encoder: plain(), Formatter: Records()}, "Config.Encoder and Formatter"},
		{"a framing that does not exist", Config{Address: "x:1", Framing: 77}, "Config.Framing Framing(77)"},
		{"no framing on a stream", Config{Address: "x:1", Framing: Unframed}, "Config.Framing Unframed"},
		{"binary frames in lines", Config{Address: "x:1", Formatter: Records(), Framing: Newline}, "Config.Framing Newline"},
		{"binary frames that are cut", Config{Address: "x:1", Formatter: Records(), Truncate: true}, "Config.Truncate"},
		{"acknowledged datagrams", Config{Address: "x:1", Network: "udp", Ack: true}, "Config.Ack"},
		{"acknowledged lines", Config{Address: "x:1", Framing: Newline, Ack: true}, "Config.Framing has to be LengthPrefix"},
		{"TLS over datagrams", Config{Address: "x:1", Network: "udp", TLS: clientTLS(t)}, "Config.TLS"},
		{"TLS with a server that has no name", Config{Address: "/run/socket", TLS: new(tls.Config)}, `Config.TLS.ServerName is required, for Address "/run/socket" names no host`},
		{"TLS with this host, of no name", Config{Address: ":6514", TLS: new(tls.Config)}, `Config.TLS.ServerName is required, for Address ":6514"`},
		{"a short key", Config{Address: "x:1", Key: []byte("secret")}, "Config.Key has 6 bytes"},
		{"a negative timeout", Config{Address: "x:1", Timeout: -1}, "Config.Timeout"},
		{"a negative size", Config{Address: "x:1", MaxSize: -1}, "Config.MaxSize"},
		{"a negative window", Config{Address: "x:1", Window: -1}, "Config.Window"},
		{"a negative retry", Config{Address: "x:1", RetryStart: -1}, "Config.RetryStart"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := New(test.cfg)
			require.ErrorContains(t, err, "netcore: "+test.want)
		})
	}
}

func TestStreams(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6", "unix"} {
		t.Run(network, func(t *testing.T) {
			got := make(chan string, 10)
			p := sockets.Listen(t, network, lines(got))
			core := newCore(t, Config{Network: network, Address: p.Address(), OnError: never(t)})
			zap.New(core).Info("hello", zap.String("k", "a\nb"))
			line := sockets.Receive(t, got)
			assert.Contains(t, line, `"msg":"hello"`)
			assert.Contains(t, line, `"k":"a\nb"`)
			require.NoError(t, core.Close())
			assert.Equal(t, Stats{Accepted: 1, Delivered: 1}, core.Stats())
		})
	}
}

func TestStreamFramings(t *testing.T) {
	for _, test := range []struct {
		framing Framing
		want    string
	}{
		{DefaultFraming, "one\ntwo\\nforged\n"},
		{Newline, "one\ntwo\\nforged\n"},
		{NUL, "one\x00two\nforged\x00"},
		{OctetCounting, "3 one10 two\nforged"},
		{LengthPrefix, "\x00\x00\x00\x03one\x00\x00\x00\x0atwo\nforged"},
	} {
		t.Run(test.framing.String(), func(t *testing.T) {
			got := make(chan string, 1)
			p := sockets.Listen(t, "tcp", func(conn net.Conn) {
				b := make([]byte, 0, 100)
				for {
					n, err := conn.Read(b[len(b):cap(b)])
					if b = b[:len(b)+n]; err != nil {
						got <- string(b)
						return
					}
				}
			})
			core := newCore(t, Config{Address: p.Address(), Encoder: plain(), Framing: test.framing, OnError: never(t)})
			require.NoError(t, core.Write(entry("one"), nil))
			require.NoError(t, core.Write(entry("two\nforged"), nil))
			require.NoError(t, core.Close())
			assert.Equal(t, test.want, sockets.Receive(t, got))
		})
	}
}

func TestDatagrams(t *testing.T) {
	for _, network := range []string{"udp4", "udp6", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			address := map[string]string{"udp4": "127.0.0.1:0", "udp6": "[::1]:0"}[network]
			if network == "unixgram" {
				address = sockets.Path(t)
			}
			conn, err := net.ListenPacket(network, address)
			require.NoError(t, err)
			defer conn.Close()
			core := newCore(t, Config{Network: network, Address: conn.LocalAddr().String(), Encoder: plain(), OnError: never(t)})
			require.NoError(t, core.Write(entry("one\ntwo"), nil))
			b := make([]byte, 100)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(soon)))
			n, _, err := conn.ReadFrom(b)
			require.NoError(t, err)
			assert.Equal(t, "one\ntwo", string(b[:n]))
		})
	}
}

func TestDatagramTooLarge(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer conn.Close()
	address := conn.LocalAddr().String()

	t.Run("is refused, with the sizes, and the next goes through", func(t *testing.T) {
		core := newCore(t, Config{Network: "udp", Address: address, Encoder: plain(), OnError: never(t)})
		err := core.Write(entry(strings.Repeat("x", 70000)), nil)
		require.EqualError(t, err, "netcore: record of 70000 bytes is larger than the limit of 65507")
		require.NoError(t, core.Write(entry("small"), nil))
		assert.Equal(t, Stats{Accepted: 1, Delivered: 1, Refused: 1}, core.Stats())
	})
	t.Run("is refused by the system, and the next goes through", func(t *testing.T) {
		core := newCore(t, Config{Network: "udp", Address: address, Encoder: plain(), MaxSize: 1 << 20, OnError: never(t)})
		err := core.Write(entry(strings.Repeat("x", 70000)), nil)
		require.EqualError(t, err, "netcore: record of 70000 bytes is larger than the system sends")
		require.NoError(t, core.Write(entry("small"), nil))
	})
	t.Run("is cut at the end of a rune", func(t *testing.T) {
		path := sockets.Path(t)
		conn, err := net.ListenPacket("unixgram", path)
		require.NoError(t, err)
		defer conn.Close()
		core := newCore(t, Config{Network: "unixgram", Address: path, Encoder: plain(), MaxSize: 6, Truncate: true, OnError: never(t)})
		require.NoError(t, core.Write(entry("abcdé"), nil))
		require.NoError(t, core.Write(entry("abcdeé"), nil))
		b := make([]byte, 100)
		n, _, err := conn.ReadFrom(b)
		require.NoError(t, err)
		assert.Equal(t, "abcdé", string(b[:n]))
		n, _, err = conn.ReadFrom(b)
		require.NoError(t, err)
		assert.Equal(t, "abcde", string(b[:n]))
	})
}

func TestCutAtKeepsRunesWhole(t *testing.T) {
	for _, test := range []struct {
		name  string
		text  string
		limit int
		want  string
	}{
		{"between ASCII", "abc", 2, "ab"},
		{"inside two bytes", "aé", 2, "a"},
		{"inside four bytes", "a😀b", 4, "a"},
		{"after four bytes", "a😀b", 5, "a😀"},
		{"what is no UTF-8 is cut where it must be", "\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80"},
		{"to nothing", "é", 1, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, test.text[:cutAt([]byte(test.text), test.limit)])
		})
	}
}

func TestNothingListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	core := newCore(t, Config{Address: address, OnError: never(t)})
	err = core.Write(entry("one"), nil)
	require.ErrorContains(t, err, "netcore: dial tcp "+address+": connect")
	require.ErrorContains(t, err, "refused")
	backingOff := core.Write(entry("two"), nil)
	require.EqualError(t, backingOff, "netcore: backing off: "+err.Error())
	assert.Same(t, backingOff, core.Write(entry("three"), nil), "one error for a whole backoff")
	assert.Equal(t, Stats{Refused: 3}, core.Stats())
}

func TestDialHook(t *testing.T) {
	t.Run("gets the network and the address, and what it returns is used", func(t *testing.T) {
		got := make(chan string, 1)
		asked := make(chan string, 1)
		core := newCore(t, Config{Network: "carrier pigeon", Address: "loft", Encoder: plain(), OnError: never(t),
			Dial: func(_ context.Context, network, address string) (net.Conn, error) {
				asked <- network + " " + address
				return pipes(lines(got))(nil, "", "")
			}})
		require.NoError(t, core.Write(entry("coo"), nil))
		assert.Equal(t, "carrier pigeon loft", sockets.Receive(t, asked))
		assert.Equal(t, "coo", sockets.Receive(t, got))
	})
	t.Run("that ignores its context is left behind", func(t *testing.T) {
		release := make(chan struct{})
		near, far := net.Pipe()
		core := newCore(t, Config{Address: "x:1", Timeout: 30 * time.Millisecond, OnError: never(t),
			Dial: func(context.Context, string, string) (net.Conn, error) {
				<-release
				return near, nil
			}})
		start := time.Now()
		require.ErrorIs(t, core.Write(entry("x"), nil), context.DeadlineExceeded)
		assert.Less(t, time.Since(start), 5*time.Second)
		close(release)
		_, err := far.Read(make([]byte, 1)) // returns when the late connection has been closed
		require.Error(t, err)
	})
	t.Run("that panics is an error", func(t *testing.T) {
		core := newCore(t, Config{Address: "x:1", OnError: never(t),
			Dial: func(context.Context, string, string) (net.Conn, error) { panic("no wire") }})
		require.ErrorContains(t, core.Write(entry("x"), nil), "the Dial hook panicked: no wire")
	})
	t.Run("that returns nothing is an error", func(t *testing.T) {
		core := newCore(t, Config{Address: "x:1", OnError: never(t),
			Dial: func(context.Context, string, string) (net.Conn, error) { return nil, nil }})
		require.ErrorContains(t, core.Write(entry("x"), nil), "no connection")
	})
}

// nowhere is a connection that has no address, as those through other things than sockets may.
type nowhere struct{ net.Conn }

func (nowhere) LocalAddr() net.Addr  { return nil }
func (nowhere) RemoteAddr() net.Addr { return nil }

func TestAConnectionWithoutAnAddress(t *testing.T) {
	got := make(chan string, 1)
	core := newCore(t, Config{Address: "x:1", Encoder: plain(), OnError: never(t),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			conn, err := pipes(lines(got))(nil, "", "")
			return nowhere{conn}, err
		}})
	require.NoError(t, core.Write(entry("one"), nil))
	assert.Equal(t, "one", sockets.Receive(t, got))
}

func TestClose(t *testing.T) {
	t.Run("before the first record opens nothing", func(t *testing.T) {
		core := newCore(t, Config{Address: "127.0.0.1:1", OnError: never(t)})
		require.NoError(t, core.Close())
		require.NoError(t, core.Close())
		err := core.Write(entry("late"), nil)
		require.ErrorIs(t, err, ErrClosed)
		require.ErrorIs(t, err, os.ErrClosed)
	})
	t.Run("interrupts a dial", func(t *testing.T) {
		dialling := make(chan struct{})
		core := newCore(t, Config{Address: "x:1", Timeout: time.Hour, OnError: never(t),
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				close(dialling)
				<-ctx.Done()
				return nil, ctx.Err()
			}})
		result := make(chan error, 1)
		go func() { result <- core.Write(entry("x"), nil) }()
		sockets.Receive(t, dialling)
		require.NoError(t, core.Close())
		require.Error(t, sockets.Receive(t, result))
	})
	t.Run("interrupts a write", func(t *testing.T) {
		p := sockets.Listen(t, "tcp", func(conn net.Conn) { <-t.Context().Done() })
		core := newCore(t, Config{Address: p.Address(), Encoder: plain(), Timeout: time.Hour, OnError: ignore})
		result := make(chan error, 1)
		written := make(chan struct{}, 1)
		go func() {
			for {
				if err := core.Write(entry(strings.Repeat("x", 1<<20)), nil); err != nil {
					result <- err
					return
				}
				select {
				case written <- struct{}{}:
				default:
				}
			}
		}()
		sockets.Receive(t, written)
		require.NoError(t, core.Close())
		require.Error(t, sockets.Receive(t, result))
	})
}

func TestLevelAndWith(t *testing.T) {
	got := make(chan string, 10)
	p := sockets.Listen(t, "tcp", lines(got))
	core := newCore(t, Config{Address: p.Address(), Level: zapcore.WarnLevel, OnError: never(t)})
	log := zap.New(core).With(zap.Int("n", 1))
	log.Info("not wanted")
	log.Warn("wanted")
	assert.Contains(t, sockets.Receive(t, got), `"n":1`)
	assert.Equal(t, zapcore.WarnLevel, core.Level())
	assert.Equal(t, uint64(1), core.Stats().Accepted)
}
