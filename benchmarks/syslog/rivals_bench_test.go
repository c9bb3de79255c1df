//go:build unix

package syslog

import (
	stdsyslog "log/syslog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/RackSec/srslog"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

var (
	text   = "order taken: the customer was sent a confirmation, the stock was updated and the invoice is on its way"
	fields = []zapcore.Field{
		zap.String("method", "POST"), zap.String("path", "/api/v1/orders"), zap.Int("status", 201), zap.Duration("took", 1534*time.Microsecond),
	}
)

func entry() zapcore.Entry {
	return zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), LoggerName: "orders", Message: text}
}

// drain reads what comes and forgets it. A connection that was accepted is drained until it ends.
func drain(b *testing.B, network string) (address string) {
	address = "127.0.0.1:0"
	if network == "unixgram" {
		address = filepath.Join(b.TempDir(), "s")
	}
	if network != "tcp" {
		conn, err := net.ListenPacket(network, address)
		require.NoError(b, err)
		b.Cleanup(func() { _ = conn.Close() })
		go forget(conn)
		return conn.LocalAddr().String()
	}
	l, err := net.Listen(network, address)
	require.NoError(b, err)
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go forget(conn)
		}
	}()
	return l.Addr().String()
}

func forget(conn any) {
	buf := make([]byte, 1<<18)
	for {
		var err error
		if packets, ok := conn.(net.PacketConn); ok {
			_, _, err = packets.ReadFrom(buf)
		} else {
			_, err = conn.(net.Conn).Read(buf)
		}
		if err != nil {
			return
		}
	}
}

// message is what the core sends for entry and fields.
func message(b *testing.B) []byte {
	var conn tape
	core := newCore(b, sysloghandler.Config{Dial: conn.dial})
	require.NoError(b, core.Write(entry(), fields))
	return conn.last
}

func newCore(b *testing.B, cfg sysloghandler.Config) *sysloghandler.Core {
	b.Helper()
	cfg.OnError = func(error) {}
	core, err := sysloghandler.New(cfg)
	require.NoError(b, err)
	b.Cleanup(func() { _ = core.Close() })
	return core
}

// each runs a benchmark with its allocations.
func each(b *testing.B, name string, write func()) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			write()
		}
	})
}

// BenchmarkFormat makes the bytes of one record. Capture is what a Core does before its formatter; with zap's own core, the
// encoder is all.
func BenchmarkFormat(b *testing.B) {
	ent := entry()
	var record base.Record
	each(b, "capture", func() { _ = record.Capture(ent, base.Context{}, fields) })
	for _, format := range []sysloghandler.Format{sysloghandler.RFC5424, sysloghandler.RFC3164} {
		formatter, err := sysloghandler.NewFormatter(sysloghandler.Config{Format: format})
		require.NoError(b, err)
		var buf []byte
		each(b, format.String(), func() { buf, _ = formatter.Append(buf[:0], &record) })
	}
	cfg := zap.NewProductionEncoderConfig()
	cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(cfg)
	each(b, "zap-JSON", func() {
		buf, _ := encoder.EncodeEntry(ent, fields)
		buf.Free()
	})
	each(b, "srslog-without-fields", func() {
		_ = srslog.RFC5425MessageLengthFramer(srslog.RFC5424Formatter(srslog.LOG_INFO|srslog.LOG_USER, "web7", "shop", text))
	})
}

// BenchmarkEmit sends a message that is ready: the bare write, and netcore's emitter around it.
func BenchmarkEmit(b *testing.B) {
	for _, network := range []string{"unixgram", "udp", "tcp"} {
		frame := message(b)
		conn, err := net.Dial(network, drain(b, network))
		require.NoError(b, err)
		each(b, network+"/raw", func() { _, _ = conn.Write(frame) })
		_ = conn.Close()
		emitter, err := netcore.NewEmitter(netcore.EmitterConfig{Network: network, Address: drain(b, network),
			Framing: netcore.OctetCounting, Report: base.NewReporter("", func(error) {})})
		require.NoError(b, err)
		each(b, network+"/emit", func() { _ = emitter.Emit(zapcore.Entry{}, frame) })
		_ = emitter.Close()
	}
}

// BenchmarkCall is a whole logging call, with a text of the same length where a rival has no fields.
func BenchmarkCall(b *testing.B) {
	line := text + ` method=POST path=/api/v1/orders status=201 took=1.534ms`
	for _, network := range []string{"unixgram", "udp", "tcp"} {
		logger := zap.New(newCore(b, sysloghandler.Config{Network: network, Address: drain(b, network), Format: sysloghandler.RFC5424}))
		each(b, network+"/sysloghandler", func() { logger.Info(text, fields...) })
		std, err := stdsyslog.Dial(network, drain(b, network), stdsyslog.LOG_USER, "shop")
		require.NoError(b, err)
		each(b, network+"/log-syslog", func() { _ = std.Info(line) })
		_ = std.Close()
		rival, err := srslog.Dial(network, drain(b, network), srslog.LOG_USER, "shop")
		require.NoError(b, err)
		rival.SetFormatter(srslog.RFC5424Formatter)
		rival.SetFramer(srslog.RFC5425MessageLengthFramer)
		each(b, network+"/srslog", func() { _ = rival.Info(line) })
		_ = rival.Close()
	}
}

// BenchmarkBatch hands a thousand records over at once, as a queue does: with the making of the messages, and ready. The
// time is for one record.
func BenchmarkBatch(b *testing.B) {
	const size = 1000
	var batch base.Batch
	var frames base.Frames
	ready := message(b)
	for range size {
		var r base.Record
		require.NoError(b, r.Capture(entry(), base.Context{}, fields))
		batch.Add(append([]byte(nil), r.Bytes()...))
		frames.Add(ready)
	}
	core := newCore(b, sysloghandler.Config{Network: "tcp", Address: drain(b, "tcp"), Timeout: 10 * time.Second})
	thousands(b, "records", size, func() (int, error) { return core.WriteBatch(&batch) })
	emitter, err := netcore.NewEmitter(netcore.EmitterConfig{Address: drain(b, "tcp"), Framing: netcore.OctetCounting,
		Timeout: 10 * time.Second, Report: base.NewReporter("", func(error) {})})
	require.NoError(b, err)
	thousands(b, "ready", size, func() (int, error) { return emitter.EmitBatch(&batch, &frames) })
	_ = emitter.Close()
}

// thousands runs a benchmark of which each size-th step does the work of size steps.
func thousands(b *testing.B, name string, size int, write func() (int, error)) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if i%size != 0 {
				continue
			}
			if n, err := write(); err != nil || n != size {
				b.Fatal(n, err)
			}
		}
	})
}
