//go:build unix

package net

import (
	"context"
	"log/syslog"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"
	"github.com/fluent/fluent-logger-golang/fluent"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/Graylog2/go-gelf.v2/gelf"
)

// soon is a bound for whatever must happen.
const soon = 20 * time.Second

const message = "GET /orders/8273648 200 in a moment"

// fields are what a service logs of a request: with the entry, about 250 bytes of JSON.
func fields() []zap.Field {
	return []zap.Field{
		zap.String("method", "GET"), zap.String("path", "/orders/8273648"), zap.Int("status", 200),
		zap.Duration("took", 1500*time.Microsecond), zap.String("user", "u-827364"), zap.Bool("cached", false),
		zap.String("trace", "4bf92f3577b34da6a3ce929d0e0e4736"),
	}
}

func encoder() zapcore.Encoder {
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zapcore.NewJSONEncoder(cfg)
}

// sink reads what comes, and forgets it.
func sink(tb testing.TB, network string) string {
	if network == "udp" {
		conn, err := net.ListenPacket(network, "127.0.0.1:0")
		require.NoError(tb, err)
		tb.Cleanup(func() { _ = conn.Close() })
		go drain(conn.(net.Conn))
		return conn.LocalAddr().String()
	}
	l, err := net.Listen(network, "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go drain(conn)
		}
	}()
	return l.Addr().String()
}

func drain(conn net.Conn) {
	defer conn.Close()
	b := make([]byte, 256<<10)
	for {
		if _, err := conn.Read(b); err != nil {
			return
		}
	}
}

func newCore(tb testing.TB, cfg netcore.Config) *netcore.Core {
	cfg.OnError = func(err error) { tb.Error(err) }
	cfg.Timeout = soon
	core, err := netcore.New(cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = core.Close() })
	return core
}

// ours is a logger over a Core that writes each record by itself.
func ours(tb testing.TB, network string) *zap.Logger {
	return zap.New(newCore(tb, netcore.Config{Network: network, Address: sink(tb, network), Encoder: encoder()}))
}

// stdlib is what people do: the same JSON through log/syslog.
func stdlib(tb testing.TB, network string) *zap.Logger {
	w, err := syslog.Dial(network, sink(tb, network), syslog.LOG_INFO|syslog.LOG_USER, "bench")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = w.Close() })
	return zap.New(zapcore.NewCore(encoder(), zapcore.AddSync(w), zap.DebugLevel))
}

// BenchmarkCall is the whole logging call, unbatched, taking turns with the same JSON through log/syslog.
func BenchmarkCall(b *testing.B) {
	for _, network := range []string{"tcp", "udp"} {
		b.Run(network, func(b *testing.B) {
			us, them := ours(b, network), stdlib(b, network)
			f := fields()
			var usTimes, themTimes []time.Duration
			for i := 0; b.Loop(); i++ {
				if i%2 == 0 { // whoever is second finds a reader that is awake
					usTimes, themTimes = append(usTimes, turn(us, f)), append(themTimes, turn(them, f))
				} else {
					themTimes, usTimes = append(themTimes, turn(them, f)), append(usTimes, turn(us, f))
				}
			}
			x, y := median(usTimes)/turns, median(themTimes)/turns
			b.ReportMetric(x, "netcore-ns")
			b.ReportMetric(y, "syslog-ns")
			b.ReportMetric(x/y, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// turns is how often one side logs before it is the other's turn.
const turns = 20

func turn(log *zap.Logger, f []zap.Field) time.Duration {
	start := time.Now()
	for range turns {
		log.Info(message, f...)
	}
	return time.Since(start)
}

// median does not mind the moments in which the machine did something else.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2])
}

// BenchmarkRivals is one record by each client, its own format of the same text, synchronously unless it says async.
func BenchmarkRivals(b *testing.B) {
	loop := func(call func() error) func(*testing.B) {
		return func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	logged := func(log *zap.Logger) func() error {
		f := fields()
		return func() error { log.Info(message, f...); return nil }
	}
	b.Run("netcore tcp json", loop(logged(ours(b, "tcp"))))
	b.Run("netcore tcp records", loop(logged(zap.New(newCore(b, netcore.Config{Address: sink(b, "tcp"), Formatter: netcore.Records()})))))
	b.Run("netcore tcp pickle", loop(logged(zap.New(newCore(b, netcore.Config{Address: sink(b, "tcp"), Formatter: netcore.Pickle()})))))
	b.Run("netcore udp json", loop(logged(ours(b, "udp"))))
	b.Run("log-syslog tcp json", loop(logged(stdlib(b, "tcp"))))
	b.Run("log-syslog udp json", loop(logged(stdlib(b, "udp"))))

	gelfTCP, err := gelf.NewTCPWriter(sink(b, "tcp"))
	require.NoError(b, err)
	gelfUDP, err := gelf.NewUDPWriter(sink(b, "udp"))
	require.NoError(b, err)
	m := &gelf.Message{Version: "1.1", Host: "bench", Short: message, TimeUnix: 1.7e9, Level: 6, Extra: extras("_")}
	b.Run("go-gelf tcp", loop(func() error { return gelfTCP.WriteMessage(m) }))
	b.Run("go-gelf udp gzip", loop(func() error { return gelfUDP.WriteMessage(m) }))

	for _, async := range []bool{false, true} {
		host, port, _ := net.SplitHostPort(sink(b, "tcp"))
		number, _ := strconv.Atoi(port)
		f, err := fluent.New(fluent.Config{FluentHost: host, FluentPort: number, Async: async, BufferLimit: 1 << 20, SubSecondPrecision: true})
		require.NoError(b, err)
		data := extras("")
		data["message"] = message
		name := map[bool]string{false: "fluent sync", true: "fluent async"}[async]
		b.Run(name, loop(func() error { return f.Post("bench", data) }))
		_ = f.Close()
	}
	b.Run("python SocketHandler", python)
}

func extras(prefix string) map[string]any {
	enc := zapcore.NewMapObjectEncoder()
	for _, f := range fields() {
		f.Key = prefix + f.Key
		f.AddTo(enc)
	}
	return enc.Fields
}

// python has Python's SocketHandler send b.N records and reports its own clock.
func python(b *testing.B) {
	host, port, _ := net.SplitHostPort(sink(b, "tcp"))
	out, err := exec.Command("python3", "-c", `
import logging, logging.handlers, sys, time
h = logging.handlers.SocketHandler(sys.argv[1], int(sys.argv[2]))
log = logging.getLogger("bench"); log.setLevel(1); log.addHandler(h); log.propagate = False
extra = dict(method="GET", path="/orders/8273648", status=200, took=0.0015, user="u-827364", cached=False, trace="4bf92f3577b34da6a3ce929d0e0e4736")
n = 20000
start = time.perf_counter()
for i in range(n): log.info("GET /orders/8273648 200 in a moment", extra=extra)
print((time.perf_counter() - start) / n * 1e9)
`, host, port).Output()
	if err != nil {
		b.Skipf("no Python: %v", err)
	}
	ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	require.NoError(b, err)
	for b.Loop() {
	}
	b.ReportMetric(ns, "ns/op")
}

// BenchmarkQueued is the rate through a queue to a socket, all of it delivered: from the first call of the logger (sustained:
// one producer and everything behind it share the machine), and from a backlog (what the queue and the socket can do).
// Beside it the floor, bytes of that size framed by hand into 64 KiB writes, and the same JSON through log/syslog.
func BenchmarkQueued(b *testing.B) {
	const records = 100_000
	var sum [6]float64
	for b.Loop() {
		for i, took := range []time.Duration{
			floor(b, records),
			queued(b, records, netcore.Config{Formatter: netcore.Records()}, false),
			queued(b, records, netcore.Config{Formatter: netcore.Records()}, true),
			queued(b, records, netcore.Config{Encoder: encoder()}, false),
			queued(b, records, netcore.Config{Encoder: encoder()}, true),
			unqueued(b, records),
		} {
			sum[i] += float64(took) / records
		}
	}
	for i, name := range []string{"floor", "records", "records-backlog", "json", "json-backlog", "syslog"} {
		b.ReportMetric(sum[i]/float64(b.N), name+"-ns")
		if name != "floor" && name != "syslog" {
			b.ReportMetric(sum[i]/sum[0], name+"/floor")
			b.ReportMetric(sum[5]/sum[i], "syslog/"+name)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// queued logs through a queue. With a backlog, the connection is opened, and the clock started, when all is in the queue.
func queued(b *testing.B, records int, cfg netcore.Config, backlog bool) time.Duration {
	gate := make(chan struct{})
	cfg.Address = sink(b, "tcp")
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		<-gate
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	core := newCore(b, cfg)
	queue, err := queuecore.New(queuecore.Config{
		Targets:      queuecore.Targets(core),
		MaxBytes:     256 << 20,
		DrainTimeout: soon,
		OnError:      func(err error) { b.Error(err) },
	})
	require.NoError(b, err)
	log, f := zap.New(queue), fields()
	start := time.Now()
	if !backlog {
		close(gate)
	}
	for range records {
		log.Info(message, f...)
	}
	if backlog {
		start = time.Now()
		close(gate)
	}
	require.NoError(b, queue.Close())
	took := time.Since(start)
	require.Equal(b, uint64(records), core.Stats().Delivered)
	return took
}

func unqueued(b *testing.B, records int) time.Duration {
	log, f := stdlib(b, "tcp"), fields()
	start := time.Now()
	for range records {
		log.Info(message, f...)
	}
	return time.Since(start)
}

// floor frames 250 bytes again and again into 64 KiB writes.
func floor(b *testing.B, records int) time.Duration {
	conn, err := net.Dial("tcp", sink(b, "tcp"))
	require.NoError(b, err)
	defer conn.Close()
	payload := []byte(strings.Repeat("x", 250))
	buf := make([]byte, 0, 64<<10+512)
	start := time.Now()
	for range records {
		if len(buf)+len(payload) > 64<<10 {
			_, _ = conn.Write(buf)
			buf = buf[:0]
		}
		buf = netcore.LengthPrefix.Append(buf, payload)
	}
	_, _ = conn.Write(buf)
	return time.Since(start)
}
