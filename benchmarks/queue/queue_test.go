package queue

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// TestEveryPathArrives keeps the comparison honest: what is measured also delivers.
func TestEveryPathArrives(t *testing.T) {
	for _, w := range ways[1:] {
		t.Run(w.name, func(t *testing.T) {
			s, err := discard()
			require.NoError(t, err)
			log, end := w.open(s)
			for range 100 {
				log()
			}
			require.NoError(t, end())
			require.EqualValues(t, 100, s.lines.Load())
		})
	}
}

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }

// TestSlog runs Go's own conformance suite on zap's slog handler on top of a queue in front of a JSON core.
func TestSlog(t *testing.T) {
	var out bytes.Buffer
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", MessageKey: "msg",
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeLevel: zapcore.CapitalLevelEncoder,
	})
	targets := map[string]func() zapcore.Core{
		"handler":  func() zapcore.Core { return base.FromWriter(enc, zapcore.AddSync(&out), nil) },
		"zap core": func() zapcore.Core { return zapcore.NewCore(enc, zapcore.AddSync(&out), zap.DebugLevel) },
	}
	for name, target := range targets {
		t.Run(name, func(t *testing.T) {
			out.Reset()
			core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(target())})
			require.NoError(t, err)
			direct := slogFailures(t, zapslog.NewHandler(target()), &out, nothing)
			out.Reset()
			queued := slogFailures(t, zapslog.NewHandler(core), &out, core.Sync)
			require.Equal(t, direct, queued, "the queue changes nothing of what slog's suite says of zap's handler")
			require.Empty(t, queued)
			require.NoError(t, core.Close())
		})
	}
}

func slogFailures(t *testing.T, h *zapslog.Handler, out *bytes.Buffer, sync func() error) string {
	err := slogtest.TestHandler(h, func() (results []map[string]any) {
		require.NoError(t, sync())
		for line := range strings.Lines(out.String()) {
			var m map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &m))
			results = append(results, m)
		}
		return results
	})
	if err != nil {
		return err.Error()
	}
	return ""
}
