package backends

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
)

// total is how many records a run has.
const total = 1000

// record is one that is sent: run and n find it again.
type record struct {
	ent    zapcore.Entry
	fields []zapcore.Field
}

// odd are fields of every kind, and with every kind of name and value that somebody has stumbled over. One set a record.
var odd = [][]zapcore.Field{
	{zap.Int64("min", math.MinInt64), zap.Int64("max", math.MaxInt64), zap.Uint64("large", math.MaxUint64)},
	{zap.Float64("f", 0.1), zap.Float64("whole", 2), zap.Float64("huge", 1e300), zap.Float32("f32", 0.25)},
	{zap.Bool("yes", true), zap.Bool("no", false), zap.Duration("d", 1500*time.Millisecond), zap.Time("t", noon)},
	{zap.Time("zero", time.Time{}), zap.Time("far", time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC))},
	{zap.String("k", "first"), zap.String("k", "second"), zap.Int("k", 3)},
	{zap.String("message", "forged"), zap.String("msg", "forged"), zap.String("log.level", "forged"), zap.String("level", "forged"), zap.String("ts", "forged"),
		zap.String("@timestamp", "forged"), zap.String("_msg", "forged"), zap.String("_time", "forged"), zap.String("severity", "forged")},
	{zap.Int("a.b", 1), zap.Dict("a", zap.Int("b", 2), zap.Int("c", 3))},
	{zap.String("with blank", "x"), zap.String("", "no key"), zap.String("empty", ""), zap.Any("nil", nil), zap.Dict("nothing")},
	{zap.String("long", strings.Repeat("0123456789abcdef", 4096))},
	{zap.Dict("o", zap.Int("n", 1), zap.Dict("p", zap.String("q", "deep"))), zap.Namespace("space"), zap.Int("n", 2), zap.Namespace("deeper"), zap.Int("n", 3)},
	{zap.Error(errors.New("broken \"here\"\nand there"))},
	{zap.Strings("list", []string{"x", "y"}), zap.Reflect("r", map[string]any{"u": uint64(math.MaxUint64), "l": []any{1, "x"}})},
	{zap.String("text", "späte \"Lieferung\" ✓\n\t\x00\u2028"), zap.ByteString("bytes", []byte("é"))},
	{zap.Binary("binary", []byte{0xff, 0, 1}), zap.Complex128("c", 1+2i)},
}

// records returns those of a run, a microsecond apart.
func records(run string) []record {
	var all []record
	for n := range total {
		ent := zapcore.Entry{Level: zapcore.Level(n%4 - 1), Time: noon.Add(time.Duration(n) * time.Microsecond), Message: fmt.Sprintf("order %d", n)}
		if n%7 == 3 {
			ent.LoggerName, ent.Stack = "shop.orders", "main.main\n\t/src/main.go:7"
		}
		fields := append([]zapcore.Field{zap.String("run", run), zap.Int("n", n)}, odd[n%len(odd)]...)
		all = append(all, record{ent, fields})
	}
	return all
}

// queued sends records as a service does: through a queue. It returns the counts of the target.
func queued(t testing.TB, cfg httpcore.Config, all []record) (httpcore.Stats, *queuecore.Core) {
	t.Helper()
	core, err := httpcore.New(cfg)
	require.NoError(t, err)
	queue := queuedTo(t, core, all)
	return core.Stats(), queue
}

// target is a core that is closed.
type target interface {
	zapcore.Core
	Close() error
}

// queuedTo sends records through a queue to core, and closes both.
func queuedTo(t testing.TB, core target, all []record) *queuecore.Core {
	queue, err := queuecore.New(queuecore.Config{
		Targets: []queuecore.TargetConfig{{Core: core, BatchRecords: 300, RetryStart: 20 * time.Millisecond, RetryMax: 100 * time.Millisecond}},
		OnError: func(err error) { t.Log(err) },
	})
	require.NoError(t, err)
	for _, r := range all {
		require.NoError(t, queue.Write(r.ent, r.fields))
	}
	require.NoError(t, queue.Sync())
	require.NoError(t, queue.Close())
	require.NoError(t, core.Close())
	return queue
}

// flat returns the values of a document by their paths, as texts: what VictoriaLogs makes of it. Nothing, null and {} are not there.
func flat(t testing.TB, text []byte) map[string]string {
	var document map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &document), "%s", text)
	values := map[string]string{}
	flatten(t, values, "", document)
	return values
}

func flatten(t testing.TB, values map[string]string, prefix string, document map[string]json.RawMessage) {
	for name, raw := range document {
		switch raw[0] {
		case '{':
			var inner map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &inner))
			flatten(t, values, prefix+name+".", inner)
		case '"':
			var s string
			require.NoError(t, json.Unmarshal(raw, &s))
			if s != "" {
				values[prefix+name] = s
			}
		case 'n':
		default:
			values[prefix+name] = string(raw)
		}
	}
}
