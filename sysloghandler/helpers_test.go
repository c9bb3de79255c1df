package sysloghandler

import (
	"bufio"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// soon is how long tests wait for an event that must come, tick how often they look.
const (
	soon = 20 * time.Second
	tick = time.Millisecond
)

// never is an OnError for tests in which nothing may be reported.
func never(t testing.TB) func(error) {
	return func(err error) { t.Errorf("OnError: %v", err) }
}

func ignore(error) {}

// fixed is a Config whose messages are the same wherever the test runs.
func fixed() Config {
	return Config{Hostname: "web7", AppName: "shop", ProcID: "4711"}
}

// identified returns cfg with those of the names in its header that its form has a place for.
func identified(cfg Config, host, app, proc string) Config {
	if cfg.format() == Python {
		return cfg
	}
	cfg.AppName, cfg.ProcID = app, proc
	if whole := cfg; cfg.format() == RFC5424 || !(&whole).onUnix() && cfg.network() != local {
		cfg.Hostname = host
	}
	return cfg
}

// at is when the records of these tests are logged.
var at = time.Date(2026, 11, 22, 10, 11, 12, 123456789, time.FixedZone("CET", 3600))

func entry(text string) zapcore.Entry {
	return zapcore.Entry{Level: zapcore.InfoLevel, Time: at, Message: text}
}

// format returns what cfg makes of a record, without sending it.
func format(t testing.TB, cfg Config, ent zapcore.Entry, fields ...zapcore.Field) string {
	t.Helper()
	f := formatterOf(t, cfg)
	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, fields))
	b, err := f.Append([]byte("before"), &r)
	require.NoError(t, err)
	require.Equal(t, "before", string(b[:6]), "Append appends")
	return string(b[6:])
}

func formatterOf(t testing.TB, cfg Config) Formatter {
	t.Helper()
	f, err := NewFormatter(cfg)
	require.NoError(t, err)
	return f
}

// parsed is format read back by the strict parser.
func parsed(t testing.TB, cfg Config, ent zapcore.Entry, fields ...zapcore.Field) *message {
	t.Helper()
	s := format(t, cfg, ent, fields...)
	m, err := parse(s)
	require.NoError(t, err, "%q", s)
	return m
}

// newCore returns a Core that the test closes.
func newCore(t testing.TB, cfg Config) *Core {
	t.Helper()
	core, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

// logger returns a logger on a new Core, and fails the test when zap has an error to tell.
func logger(t testing.TB, cfg Config) *zap.Logger {
	return zap.New(newCore(t, cfg), zap.ErrorOutput(zapcore.AddSync(failing{t})))
}

type failing struct{ t testing.TB }

func (f failing) Write(p []byte) (int, error) {
	f.t.Errorf("zap: %s", p)
	return len(p), nil
}

// datagrams listens for datagrams and returns where, and a channel that gets each.
func datagrams(t testing.TB, network string) (address string, received <-chan string) {
	t.Helper()
	address = "127.0.0.1:0"
	if network == "unixgram" {
		address = sockets.Path(t)
	}
	conn, err := net.ListenPacket(network, address)
	require.NoError(t, err)
	return conn.LocalAddr().String(), readDatagrams(t, conn)
}

func readDatagrams(t testing.TB, conn net.PacketConn) <-chan string {
	out := make(chan string, 1<<10)
	var wait sync.WaitGroup
	wait.Go(func() {
		for b := make([]byte, 1<<16); ; {
			n, _, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			out <- string(b[:n])
		}
	})
	t.Cleanup(func() { _ = conn.Close(); wait.Wait() })
	return out
}

// streams listens for connections, each of which is read by split into a channel.
func streams(t testing.TB, network string, split bufio.SplitFunc) (address string, received <-chan string) {
	t.Helper()
	out := make(chan string, 1<<10)
	peer := sockets.Listen(t, network, func(conn net.Conn) {
		for s := scan(conn, split); s.Scan(); {
			out <- s.Text()
		}
	})
	return peer.Address(), out
}

func scan(conn net.Conn, split bufio.SplitFunc) *bufio.Scanner {
	s := bufio.NewScanner(conn)
	s.Buffer(nil, 1<<20)
	s.Split(split)
	return s
}

// markedBy splits a stream where c is.
func markedBy(c byte) bufio.SplitFunc {
	return func(data []byte, _ bool) (int, []byte, error) {
		if i := strings.IndexByte(text(data), c); i >= 0 {
			return i + 1, data[:i], nil
		}
		return 0, nil, nil
	}
}

// counted splits a stream by octet counts.
func counted(data []byte, _ bool) (int, []byte, error) {
	space := strings.IndexByte(text(data), ' ')
	if space < 0 {
		return 0, nil, nil
	}
	n := 0
	for _, c := range data[:space] {
		n = n*10 + int(c-'0')
	}
	if end := space + 1 + n; end <= len(data) {
		return end, data[space+1 : end], nil
	}
	return 0, nil, nil
}

// batchOf returns a batch of records with these messages.
func batchOf(t testing.TB, messages ...string) *base.Batch {
	t.Helper()
	var batch base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(entry(m), base.Context{}, nil))
		batch.Add(append([]byte(nil), r.Bytes()...))
	}
	return &batch
}
