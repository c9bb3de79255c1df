package backends

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"

	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
)

// caught is a transport that keeps the last body, and all of them end to end.
type caught struct{ body, all []byte }

func (c *caught) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	c.body, err = io.ReadAll(r.Body)
	c.all = append(c.all, c.body...)
	return &http.Response{StatusCode: 200, Body: http.NoBody, Header: http.Header{}, Request: r}, err
}

// exported returns what a core of that Envelope sends for the records of batch.
func exported(t testing.TB, cfg httpcore.OTLPConfig, batch *base.Batch) []byte {
	var c caught
	core, err := httpcore.New(httpcore.Config{URL: "http://h/v1/logs", Envelope: httpcore.OTLP(cfg), MaxBatchBytes: 1 << 30,
		Client: &http.Client{Transport: &c}})
	require.NoError(t, err)
	defer core.Close()
	n, err := core.WriteBatch(batch)
	require.NoError(t, err)
	require.Equal(t, batch.Len(), n)
	return c.body
}

func tape(t testing.TB, ent zapcore.Entry, fields ...zapcore.Field) []byte {
	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, fields))
	return append([]byte(nil), r.Bytes()...)
}

var config = httpcore.OTLPConfig{
	Resource: []zapcore.Field{zap.String("service.name", "shop"), zap.Int("service.port", 8080)},
	Scope:    "zaphandlers", ScopeVersion: "1.2",
}

// decode reads a request by OpenTelemetry's own types, and requires that they make the same bytes of it.
func decode(t testing.TB, body []byte) *collector.ExportLogsServiceRequest {
	var request collector.ExportLogsServiceRequest
	require.NoError(t, proto.UnmarshalOptions{DiscardUnknown: false}.Unmarshal(body, &request))
	require.Empty(t, request.ProtoReflect().GetUnknown())
	again, err := proto.MarshalOptions{Deterministic: true}.Marshal(&request)
	require.NoError(t, err)
	require.Equal(t, again, body, "byte for byte what their encoder makes")
	return &request
}

// requireSame requires that the request in JSON says the same as the one in protobuf.
func requireSame(t testing.TB, cfg httpcore.OTLPConfig, batch *base.Batch) []*logs.LogRecord {
	request := decode(t, exported(t, cfg, batch))
	cfg.JSON = true
	var inJSON collector.ExportLogsServiceRequest
	text := exported(t, cfg, batch)
	require.NoError(t, protojson.Unmarshal(hexIDs(t, text), &inJSON), "%s", text)
	for _, r := range []*collector.ExportLogsServiceRequest{request, &inJSON} {
		require.Len(t, r.ResourceLogs, 1)
		require.Len(t, r.ResourceLogs[0].ScopeLogs, 1)
	}
	require.Equal(t, len(request.ResourceLogs[0].Resource.GetAttributes()), len(inJSON.ResourceLogs[0].Resource.GetAttributes()))
	for i, a := range request.ResourceLogs[0].Resource.GetAttributes() {
		require.True(t, proto.Equal(a, inJSON.ResourceLogs[0].Resource.Attributes[i]))
	}
	require.Equal(t, request.ResourceLogs[0].ScopeLogs[0].Scope.GetName(), inJSON.ResourceLogs[0].ScopeLogs[0].Scope.GetName())
	ours, theirs := request.ResourceLogs[0].ScopeLogs[0].LogRecords, inJSON.ResourceLogs[0].ScopeLogs[0].LogRecords
	require.Len(t, ours, batch.Len())
	require.Len(t, theirs, batch.Len())
	for i := range ours {
		if ours[i].TimeUnixNano == 0 { // observed when it was sent
			theirs[i].ObservedTimeUnixNano = ours[i].ObservedTimeUnixNano
		}
		require.True(t, proto.Equal(withoutBytes(ours[i]), withoutBytes(theirs[i])), "%v\n%v", ours[i], theirs[i])
	}
	return ours
}

// hexIDs makes base64 of trace and span ids, which OTLP has as hex in JSON, and protobuf's own JSON as base64.
func hexIDs(t testing.TB, text []byte) []byte {
	var request map[string]any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	require.NoError(t, d.Decode(&request))
	record := request["resourceLogs"].([]any)[0].(map[string]any)["scopeLogs"].([]any)[0].(map[string]any)["logRecords"].([]any)
	for _, r := range record {
		for _, name := range []string{"traceId", "spanId"} {
			if id, ok := r.(map[string]any)[name].(string); ok {
				r.(map[string]any)[name] = base64OfHex(t, id)
			}
		}
	}
	out, err := json.Marshal(request)
	require.NoError(t, err)
	return out
}

// withoutBytes returns a record in which bytes are texts, as JSON has what is no UTF-8.
func withoutBytes(r *logs.LogRecord) *logs.LogRecord {
	r = proto.Clone(r).(*logs.LogRecord)
	for _, a := range r.Attributes {
		bytesToText(a.Value)
	}
	return r
}

func bytesToText(v *common.AnyValue) {
	switch inner := v.GetValue().(type) {
	case *common.AnyValue_BytesValue:
		v.Value = nil
	case *common.AnyValue_StringValue:
		if strings.Contains(inner.StringValue, "\ufffd") {
			v.Value = nil
		}
	case *common.AnyValue_ArrayValue:
		for _, e := range inner.ArrayValue.GetValues() {
			bytesToText(e)
		}
	case *common.AnyValue_KvlistValue:
		for _, e := range inner.KvlistValue.GetValues() {
			bytesToText(e.Value)
		}
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

func TestOTLPIsWhatOpenTelemetryDecodes(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00F067AA0BA902B7"
	ent := zapcore.Entry{Level: zapcore.ErrorLevel, Time: noon, LoggerName: "shop", Message: "späte \"Lieferung\" ✓\n\x00", Stack: "s",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/a.go", Line: 42, Function: "a.b"}}
	var batch base.Batch
	batch.Add(tape(t, ent, zap.String("trace_id", trace), zap.String("span_id", span), zap.Error(errors.New("broken")),
		zap.Int64("min", math.MinInt64), zap.Int64("max", math.MaxInt64), zap.Uint64("large", math.MaxUint64), zap.Float64("nan", math.NaN()),
		zap.Float64("inf", math.Inf(1)), zap.Float32("f32", 0.1), zap.Bool("no", false), zap.Int("zero", 0), zap.String("empty", ""),
		zap.Binary("bytes", []byte{0xff, 0}), zap.Any("nil", nil), zap.String("", "no key"), zap.Duration("d", time.Second), zap.Time("t", noon),
		zap.Time("before all", time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)), zap.Time("after all", time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)),
		zap.Complex128("c", 1+2i), zap.Strings("s", []string{"x", ""}), zap.Dict("o", zap.Int("n", 1), zap.Dict("empty"), zap.Namespace("in"), zap.Int("n", 1)),
		zap.Reflect("r", map[string]any{"u": uint64(math.MaxUint64), "f": 1e300, "i": -1, "l": []any{nil, true, "x", map[string]any{}}}),
		zap.String("k", strings.Repeat("x", 127)), zap.String("k", strings.Repeat("x", 128)), zap.String("long", strings.Repeat("é", 40_000)),
		zap.Dict("big", zap.String("x", strings.Repeat("x", 20_000)), zap.Dict("y", zap.String("z", strings.Repeat("z", 200)))),
		zap.Namespace("space"), zap.Int("n", 2), zap.Namespace("deeper"), zap.Int("n", 3)))
	batch.Add(tape(t, zapcore.Entry{Time: noon}))
	batch.Add(tape(t, zapcore.Entry{Message: strings.Repeat("m", 1<<20), Level: -128, Time: noon}))
	records := requireSame(t, config, &batch)

	r := records[0]
	require.Equal(t, uint64(noon.UnixNano()), r.TimeUnixNano)
	require.Equal(t, uint64(noon.UnixNano()), r.ObservedTimeUnixNano)
	require.Equal(t, logs.SeverityNumber_SEVERITY_NUMBER_ERROR, r.SeverityNumber)
	require.Equal(t, "error", r.SeverityText)
	require.Equal(t, ent.Message, r.Body.GetStringValue())
	require.Equal(t, trace, hexOf(r.TraceId))
	require.Equal(t, strings.ToLower(span), hexOf(r.SpanId))
	values := map[string]*common.AnyValue{}
	for _, a := range r.Attributes {
		require.NotContains(t, values, a.Key, "keys are unique")
		values[a.Key] = a.Value
	}
	require.Equal(t, int64(math.MinInt64), values["before all"].GetIntValue(), "nothing wraps")
	require.Equal(t, int64(math.MaxInt64), values["after all"].GetIntValue())
	require.Equal(t, "18446744073709551615", values["large"].GetStringValue())
	require.Equal(t, "broken", values["exception.message"].GetStringValue())
	require.Equal(t, "*errors.errorString", values["exception.type"].GetStringValue())
	require.Equal(t, "s", values["exception.stacktrace"].GetStringValue())
	require.Equal(t, "18446744073709551615", values["r"].GetKvlistValue().Values[3].Value.GetStringValue(), "a reflected uint64 stays exact")
	require.Len(t, values["k"].GetStringValue(), 127)
	require.Len(t, values["k_"].GetStringValue(), 128)
	require.Equal(t, "no key", values["_"].GetStringValue())
	require.NotContains(t, values, "trace_id")
}

// A record whose time OTLP cannot say has none, and harms no other one.
func TestOTLPTimesAtTheEdge(t *testing.T) {
	for name, test := range map[string]struct {
		at   time.Time
		want uint64
	}{
		"none":            {time.Time{}, 0},
		"before 1970":     {time.Unix(-1, 0), 0},
		"1970":            {time.Unix(0, 0), 0},
		"just after":      {time.Unix(0, 1), 1},
		"the last":        {time.Unix(0, math.MaxInt64), math.MaxInt64},
		"after the last":  {time.Unix(0, math.MaxInt64).Add(1), math.MaxInt64},
		"in far away":     {time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), math.MaxInt64},
		"before the year": {time.Date(-9999, 1, 1, 0, 0, 0, 0, time.UTC), 0},
	} {
		t.Run(name, func(t *testing.T) {
			began := uint64(time.Now().UnixNano())
			var batch base.Batch
			batch.Add(tape(t, zapcore.Entry{Time: noon, Message: "a"}))
			batch.Add(tape(t, zapcore.Entry{Time: test.at, Message: "b"}))
			r := requireSame(t, config, &batch)[1]
			require.Equal(t, test.want, r.TimeUnixNano)
			if test.want > 0 {
				require.Equal(t, test.want, r.ObservedTimeUnixNano)
			} else {
				require.GreaterOrEqual(t, r.ObservedTimeUnixNano, began, "it is observed when it is sent")
			}
		})
	}
}

// FuzzOTLP: whatever is in a record, OpenTelemetry's decoder reads it, and its encoder makes the same bytes.
func FuzzOTLP(f *testing.F) {
	f.Add("message", "key", "value", []byte("data"), int64(7), []byte(`{"a":[1,{"b":null}]}`))
	f.Add("\xff", "", "\xff", []byte{}, int64(-1), []byte(`"x"`))
	f.Add(strings.Repeat("m", 300), "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736", []byte(nil), int64(math.MinInt64), []byte(`18446744073709551616`))
	f.Fuzz(func(t *testing.T, message, key, value string, data []byte, n int64, raw []byte) {
		fields := []zapcore.Field{zap.String(key, value), zap.Int64(key, n), zap.Uint64(value, uint64(n)), zap.Binary("data", data), zap.ByteString(value, data),
			zap.Float64("f", math.Float64frombits(uint64(n))), zap.Strings(key, []string{value, key}), zap.Time(key, time.Unix(n, n%1e9)), zap.Error(errors.New(value)),
			zap.Dict(value, zap.String(key, value), zap.Namespace(key), zap.Duration(key, time.Duration(n))), zap.Namespace(key), zap.String(key, value)}
		if json.Valid(raw) {
			fields = append(fields, zap.Any(value, json.RawMessage(raw)))
		}
		var batch base.Batch
		for _, at := range []time.Time{time.Unix(n, 0), time.Unix(0, n), {}} {
			batch.Add(tape(t, zapcore.Entry{Time: at, Level: zapcore.Level(n), Message: message, LoggerName: value, Stack: key}, fields...))
		}
		for _, r := range requireSame(t, httpcore.OTLPConfig{Scope: value}, &batch) {
			keys := map[string]bool{}
			for _, a := range r.Attributes {
				assert.False(t, keys[a.Key], a.Key)
				assert.True(t, a.Key != "" && utf8.ValidString(a.Key))
				keys[a.Key] = true
			}
		}
	})
}

func TestOTLPAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	f := httpcore.OTLP(config).Formatter
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Time: noon, Message: "request served"}, base.Context{}, []zapcore.Field{
		zap.String("method", "GET"), zap.Int("status", 200), zap.Duration("elapsed", 1234567), zap.Float64("load", 0.75), zap.Error(errors.New("x")),
		zap.String("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"), zap.Namespace("n"), zap.Strings("s", []string{"x"})}))
	out := make([]byte, 0, 1<<10)
	allocs := testing.AllocsPerRun(1000, func() { out, _ = f.Append(out[:0], &r) })
	require.Less(t, allocs, 1.0)
}
