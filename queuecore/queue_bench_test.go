package queuecore

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// nopCore takes records and does nothing.
type nopCore struct{ zapcore.LevelEnabler }

func (c nopCore) With([]zapcore.Field) zapcore.Core { return c }
func (c nopCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}
func (nopCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (nopCore) Sync() error                                { return nil }

func benchQueue(b *testing.B, target zapcore.Core) *Core {
	core, err := New(Config{Targets: Targets(target)})
	require.NoError(b, err)
	b.Cleanup(func() { core.Close() })
	return core
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

// BenchmarkDiskAppend is an Append of 256 records of about 250 bytes, by the record.
func BenchmarkDiskAppend(b *testing.B) {
	var r base.Record
	require.NoError(b, r.Capture(zapcore.Entry{Level: zapcore.InfoLevel, Time: time.Now(), Message: "request served"}, base.Context{}, tenFields()))
	var batch base.Batch
	for range 256 {
		batch.Add(r.Bytes())
	}
	d, err := NewDisk(DiskConfig{Dir: b.TempDir()})
	require.NoError(b, err)
	defer d.Close(context.Background())
	last := uint64(0)
	b.ReportAllocs()
	for i := 0; i < b.N; i += batch.Len() {
		if last, err = d.Append(&batch); err != nil {
			b.Fatal(err)
		}
		if i%(1<<16) == 0 {
			require.NoError(b, d.Ack("a", last))
		}
	}
}
