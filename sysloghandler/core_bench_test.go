package sysloghandler

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

var (
	benchText   = "order taken: the customer was sent a confirmation, the stock was updated and the invoice is on its way"
	benchFields = []zapcore.Field{
		zap.String("method", "POST"), zap.String("path", "/api/v1/orders"), zap.Int("status", 201), zap.Duration("took", 1534*time.Microsecond),
	}
)

// BenchmarkFormat makes a message of a record with four fields, next to zap's JSON encoder. What a Write does before is
// capture.
func BenchmarkFormat(b *testing.B) {
	ent := zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), LoggerName: "orders", Message: benchText}
	b.Run("capture", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := base.GetRecord()
			_ = r.Capture(ent, base.Context{}, benchFields)
			r.Free()
		}
	})
	for f := RFC5424; f < formats; f++ {
		b.Run(f.String(), func(b *testing.B) {
			formatter := formatterOf(b, Config{Format: f})
			var r base.Record
			require.NoError(b, r.Capture(ent, base.Context{}, benchFields))
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = formatter.Append(buf[:0], &r)
			}
		})
	}
	b.Run("zap JSON", func(b *testing.B) {
		cfg := zap.NewProductionEncoderConfig()
		cfg.EncodeTime = zapcore.RFC3339NanoTimeEncoder
		encoder := zapcore.NewJSONEncoder(cfg)
		b.ReportAllocs()
		for b.Loop() {
			buf, _ := encoder.EncodeEntry(ent, benchFields)
			buf.Free()
		}
	})
}

// BenchmarkWrite sends records to a reader on the same machine, next to the bare write of the same bytes.
func BenchmarkWrite(b *testing.B) {
	for _, network := range []string{"unixgram", "udp"} {
		ent := zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), Message: benchText}
		b.Run(network+"/raw", func(b *testing.B) {
			conn, err := net.Dial(network, drain(b, network))
			require.NoError(b, err)
			defer conn.Close()
			message := []byte(format(b, Config{}, ent, benchFields...))
			b.ReportAllocs()
			for b.Loop() {
				_, _ = conn.Write(message)
			}
		})
		b.Run(network+"/core", func(b *testing.B) {
			core := newCore(b, Config{Network: network, Address: drain(b, network), Format: RFC5424, OnError: ignore})
			b.ReportAllocs()
			for b.Loop() {
				_ = core.Write(ent, benchFields)
			}
		})
	}
}

// drain reads datagrams and forgets them.
func drain(b *testing.B, network string) (address string) {
	address = "127.0.0.1:0"
	if network == "unixgram" {
		address = socketPath(b)
	}
	conn, err := net.ListenPacket(network, address)
	require.NoError(b, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 1<<16); ; {
			if _, _, err := conn.ReadFrom(buf); err != nil {
				return
			}
		}
	}()
	b.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}
