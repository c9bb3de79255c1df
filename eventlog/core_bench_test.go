package eventlog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func benchFields() []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", "6f1c2a4e-9b1d"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
}

// newSilent returns a core over a log that takes everything at no cost: what remains is ours.
func newSilent(tb testing.TB, cfg Config) *Core {
	tb.Helper()
	windows := newFakeWindows("orders")
	windows.write = func(*event) error { return nil }
	cfg.Source = "orders"
	core, err := newCore(windows, cfg)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = core.Close() })
	return core
}

func BenchmarkWrite(b *testing.B) {
	core := newSilent(b, Config{})
	ent, fields := entry(zapcore.InfoLevel, "request served"), benchFields()
	b.ReportAllocs()
	for b.Loop() {
		if err := core.Write(ent, fields); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFormat is the part of it that callers do at the same time.
func BenchmarkFormat(b *testing.B) {
	f := newFormatter(Config{}, registration{})
	batch := batchOf(b, "request served")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if dst, err = f.Append(dst[:0], batch.At(0)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkText(b *testing.B) {
	for name, in := range map[string]string{
		"ASCII": strings.Repeat("a", 1000), "umlauts": strings.Repeat("ä", 1000), "emoji": strings.Repeat("😀", 1000),
	} {
		b.Run(name, func(b *testing.B) {
			t := text{left: maxUnits, strings: 1}
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				t.b, t.left = t.b[:0], maxUnits
				t.begin()
				appendPiece(&t, in)
				t.end()
			}
		})
	}
}
