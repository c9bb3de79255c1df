package netcore

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

var testKey = []byte("0123456789abcdef")

// serve starts a Server on loopback, which the test closes.
func serve(t testing.TB, cfg ServerConfig) *Server {
	t.Helper()
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
		if cfg.Network == "unix" || cfg.Network == "unixgram" {
			cfg.Address = socketPath(t)
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
		assert.NoError(t, receive(t, served))
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
		{"an unknown network", ServerConfig{Network: "ipx", Address: "x", Format: FormatLines, Target: target}, "ServerConfig.Network"},
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

// pythonLogger is a program that logs with Python's own handlers.
const pythonLogger = `
import datetime, logging, logging.handlers, sys
kind, host, port = sys.argv[1], sys.argv[2], sys.argv[3]
port = int(port) if port != "none" else None
cls = logging.handlers.SocketHandler if kind == "stream" else logging.handlers.DatagramHandler
h = cls(host, port)
log = logging.getLogger("app.db")
log.setLevel(1)
log.addHandler(h)
log.propagate = False
log.debug("hello %s, you owe %d%%", "w\u00f6rld", 7)
log.info("%(a)s mapping", {"a": "one"})
log.warning("line one\nline two \u2713 \U0001f600")
log.log(25, "a level between")
try:
    {}["missing"]
except KeyError:
    log.exception("it failed")
log.critical("stack", stack_info=True)
log.error("extras", extra={
  "text": "t\u00e9xt", "yes": True, "no": False, "nothing": None, "int": 5, "negative": -5, "big": 2**40, "huge": 10**25,
  "pi": 3.25, "inf": float("inf"), "ninf": float("-inf"), "nan": float("nan"),
  "raw": b"\x00\xff", "blank": b"", "when": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc),
  "naive": datetime.datetime(2026, 1, 2, 3, 4, 5), "took": datetime.timedelta(seconds=1.5),
  "nested": {"list": [1, "two", {"three": 3.0}], "tuple": (1,), "set": {9}},
  "thing": logging.Handler,
})
log.info({"not": "text"})
print("done", flush=True)
`

func TestPythonReachesServer(t *testing.T) {
	for _, test := range []struct{ kind, network string }{
		{"stream", "tcp"}, {"stream", "unix"}, {"datagram", "udp"}, {"datagram", "unixgram"},
	} {
		t.Run(test.kind+" "+test.network, func(t *testing.T) {
			target, logs := observer.New(zapcore.DebugLevel)
			server := serve(t, ServerConfig{Network: test.network, Format: FormatPickle, Target: target})
			host, port, err := net.SplitHostPort(server.Addr().String())
			if err != nil {
				host, port = server.Addr().String(), "none"
			}
			start := time.Now()
			done, _ := startPython(t, pythonLogger, test.kind, host, port)
			require.Equal(t, "done", done)
			require.Eventually(t, func() bool { return logs.Len() == 8 }, soon, tick)

			all := logs.All()
			for i, want := range []struct {
				level   zapcore.Level
				message string
			}{
				{zapcore.DebugLevel, "hello wörld, you owe 7%"},
				{zapcore.InfoLevel, "one mapping"},
				{zapcore.WarnLevel, "line one\nline two ✓ 😀"},
				{zapcore.InfoLevel, "a level between"},
				{zapcore.ErrorLevel, "it failed"},
				{zapcore.DPanicLevel, "stack"},
				{zapcore.ErrorLevel, "extras"},
				{zapcore.InfoLevel, "{'not': 'text'}"},
			} {
				got := all[i]
				assert.Equal(t, want.level, got.Level, want.message)
				assert.Equal(t, want.message, got.Message)
				assert.Equal(t, "app.db", got.LoggerName)
				assert.WithinRange(t, got.Time, start.Add(-time.Minute), time.Now().Add(time.Minute))
				assert.Equal(t, "<module>", got.Caller.Function)
				assert.Equal(t, "<string>", got.Caller.File)
				assert.Positive(t, got.Caller.Line)
				fields := got.ContextMap()
				assert.Equal(t, "MainProcess", fields["processName"])
				assert.Equal(t, "MainThread", fields["threadName"])
				assert.Positive(t, fields["process"])
				assert.Positive(t, fields["thread"])
				assert.Positive(t, fields["relativeCreated"])
			}
			assert.EqualValues(t, 25, all[3].ContextMap()["levelno"])
			assert.Equal(t, "Level 25", all[3].ContextMap()["levelname"])
			assert.Regexp(t, `(?s)^Traceback \(most recent call last\):.*KeyError: 'missing'$`, all[4].Stack)
			assert.Contains(t, all[5].ContextMap()["stack_info"], "Stack (most recent call last):")

			extras := all[6].ContextMap()
			for key, want := range map[string]any{
				"text": "téxt", "yes": true, "no": false, "nothing": nil, "int": int64(5), "negative": int64(-5), "big": int64(1 << 40),
				"huge": json.RawMessage("10000000000000000000000000"), "pi": 3.25,
				"raw": []byte{0, 255}, "blank": []byte{}, "when": time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
				"naive": "2026-01-02T03:04:05", "took": 1500 * time.Millisecond, "thing": "<logging.Handler>",
				"nested": map[string]any{"list": []any{int64(1), "two", map[string]any{"three": 3.0}}, "tuple": []any{int64(1)}, "set": []any{int64(9)}},
			} {
				assert.Equal(t, want, extras[key], key)
			}
			assert.Equal(t, "+Inf -Inf NaN", fmt.Sprint(extras["inf"], extras["ninf"], extras["nan"]))
			for _, key := range []string{"args", "exc_info", "msecs", "levelno", "levelname", "filename", "module", "taskName"} {
				assert.NotContains(t, extras, key)
			}
			assert.Equal(t, Stats{Accepted: 8, Delivered: 8}, server.Stats().Stats)
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
			require.NoError(t, conn.(*net.TCPConn).CloseWrite())
			_, _ = io.Copy(io.Discard, conn) // ends when the server closes
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
	greeting := make([]byte, len(nonceMagic)+nonceSize)
	_, err := io.ReadFull(conn, greeting)
	require.NoError(t, err)
	l := &link{framing: LengthPrefix, seal: newSeal(testKey, greeting[len(nonceMagic):]), sequence: 1}
	signed := l.appendFrame(nil, frame("once")[prefixSize:])
	_, err = conn.Write(signed)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return logs.Len() == 1 }, soon, tick)
	_, err = conn.Write(signed)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return log.contains("not signed") }, soon, tick)
	assert.Equal(t, 1, logs.Len())
}

func TestDatagramSeal(t *testing.T) {
	now := time.Now()
	client, server := newDatagramSeal(testKey), newDatagramSeal(testKey)
	b := client.append(nil, 0, []byte("hello"))
	payload, err := server.verify(b, 0, now)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(payload))
	_, err = server.verify(b, 0, now.Add(2*keyWindow))
	assert.ErrorIs(t, err, errStale)
	_, err = server.verify(b, 0, now.Add(-2*keyWindow))
	assert.ErrorIs(t, err, errStale)
	for i := range b {
		b[i] ^= 1
		_, err = server.verify(b, 0, now)
		assert.ErrorIs(t, err, errUnsigned, "byte %d changed", i)
		b[i] ^= 1
	}
	_, err = newDatagramSeal([]byte("another key here")).verify(b, 0, now)
	assert.ErrorIs(t, err, errUnsigned)
	_, err = server.verify(b[:10], 0, now)
	assert.ErrorIs(t, err, errUnsigned)
}

// TestServerMemory holds that what a length announces costs nothing before it comes.
func TestServerMemory(t *testing.T) {
	target, _ := observer.New(zapcore.DebugLevel)
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, OnError: ignore, MaxFrame: 1 << 30, MaxMemory: 1 << 20})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		_, err := dial(t, s).Write([]byte("\xff\xff\xff\xff and no more"))
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return s.Stats().Connections == 100 && s.memory.Load() == 100*firstBuf }, soon, tick)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(8<<20))

	t.Run("is limited in all", func(t *testing.T) {
		conn := dial(t, s)
		_, err := conn.Write(binary.BigEndian.AppendUint32(nil, 1<<29))
		require.NoError(t, err)
		require.NoError(t, conn.SetWriteDeadline(time.Now().Add(soon)))
		for err == nil {
			_, err = conn.Write(make([]byte, 64<<10))
		}
		require.False(t, errors.Is(err, os.ErrDeadlineExceeded), "the server closes it")
		assert.LessOrEqual(t, s.memory.Load(), int64(1<<20))
	})
}

func TestServerMaxConns(t *testing.T) {
	var log errorLog
	s := serve(t, ServerConfig{Format: FormatRecords, Target: zapcore.NewNopCore(), MaxConns: 2, OnError: log.add})
	dial(t, s)
	dial(t, s)
	require.Eventually(t, func() bool { return s.Stats().Connections == 2 }, soon, tick)
	_, err := dial(t, s).Read(make([]byte, 1))
	require.Error(t, err)
	require.Eventually(t, func() bool { return log.contains("more than 2 connections") }, soon, tick)
}

func TestServerIdleTimeout(t *testing.T) {
	s := serve(t, ServerConfig{Format: FormatLines, Target: zapcore.NewNopCore(), IdleTimeout: 30 * time.Millisecond, OnError: ignore})
	conn := dial(t, s)
	go func() { // trickling does not help
		for {
			if _, err := conn.Write([]byte("x")); err != nil {
				return
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	_, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
}

// TestSlowConnections holds that a thousand connections which trickle do not stop one that does not.
func TestSlowConnections(t *testing.T) {
	const slow, records = 1000, 10000
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target, MaxConns: slow + 10, OnError: ignore})
	whole := frame("slow")
	var conns []net.Conn
	for range slow {
		conn := dial(t, s)
		_, err := conn.Write(whole[:len(whole)/2])
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	core := newCore(t, Config{Address: s.Addr().String(), Formatter: Records(), OnError: never(t)})
	start := time.Now()
	for range records {
		require.NoError(t, core.Write(entry("fast"), nil))
	}
	require.Eventually(t, func() bool { return target.count() == records }, soon, tick)
	t.Logf("%d records in %v beside %d slow connections", records, time.Since(start), slow)
	for _, conn := range conns {
		_, err := conn.Write(whole[len(whole)/2:])
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return target.count() == records+slow }, soon, tick)
}

// countingCore is a BatchWriter that counts, and that can be told to fail.
type countingCore struct {
	mu   sync.Mutex
	n    int
	fail error
	take int // of a batch, when it fails
}

func (c *countingCore) count() int                                 { c.mu.Lock(); defer c.mu.Unlock(); return c.n }
func (c *countingCore) Enabled(zapcore.Level) bool                 { return true }
func (c *countingCore) With([]zapcore.Field) zapcore.Core          { return c }
func (c *countingCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (c *countingCore) Sync() error                                { return nil }
func (c *countingCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, c)
}
func (c *countingCore) WriteBatch(b *base.Batch) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		n := min(c.take, b.Len())
		c.n += n
		return n, c.fail
	}
	c.n += b.Len()
	return b.Len(), nil
}

func TestServerTargetThatFails(t *testing.T) {
	t.Run("costs the records, which are counted and reported", func(t *testing.T) {
		var log errorLog
		s := serve(t, ServerConfig{Format: FormatRecords, Target: &countingCore{fail: errFake}, OnError: log.add})
		_, err := dial(t, s).Write(append(frame("a"), frame("b")...))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Dropped == 2 }, soon, tick)
		assert.True(t, log.contains(errFake.Error()))
		assert.Zero(t, s.Stats().Missing())
	})
	t.Run("by a panic does no more harm", func(t *testing.T) {
		var log errorLog
		s := serve(t, ServerConfig{Format: FormatRecords, Target: zapcore.NewCore(panicEncoder{plain()}, zapcore.AddSync(io.Discard), zapcore.DebugLevel), OnError: log.add})
		_, err := dial(t, s).Write(frame("a"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Dropped == 1 && log.contains("panicked") }, soon, tick)
	})
	t.Run("is asked for its level", func(t *testing.T) {
		target, logs := observer.New(zapcore.WarnLevel)
		s := serve(t, ServerConfig{Format: FormatRecords, Target: target})
		_, err := dial(t, s).Write(frame("info"))
		require.NoError(t, err)
		require.Eventually(t, func() bool { return s.Stats().Skipped == 1 }, soon, tick)
		assert.Zero(t, logs.Len())
	})
}

type panicEncoder struct{ zapcore.Encoder }

func (p panicEncoder) Clone() zapcore.Encoder   { return p }
func (p panicEncoder) AddString(string, string) {}
func (p panicEncoder) EncodeEntry(zapcore.Entry, []zapcore.Field) (*buffer.Buffer, error) {
	panic("no")
}

func TestServerShutdownReadsWhatIsOnItsWay(t *testing.T) {
	target := &countingCore{}
	s := serve(t, ServerConfig{Format: FormatRecords, Target: target})
	conn := dial(t, s)
	const records = 5000
	var all []byte
	for range records {
		all = append(all, frame("x")...)
	}
	_, err := conn.Write(all)
	require.NoError(t, err)
	require.NoError(t, s.Shutdown(t.Context()))
	assert.Equal(t, records, target.count())
	_, err = net.Dial("tcp", s.Addr().String())
	require.Error(t, err)

	t.Run("but not for longer than its context", func(t *testing.T) {
		s := serve(t, ServerConfig{Format: FormatLines, Target: zapcore.NewNopCore(), OnError: ignore})
		conn := dial(t, s)
		go func() {
			for {
				if _, err := conn.Write([]byte("x\n")); err != nil {
					return
				}
			}
		}()
		require.Eventually(t, func() bool { return s.Stats().Accepted > 0 }, soon, tick)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
	})
}

func TestServerUnixSocket(t *testing.T) {
	for _, network := range []string{"unix", "unixgram"} {
		t.Run(network, func(t *testing.T) {
			path := socketPath(t)
			cfg := ServerConfig{Network: network, Address: path, Format: FormatRecords, Target: zapcore.NewNopCore(), OnError: never(t)}
			s := serve(t, cfg)
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
			_, err = NewServer(cfg)
			require.Error(t, err, "a socket in use is not taken")
			require.NoError(t, s.Close())
			assert.NoFileExists(t, path)
		})
		t.Run(network+" that was left behind", func(t *testing.T) {
			path := socketPath(t)
			if network == "unix" {
				l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
				require.NoError(t, err)
				l.SetUnlinkOnClose(false)
				require.NoError(t, l.Close())
			} else {
				l, err := net.ListenPacket(network, path)
				require.NoError(t, err)
				require.NoError(t, l.Close())
			}
			serve(t, ServerConfig{Network: network, Address: path, SocketMode: 0o660, Format: FormatRecords, Target: zapcore.NewNopCore()})
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o660), info.Mode().Perm())
		})
	}
}
