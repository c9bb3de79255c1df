package call

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }

// Each package logs the same: a message and fields of these names.
func TestEachLogsTheSame(t *testing.T) {
	for _, s := range shapes {
		fields := s.Fields()
		if s.Context != nil {
			fields = append(fields, s.Context()...)
		}
		zaps := func(core func(zapcore.Encoder, zapcore.WriteSyncer) zapcore.Core, enc zapcore.Encoder) func(*bytes.Buffer) func() {
			return func(out *bytes.Buffer) func() {
				log := zap.New(core(enc, zapcore.AddSync(out)))
				if s.Context != nil {
					log = log.With(s.Context()...)
				}
				return s.Zap(log)
			}
		}
		for name, open := range map[string]func(out *bytes.Buffer) func(){
			"zap": zaps(func(enc zapcore.Encoder, ws zapcore.WriteSyncer) zapcore.Core {
				return zapcore.NewCore(enc, ws, zapcore.DebugLevel)
			}, zapsJSON()),
			"ours": zaps(func(enc zapcore.Encoder, ws zapcore.WriteSyncer) zapcore.Core {
				return base.FromWriter(enc, ws, zapcore.DebugLevel)
			}, newJSON()),
			"zerolog": func(out *bytes.Buffer) func() { return s.Zerolog(out) },
			"phuslu": func(out *bytes.Buffer) func() {
				if s.Phuslu == nil {
					return s.Zerolog(out)
				}
				return s.Phuslu(out)
			},
			"slog": func(out *bytes.Buffer) func() { return s.Slog(slog.NewJSONHandler(out, nil)) },
		} {
			var out bytes.Buffer
			open(&out)()
			var got map[string]any
			require.NoError(t, json.Unmarshal(out.Bytes(), &got), "%s, %s", s.Name, name)
			for _, f := range fields {
				assert.NotEmpty(t, got[f.Key], "%s, %s: %s", s.Name, name, f.Key)
			}
			assert.Len(t, got, len(fields)+3, "%s, %s: level, time and message beside the fields", s.Name, name)
		}
	}
}
