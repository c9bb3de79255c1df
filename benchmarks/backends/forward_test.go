package backends

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore"
	"example.com/zaphandlers/queuecore"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
)

// forwarding returns a core that sends to the collector by Fluent Forward.
func forwarding(t testing.TB, s *server, cfg netcore.Config) *netcore.Core {
	cfg.Address, cfg.Formatter = s.forward, netcore.Forward(netcore.ForwardConfig{Tag: "shop.orders"})
	core, err := netcore.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

// plain returns an attribute as what Go has for it.
func plain(v *common.AnyValue) any {
	switch v := v.GetValue().(type) {
	case *common.AnyValue_StringValue:
		return v.StringValue
	case *common.AnyValue_BoolValue:
		return v.BoolValue
	case *common.AnyValue_IntValue:
		return v.IntValue
	case *common.AnyValue_DoubleValue:
		return v.DoubleValue
	case *common.AnyValue_ArrayValue:
		list := []any{}
		for _, element := range v.ArrayValue.Values {
			list = append(list, plain(element))
		}
		return list
	case *common.AnyValue_KvlistValue:
		return attributes(v.KvlistValue.Values)
	}
	return nil
}

func attributes(list []*common.KeyValue) map[string]any {
	values := map[string]any{}
	for _, a := range list {
		values[a.Key] = plain(a.Value)
	}
	return values
}

// forwarded is what the collector makes of the odd fields, in their order. It has no numbers above those of an int64, and no bytes.
var forwarded = []map[string]any{
	{"min": int64(math.MinInt64), "max": int64(math.MaxInt64), "large": "18446744073709551615"},
	{"f": 0.1, "whole": 2.0, "huge": 1e300, "f32": 0.25},
	{"yes": true, "no": false, "d": 1.5, "t": noon.Format(time.RFC3339Nano)},
	{"zero": "0001-01-01T00:00:00Z", "far": "9999-12-31T23:59:59.999999999Z"},
	{"k": "first", "k_": "second", "k_2": int64(3)},
	{"message_": "forged", "msg": "forged", "log.level": "forged", "level_": "forged", "ts": "forged", "@timestamp": "forged", "_msg": "forged",
		"_time": "forged", "severity": "forged"},
	{"a.b": int64(1), "a": map[string]any{"b_": int64(2), "c": int64(3)}},
	{"with blank": "x", "_": "no key", "empty": "", "nil": nil, "nothing": map[string]any{}},
	{"long": strings.Repeat("0123456789abcdef", 4096)},
	{"o": map[string]any{"n": int64(1), "p": map[string]any{"q": "deep"}},
		"space": map[string]any{"n": int64(2), "deeper": map[string]any{"n": int64(3)}}},
	{"error": "broken \"here\"\nand there"},
	{"list": []any{"x", "y"}, "r": map[string]any{"u": "18446744073709551615", "l": []any{int64(1), "x"}}},
	{"text": "späte \"Lieferung\" ✓\n\t\x00\u2028", "bytes": "é"},
	{"c": "1+2i"}, // of the bytes below it makes a text, which JSON does not give back
}

func TestForward(t *testing.T) {
	require.Len(t, forwarded, len(odd))
	for _, ack := range []bool{true, false} {
		t.Run(fmt.Sprintf("Ack %v", ack), func(t *testing.T) {
			s, out := otelCollector(t, "")
			all := records("otel")
			core := forwarding(t, s, netcore.Config{Ack: ack, Timeout: 10 * time.Second})
			queuedTo(t, core, all)
			require.Equal(t, netcore.Stats{Accepted: total, Delivered: total}, core.Stats())
			var found map[string][]*logs.LogRecord
			require.Eventually(t, func() bool { found = collected(t, out); return len(found) == total }, 10*time.Second, 50*time.Millisecond)
			for n, r := range all {
				require.Len(t, found[strconv.Itoa(n)], 1, "record %d", n)
				got := found[strconv.Itoa(n)][0]
				require.Equal(t, r.ent.Message, got.Body.GetStringValue())
				require.Equal(t, uint64(r.ent.Time.UnixNano()), got.TimeUnixNano)
				want := map[string]any{"fluent.tag": "shop.orders", "level": r.ent.Level.String(), "run": "otel", "n": int64(n)}
				if r.ent.LoggerName != "" {
					want["logger"], want["stacktrace"] = r.ent.LoggerName, r.ent.Stack
				}
				for key, value := range forwarded[n%len(odd)] {
					want[key] = value
				}
				values := attributes(got.Attributes)
				delete(values, "binary")
				require.Equal(t, want, values, "record %d", n)
			}
		})
	}
}

// What an exporter refuses is not acknowledged, and comes again over the next connection.
func TestForwardRefused(t *testing.T) {
	s, out := otelCollector(t, "")
	core := forwarding(t, s, netcore.Config{Ack: true, RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond, OnError: func(err error) { t.Log(err) }})
	require.NoError(t, os.WriteFile(out+".refuse", []byte("now"), 0o644))
	const few = 8 // the next is a large one, and would not go into the same message
	n, err := core.WriteBatch(batchOf(t, records("otel")[:few]))
	require.NoError(t, err)
	require.Equal(t, few, n)
	require.Error(t, core.Sync())
	require.Equal(t, netcore.Stats{Accepted: few, Pending: few}, core.Stats())
	require.NoError(t, os.Remove(out+".refuse"))
	require.Eventually(t, func() bool { return core.Sync() == nil }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, netcore.Stats{Accepted: few, Delivered: few}, core.Stats())
	require.Len(t, collected(t, out), few)
}

// Killed or ended in mid-run, and started again: nothing is lost, and no more comes twice than a window holds.
func TestForwardRestarts(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			s, out := otelCollector(t, "")
			const many, window = 8000, 64 << 10
			core := forwarding(t, s, netcore.Config{Ack: true, Window: window, Timeout: 10 * time.Second, RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond,
				OnError: func(err error) { t.Log(err) }})
			queue, err := queuecore.New(queuecore.Config{OnError: func(err error) { t.Log(err) }, Targets: []queuecore.TargetConfig{{
				Core: core, BatchRecords: 200, RetryStart: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond}}})
			require.NoError(t, err)
			for n := range many {
				require.NoError(t, queue.Write(zapcore.Entry{Time: noon, Message: "order"}, []zap.Field{zap.Int("n", n)}))
				if n == many/2 {
					require.Eventually(t, func() bool { return core.Stats().Delivered > 0 }, 10*time.Second, time.Millisecond)
					s.stop(signal)
					cutTorn(t, out)
					s.start()
				}
			}
			require.NoError(t, queue.Close())
			require.NoError(t, core.Close())
			require.Equal(t, uint64(many), core.Stats().Delivered)
			found := collected(t, out)
			require.Len(t, found, many)
			copies := 0
			for _, each := range found {
				copies += len(each) - 1
			}
			require.LessOrEqual(t, copies, window/len("...........level.info.message.order.n.."))
			t.Logf("%d records, %d doubled", many, copies)
		})
	}
}
