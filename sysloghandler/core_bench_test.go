package sysloghandler

import (
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
