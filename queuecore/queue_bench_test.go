package queuecore

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// ballast stands for a service's heap: without it the garbage collector runs all the time, for zap's slice of fields.
var ballast = make([]byte, 64<<20)

func log10(logger *zap.Logger) {
	logger.Info("request served",
		zap.String("method", "GET"),
		zap.String("path", "/api/v1/orders/12345"),
		zap.Int("status", 200),
		zap.Int64("bytes", 51234),
		zap.Duration("elapsed", 1234567*time.Nanosecond),
		zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"),
		zap.String("agent", "curl/8.5.0"),
		zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	)
}

// nopCore takes records and does nothing: what zap itself costs.
type nopCore struct{ zapcore.LevelEnabler }

func (c nopCore) With([]zapcore.Field) zapcore.Core { return c }
func (c nopCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}
func (nopCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (nopCore) Sync() error                                { return nil }

func benchFile(b *testing.B) *os.File {
	f, err := os.OpenFile(filepath.Join(b.TempDir(), "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	require.NoError(b, err)
	b.Cleanup(func() { f.Close() })
	return f
}

func benchQueue(b *testing.B, target zapcore.Core) *Core {
	core, err := New(Config{Targets: Targets(target)})
	require.NoError(b, err)
	b.Cleanup(func() { core.Close() })
	return core
}

// BenchmarkProducer is what a call of the logger costs its caller, in bursts of 2048 records that are delivered between the
// measurements. Subtract "nop core" for what the core itself costs.
func BenchmarkProducer(b *testing.B) {
	ballast[0] = 1
	enc := jsonEncoder()
	burst := func(core zapcore.Core) func(*testing.B) {
		return func(b *testing.B) {
			logger := zap.New(core)
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				if i%2048 == 2047 {
					b.StopTimer()
					_ = core.Sync()
					b.StartTimer()
				}
				log10(logger)
			}
		}
	}
	b.Run("nop core", burst(nopCore{zapcore.DebugLevel}))
	b.Run("zap sync, discard", burst(zapcore.NewCore(enc, zapcore.AddSync(io.Discard), zapcore.DebugLevel)))
	b.Run("zap sync, file", burst(noSync{zapcore.NewCore(enc, benchFile(b), zapcore.DebugLevel)}))
	b.Run("queue, discard", burst(benchQueue(b, base.FromWriter(enc, zapcore.AddSync(io.Discard), nil))))
	b.Run("queue, file", burst(benchQueue(b, base.FromWriter(enc, fileNoSync{benchFile(b)}, nil))))
}

// noSync spares a benchmark the fsync.
type noSync struct{ zapcore.Core }

func (noSync) Sync() error { return nil }

type fileNoSync struct{ *os.File }

func (fileNoSync) Sync() error { return nil }

// BenchmarkDelivery is what a record costs in all, from the logger into the file, as fast as it goes and nothing lost.
func BenchmarkDelivery(b *testing.B) {
	ballast[0] = 1
	enc := jsonEncoder()
	b.Run("zap sync", func(b *testing.B) {
		logger := zap.New(zapcore.NewCore(enc, benchFile(b), zapcore.DebugLevel))
		for b.Loop() {
			log10(logger)
		}
	})
	b.Run("zap BufferedWriteSyncer", func(b *testing.B) {
		ws := &zapcore.BufferedWriteSyncer{WS: fileNoSync{benchFile(b)}, Size: 256 << 10}
		logger := zap.New(zapcore.NewCore(enc, ws, zapcore.DebugLevel))
		for i := 0; i < b.N; i++ {
			log10(logger)
		}
		require.NoError(b, ws.Stop())
	})
	b.Run("queue", func(b *testing.B) {
		core, err := New(Config{Targets: Targets(base.FromWriter(enc, fileNoSync{benchFile(b)}, nil))})
		require.NoError(b, err)
		logger := zap.New(core)
		for i := 0; i < b.N; i++ {
			log10(logger)
		}
		require.NoError(b, core.Close())
		require.EqualValues(b, b.N, core.Stats().Delivered)
	})
}

// BenchmarkWrite is Core.Write alone, with prebuilt fields, against zap's encoder.
func BenchmarkWrite(b *testing.B) {
	ent := zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), Message: "request served"}
	fields := tenFields()
	b.Run("encode JSON", func(b *testing.B) {
		enc := jsonEncoder()
		for b.Loop() {
			buf, _ := enc.EncodeEntry(ent, fields)
			buf.Free()
		}
	})
	b.Run("queue", func(b *testing.B) {
		core := benchQueue(b, nopCore{zapcore.DebugLevel})
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			if i%2048 == 2047 {
				b.StopTimer()
				_ = core.Sync()
				b.StartTimer()
			}
			_ = core.Write(ent, fields)
		}
	})
}

func tenFields() []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"),
		zap.String("path", "/api/v1/orders/12345"),
		zap.Int("status", 200),
		zap.Int64("bytes", 51234),
		zap.Duration("elapsed", 1234567*time.Nanosecond),
		zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d-4c55"),
		zap.String("agent", "curl/8.5.0"),
		zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
}
