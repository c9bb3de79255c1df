package buffercore

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// BenchmarkWrite compares a Write below the flush level with recording alone. It includes a flush every 1000 records, to a Core that does
// nothing.
func BenchmarkWrite(b *testing.B) {
	ent := zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), Message: "request served"}
	fields := []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567*time.Nanosecond), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
	b.Run("recording alone", func(b *testing.B) {
		r := base.GetRecord()
		b.ReportAllocs()
		for b.Loop() {
			_ = r.Capture(ent, base.Context{}, fields)
		}
	})
	b.Run("encoding alone", func(b *testing.B) {
		enc := jsonEncoder()
		for b.Loop() {
			buf, _ := enc.EncodeEntry(ent, fields)
			buf.Free()
		}
	})
	run := func(name string, cfg Config, core func(*Core) zapcore.Core) {
		b.Run(name, func(b *testing.B) {
			c, err := New(cfg)
			require.NoError(b, err)
			defer c.Close()
			w := core(c)
			b.ReportAllocs()
			for b.Loop() {
				_ = w.Write(ent, fields)
			}
		})
	}
	self := func(c *Core) zapcore.Core { return c }
	target := base.FromWriter(jsonEncoder(), zapcore.AddSync(io.Discard), nil)
	run("buffer that keeps the newest 1000", Config{}, self)
	run("buffer of 1000 to a Core that does nothing", Config{Target: zapcore.NewNopCore()}, self)
	run("buffer of 1000 to JSON, discarded", Config{Target: target}, self)
	run("recording that keeps the newest", Config{Target: target}, func(c *Core) zapcore.Core { return c.Begin() })
}
