package netcore

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

var testKey = []byte("0123456789abcdef")

// serve starts a Server on loopback, which the test closes.
func serve(t testing.TB, cfg ServerConfig) *Server {
	t.Helper()
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
		if cfg.Network == "unix" || cfg.Network == "unixgram" {
			cfg.Address = sockets.Path(t)
		}
	}
	if cfg.OnError == nil {
		cfg.OnError = never(t)
	}
	s, err := NewServer(cfg)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		_ = s.Close()
		assert.NoError(t, sockets.Receive(t, served))
		assert.Zero(t, s.memory.Load(), "memory is given back")
	})
	return s
}

func TestNewServerNamesTheFieldThatIsWrong(t *testing.T) {
	target := zapcore.NewNopCore()
	for _, test := range []struct {
		name string
		cfg  ServerConfig
		want string
	}{
		{"no address", ServerConfig{Format: FormatLines, Target: target}, "ServerConfig.Address"},
		{"no format", ServerConfig{Address: "127.0.0.1:0", Target: target}, "ServerConfig.Format"},
		{"no target", ServerConfig{Address: "127.0.0.1:0", Format: FormatLines}, "ServerConfig.Target"},
		{"an unknown network", ServerConfig{Network: "ipx", Address: "x", Format: FormatLines, Target: target}, `ServerConfig.Network "ipx" is unknown: there are tcp, udp, unix and unixgram, and TLS is a field`},
		{"pickles in lines", ServerConfig{Address: "127.0.0.1:0", Format: FormatPickle, Framing: Newline, Target: target}, "ServerConfig.Framing"},
		{"lines in datagrams", ServerConfig{Network: "udp", Address: "127.0.0.1:0", Format: FormatLines, Framing: Newline, Target: target}, "ServerConfig.Framing"},
		{"a short key", ServerConfig{Address: "127.0.0.1:0", Format: FormatLines, Key: []byte("x"), Target: target}, "ServerConfig.Key"},
		{"a negative limit", ServerConfig{Address: "127.0.0.1:0", Format: FormatLines, MaxFrame: -1, Target: target}, "ServerConfig.MaxFrame"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewServer(test.cfg)
			require.ErrorContains(t, err, "netcore: "+test.want)
		})
	}
}

// TestBothEnds sends records from a Core to a Server in every way that they share.
func TestBothEnds(t *testing.T) {
	withCert := clientTLS(t)
	withCert.Certificates = []tls.Certificate{authority().client}
	for _, test := range []struct {
		name   string
		client Config
		server ServerConfig
	}{
		{"records over TCP", Config{Formatter: Records()}, ServerConfig{Format: FormatRecords}},
		{"records, octets counted", Config{Formatter: Records(), Framing: OctetCounting}, ServerConfig{Format: FormatRecords, Framing: OctetCounting}},
		{"records over a unix socket", Config{Network: "unix", Formatter: Records()}, ServerConfig{Network: "unix", Format: FormatRecords}},
		{"records over UDP", Config{Network: "udp", Formatter: Records()}, ServerConfig{Network: "udp", Format: FormatRecords}},
		{"records in unix datagrams", Config{Network: "unixgram", Formatter: Records()}, ServerConfig{Network: "unixgram", Format: FormatRecords}},
		{"pickles over TCP", Config{Formatter: Pickle()}, ServerConfig{Format: FormatPickle}},
		{"pickles over UDP", Config{Network: "udp", Formatter: Pickle()}, ServerConfig{Network: "udp", Format: FormatPickle}},
		{"lines over TCP", Config{Encoder: plain()}, ServerConfig{Format: FormatLines}},
		{"lines, NUL", Config{Encoder: plain(), Framing: NUL}, ServerConfig{Format: FormatLines, Framing: NUL}},
		{"lines over UDP", Config{Network: "udp", Encoder: plain()}, ServerConfig{Network: "udp", Format: FormatLines}},
		{"over TLS", Config{Formatter: Records(), TLS: clientTLS(t)}, ServerConfig{Format: FormatRecords, TLS: serverTLS()}},
		{"over mutual TLS", Config{Formatter: Records(), TLS: withCert}, ServerConfig{Format: FormatRecords, TLS: mutualTLS()}},
		{"signed", Config{Formatter: Records(), Key: testKey}, ServerConfig{Format: FormatRecords, Key: testKey}},
		{"signed pickles", Config{Formatter: Pickle(), Key: testKey}, ServerConfig{Format: FormatPickle, Key: testKey}},
		{"signed datagrams", Config{Network: "udp", Formatter: Records(), Key: testKey}, ServerConfig{Network: "udp", Format: FormatRecords, Key: testKey}},
		{"signed pickles in datagrams", Config{Network: "udp", Formatter: Pickle(), Key: testKey}, ServerConfig{Network: "udp", Format: FormatPickle, Key: testKey}},
		{"acknowledged", Config{Formatter: Records(), Ack: true}, ServerConfig{Format: FormatRecords, Ack: true}},
		{"acknowledged lines", Config{Encoder: plain(), Ack: true}, ServerConfig{Format: FormatLines, Ack: true}},
		{"acknowledged, signed, over TLS", Config{Formatter: Records(), Ack: true, Key: testKey, TLS: clientTLS(t)},
			ServerConfig{Format: FormatRecords, Ack: true, Key: testKey, TLS: serverTLS()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			const records = 20
			target, logs := observer.New(zapcore.DebugLevel)
			test.server.Target = target
			server := serve(t, test.server)
			test.client.Address, test.client.OnError = server.Addr().String(), never(t)
			core := newCore(t, test.client)
			for i := range records {
				ent := entry(fmt.Sprint("record ", i))
				require.NoError(t, core.Write(ent, []zapcore.Field{zap.Int("i", i)}))
			}
			require.NoError(t, core.Sync())
			require.NoError(t, core.Close())
			assert.Equal(t, Stats{Accepted: records, Delivered: records}, core.Stats())
			require.Eventually(t, func() bool { return logs.Len() == records }, soon, tick)
			for i, got := range logs.All() {
				require.Contains(t, got.Message, fmt.Sprint("record ", i))
				if test.server.Format == FormatRecords {
					assert.True(t, got.Time.Equal(entry("").Time))
				}
				if test.server.Format != FormatLines {
					assert.EqualValues(t, i, got.ContextMap()["i"])
				}
			}
			require.NoError(t, server.Shutdown(t.Context()))
			assert.Equal(t, Stats{Accepted: records, Delivered: records}, server.Stats().Stats)
		})
	}
}

// frame is a whole frame with a length before it, of a record with that message.
func frame(message string) []byte {
	var r base.Record
	_ = r.Capture(entry(message), base.Context{}, nil)
	return LengthPrefix.Append(nil, r.Bytes())
}

func dial(t testing.TB, s *Server) net.Conn {
	conn, err := net.Dial(s.Addr().Network(), s.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// A header of the PROXY protocol, as a balancer may put it before a stream, is no frame and no part of one: it is counted and told, and
// what follows arrives.
func TestServerBehindAProxyProtocol(t *testing.T) {
	v2 := proxySignature + "\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01\xdc\x04#<"
	for name, header := range map[string]string{
		"1":          "PROXY TCP4 192.0.2.1 192.0.2.2 56324 9020\r\n",
		"1, unknown": "PROXY UNKNOWN\r\n",
		"2":          v2,
	} {
		for _, cfg := range []ServerConfig{
			{Format: FormatRecords}, {Format: FormatRecords, Ack: true}, {Format: FormatRecords, Key: testKey}, {Format: FormatLines}, {Format: FormatLines, Framing: NUL},
			{Format: FormatLines, Framing: OctetCounting},
		} {
			for _, piece := range []int{1, 13, 100} {
				if text := cfg.Format == FormatLines && cfg.Framing != OctetCounting; text && header == v2 && piece < len(header) {
					continue // which begins as an empty line does
				}
				t.Run(fmt.Sprintf("%s, format %d, framing %v, Ack %v, Key %v, in pieces of %d", name, cfg.Format, cfg.Framing, cfg.Ack, cfg.Key != nil, piece), func(t *testing.T) {
					var log errorLog
					target := &countingCore{}
					cfg.Target, cfg.OnError = target, log.add
					s := serve(t, cfg)
					core := newCore(t, Config{Address: s.Addr().String(), Ack: cfg.Ack, Key: cfg.Key, Formatter: formatterFor(cfg), Encoder: encoderFor(cfg), Framing: cfg.Framing,
						Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
							conn, err := new(net.Dialer).DialContext(ctx, network, address)
							for left := header; left != "" && err == nil; {
								n := min(piece, len(left))
								_, err = conn.Write([]byte(left[:n]))
								left = left[n:]
								if piece == 1 {
									<-time.After(time.Millisecond) // the pieces are what is tested
								}
							}
							return conn, err
						}})
					for i := range 5 {
						require.NoError(t, core.Write(entry(fmt.Sprint("record ", i)), nil))
					}
					require.NoError(t, core.Sync())
					require.Eventually(t, func() bool { return target.count() == 5 }, soon, tick)
					require.EqualValues(t, 1, s.Stats().Refused)
					require.True(t, log.contains("PROXY protocol"))
				})
			}
		}
	}
}

// Who speaks another protocol is told so, and does not wait for an answer while what he says is skipped.
func TestServerThatIsSpokenToInAnotherProtocol(t *testing.T) {
	for begins, want := range map[string]string{
		"GET /metrics HTTP/1.1\r\n\r\n":                `begins with \"GET /metrics HTT\", and has to begin with the length`,
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03": "begins as TLS does, and ServerConfig.TLS is not set",
		"<14>one\n":               `begins with \"<14>one\"`,
		"{\"message\":\"one\"}\n": "has to begin with the length",
	} {
		for _, cfg := range []ServerConfig{{}, {Ack: true}, {Key: testKey}} {
			var log errorLog
			cfg.Format, cfg.Target, cfg.OnError = FormatRecords, &countingCore{}, log.add
			s := serve(t, cfg)
			conn := dial(t, s)
			_, err := conn.Write([]byte(begins))
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(soon)))
			_, err = io.Copy(io.Discard, conn)
			require.False(t, isTimeout(err), "it is ended")
			require.Eventually(t, func() bool { return log.contains(strings.ReplaceAll(want, `\"`, `"`)) }, soon, tick, "%q: %v", begins, log.all())
			require.EqualValues(t, 1, s.Stats().Refused)
		}
	}
}

// With TLS it is in the way, and the error says so.
func TestServerWithTLSBehindAProxyProtocol(t *testing.T) {
	for _, header := range []string{"PROXY TCP4 192.0.2.1 192.0.2.2 56324 9020\r\n", proxySignature + "\x20\x00\x00\x00"} {
		var log errorLog
		s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{}, TLS: serverTLS(), OnError: log.add})
		_, err := dial(t, s).Write([]byte(header))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return log.contains("PROXY protocol, and has to begin with TLS") }, soon, tick)
	}
}

func formatterFor(cfg ServerConfig) base.Formatter {
	if cfg.Format == FormatRecords {
		return Records()
	}
	return nil
}

func encoderFor(cfg ServerConfig) zapcore.Encoder {
	if cfg.Format == FormatRecords {
		return nil
	}
	return plain()
}

func TestServerStatsAreOneObject(t *testing.T) {
	s := ServerStats{Stats: Stats{Accepted: 5, Delivered: 3, Dropped: 1, Skipped: 1, Refused: 6}, Connections: 2, Duplicates: 7, Evicted: 4}
	require.JSONEq(t, `{"accepted":5,"delivered":3,"dropped":1,"skipped":1,"pending":0,"refused":6,"connections":2,"duplicates":7,"evicted":4}`,
		s.String(), "the embedded String is not what is called")
}

func TestServerSkipsWhatItCannotRead(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  ServerConfig
		bad  string
		good string
		want string
	}{
		{"a frame that is no record", ServerConfig{Format: FormatRecords}, "\x00\x00\x00\x03abc", string(frame("good")), "record byte"},
		{"a frame that is no pickle", ServerConfig{Format: FormatPickle}, "\x00\x00\x00\x03abc", string(LengthPrefix.Append(nil, []byte("}(X\x03\x00\x00\x00msgX\x04\x00\x00\x00goodu."))), "pickle"},
		{"a frame too large", ServerConfig{Format: FormatRecords, MaxFrame: 100}, "\x00\x01\x00\x00" + strings.Repeat("x", 65536), string(frame("good")), "larger than 100 bytes"},
		{"a line too large", ServerConfig{Format: FormatLines, MaxFrame: 100}, strings.Repeat("x", 70000) + "\n", "good\n", "larger than 100 bytes"},
		{"octets too many", ServerConfig{Format: FormatLines, Framing: OctetCounting, MaxFrame: 100}, "70000 " + strings.Repeat("x", 70000), "4 good", "larger than 100 bytes"},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, logs := observer.New(zapcore.DebugLevel)
			var log errorLog
			test.cfg.Target, test.cfg.OnError = target, log.add
			s := serve(t, test.cfg)
			conn := dial(t, s)
			for range 3 {
				_, err := io.WriteString(conn, test.bad+test.good)
				require.NoError(t, err)
			}
			require.Eventually(t, func() bool { return logs.FilterMessage("good").Len() == 3 }, soon, tick)
			assert.Equal(t, uint64(3), s.Stats().Refused)
			require.Len(t, log.all(), 1, "the same error is said once")
			assert.ErrorContains(t, log.all()[0], test.want)
			assert.ErrorContains(t, log.all()[0], "netcore: server 127.0.0.1:")
			assert.Equal(t, 1, s.Stats().Connections, "the connection lives")
		})
	}
}

func TestServerClosesWhatItCannotFrame(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  ServerConfig
		send string
		want string
	}{
		{"a count that is no number", ServerConfig{Format: FormatLines, Framing: OctetCounting}, "GET / HTTP/1.1\r\n", "not a number"},
		{"an unsigned frame", ServerConfig{Format: FormatRecords, Key: testKey}, string(frame("forged")), "not signed"},
		{"a client without Ack", ServerConfig{Format: FormatRecords, Ack: true}, string(frame("x")), "no Ack"},
		{"the end inside a frame", ServerConfig{Format: FormatRecords}, "\x00\x00\x00\x09abc", "inside a frame"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log errorLog
			test.cfg.Target, test.cfg.OnError = zapcore.NewNopCore(), log.add
			s := serve(t, test.cfg)
			conn := dial(t, s)
			_, err := io.WriteString(conn, test.send)
			require.NoError(t, err)
			_ = conn.(*net.TCPConn).CloseWrite() // unless the server has reset it
			_, _ = io.Copy(io.Discard, conn)     // ends when the server closes
			require.Eventually(t, func() bool { return log.contains(test.want) }, soon, tick)
			assert.Equal(t, uint64(1), s.Stats().Refused)
			assert.Zero(t, s.Stats().Accepted)
		})
	}
}

func TestServerKeyRefusesReplays(t *testing.T) {
	target, logs := observer.New(zapcore.DebugLevel)
	var log errorLog
	s := serve(t, ServerConfig{Format: FormatRecords, Key: testKey, Target: target, OnError: log.add})
	conn := dial(t, s)
	signed := newClient(t, conn, nil, testKey).appendFrame(nil, frame("once")[prefixSize:])
	_, err := conn.Write(signed)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return logs.Len() == 1 }, soon, tick)
	_, err = conn.Write(signed)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return log.contains("not signed") }, soon, tick)
	assert.Equal(t, 1, logs.Len())
}

// TestShutdownAcceptsWhoIsWaiting: a Server that gets to accepting when the time which Shutdown gives for it has passed
// still reads what those have sent who connected before.
func TestShutdownAcceptsWhoIsWaiting(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	s, err := NewServer(ServerConfig{Address: "127.0.0.1:0", Format: FormatLines, Target: core, OnError: never(t)})
	require.NoError(t, err)
	const clients = 5
	for i := range clients {
		conn, err := net.Dial("tcp", s.Addr().String())
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "record %d\n", i)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	s.draining.Store(true)
	s.stopListening(false)
	require.NoError(t, s.listener.(*net.TCPListener).SetDeadline(time.Unix(1, 0)))
	require.NoError(t, s.Serve())
	require.NoError(t, s.Shutdown(t.Context()))
	require.Equal(t, clients, logs.Len())
}
