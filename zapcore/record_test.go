package zapcore_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

var encoders = map[string]zapcore.Encoder{
	"JSON":        zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
	"JSON, dates": zapcore.NewJSONEncoder(datesConfig()),
	"console":     zapcore.NewConsoleEncoder(datesConfig()),
}

// datesConfig prints all that a time and a caller have, zone names too.
func datesConfig() zapcore.EncoderConfig {
	cfg := zap.NewDevelopmentEncoderConfig()
	cfg.EncodeTime = zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.999999999Z07:00:00 MST")
	cfg.EncodeDuration = zapcore.StringDurationEncoder
	cfg.EncodeCaller = zapcore.FullCallerEncoder
	cfg.FunctionKey = "func"
	return cfg
}

func fullEntry() zapcore.Entry {
	return zapcore.Entry{
		Level: zapcore.WarnLevel, Time: time.Date(2026, 7, 22, 10, 11, 12, 131415161, zone("SUMMER", 7200)),
		LoggerName: "a.b", Message: "message \"quoted\"\nsecond line",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/pkg/file.go", Line: 42, Function: "pkg.Func"},
		Stack:  "pkg.Func\n\t/src/pkg/file.go:42",
	}
}

// encode is what zap's own core does with an entry, the fields of With and the fields of the call.
func encode(t *testing.T, enc zapcore.Encoder, ent zapcore.Entry, with, fields []zapcore.Field) string {
	t.Helper()
	enc = enc.Clone()
	for _, f := range with {
		f.AddTo(enc)
	}
	buf, err := enc.EncodeEntry(ent, fields)
	require.NoError(t, err)
	defer buf.Free()
	return buf.String()
}

// recorded captures, sends the bytes through Parse, and returns what came out.
func recorded(t *testing.T, ent zapcore.Entry, with, fields []zapcore.Field) *base.Record {
	t.Helper()
	var captured, parsed base.Record
	require.NoError(t, captured.Capture(ent, base.Context{}.With(with), fields))
	require.NoError(t, parsed.Parse(slices.Clone(captured.Bytes())))
	return &parsed
}

// requireSame requires that a record gives what its fields give at once, replayed and expanded.
func requireSame(t *testing.T, ent zapcore.Entry, with, fields []zapcore.Field) {
	t.Helper()
	r := recorded(t, ent, with, fields)
	for name, enc := range encoders {
		want := encode(t, enc, ent, with, fields)
		buf, err := r.Encode(enc)
		require.NoError(t, err)
		require.Equal(t, want, buf.String(), "%s, replayed", name)
		require.Equal(t, want, encode(t, enc, r.Entry(), nil, r.AppendFields(nil)), "%s, expanded", name)
	}
	want, replayed, expanded := zapcore.NewMapObjectEncoder(), zapcore.NewMapObjectEncoder(), zapcore.NewMapObjectEncoder()
	addTo(want, slices.Concat(with, fields))
	require.NoError(t, r.MarshalLogObject(replayed))
	addTo(expanded, r.AppendFields(nil))
	requireSameMap(t, want.Fields, replayed.Fields, "map, replayed")
	requireSameMap(t, want.Fields, expanded.Fields, "map, expanded")
}

func addTo(enc zapcore.ObjectEncoder, fields []zapcore.Field) {
	for _, f := range fields {
		f.AddTo(enc)
	}
}

// requireSameMap compares values and types; a reflected value comes back as its JSON.
func requireSameMap(t *testing.T, want, got any, at string) {
	t.Helper()
	switch g := got.(type) {
	case json.RawMessage:
		text, err := json.Marshal(want)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(g), at)
	case map[string]any:
		w, ok := want.(map[string]any)
		require.True(t, ok, "%s: %T", at, want)
		require.Equal(t, slices.Sorted(maps.Keys(w)), slices.Sorted(maps.Keys(g)), at)
		for k := range g {
			requireSameMap(t, w[k], g[k], at+"."+k)
		}
	case []any:
		w, ok := want.([]any)
		require.True(t, ok, "%s: %T", at, want)
		require.Len(t, g, len(w), at)
		for i := range g {
			requireSameMap(t, w[i], g[i], fmt.Sprintf("%s[%d]", at, i))
		}
	case time.Time:
		w, ok := want.(time.Time)
		require.True(t, ok, "%s: %T", at, want)
		const all = "2006-01-02T15:04:05.999999999Z07:00:00 MST"
		require.Equal(t, w.Format(all), g.Format(all), at)
	default:
		require.Equal(t, typed(want), typed(got), at)
	}
}

// typed prints a value with its type; NaN is itself. A Field knows no int, only int64: an int that a zap.Inline marshaler added
// is an int64 when it is expanded.
func typed(v any) string {
	switch v := v.(type) {
	case int:
		return typed(int64(v))
	case uint:
		return typed(uint64(v))
	}
	return fmt.Sprintf("%T %v", v, v)
}

// What encoding/json cannot marshal is an error at the call for every encoder, the map encoder too, which at once would keep
// the value itself.
func TestRecordOfWhatIsNoJSON(t *testing.T) {
	for _, value := range []any{make(chan int), math.NaN()} {
		fields := []zapcore.Field{zap.Reflect("k", value), zap.Int("after", 1)}
		r := recorded(t, fullEntry(), nil, fields)
		for name, enc := range encoders {
			buf, err := r.Encode(enc)
			require.NoError(t, err)
			require.Equal(t, encode(t, enc, fullEntry(), nil, fields), buf.String(), name)
			require.Contains(t, buf.String(), "kError")
		}
	}
}

func TestRecordGivesWhatTheFieldsGive(t *testing.T) {
	for name, fields := range constructors {
		t.Run(name, func(t *testing.T) {
			ent := fullEntry()
			for i := range fields {
				requireSame(t, ent, nil, fields[i:i+1])
			}
			requireSame(t, ent, nil, fields)
			requireSame(t, ent, fields, nil)
			requireSame(t, ent, fields, fields)
			requireSame(t, ent, []zapcore.Field{zap.Namespace("outer")}, fields)
			requireSame(t, ent, nil, slices.Concat(tenFields(), fields, tenFields(), []zapcore.Field{zap.Dict("d", fields...)}))
		})
	}
}

func TestRecordKeepsTheEntry(t *testing.T) {
	entries := map[string]zapcore.Entry{
		"everything":            fullEntry(),
		"nothing":               {},
		"zero time":             {Message: "m"},
		"local time":            {Time: time.Now().Round(0), Message: "m"},
		"UTC":                   {Time: time.Now().UTC().Round(0), Message: "m"},
		"a level of the user's": {Level: -7, Message: "m"},
		"high level":            {Level: 100, Message: "m"},
		"long ago":              {Time: time.Date(-5000, 1, 1, 0, 0, 0, 1, time.UTC), Message: "m"},
		"far ahead":             {Time: time.Date(123456, 1, 1, 0, 0, 0, 1, zone("LATE", -3600)), Message: "m"},
		"long texts":            {LoggerName: long("n"), Message: long("m"), Stack: long("s")},
		"caller only":           {Caller: zapcore.EntryCaller{Defined: true, File: "f", Line: -1}},
	}
	for name, ent := range entries {
		t.Run(name, func(t *testing.T) {
			got := recorded(t, ent, nil, nil).Entry()
			require.True(t, ent.Time.Equal(got.Time))
			const all = "2006-01-02T15:04:05.999999999Z07:00:00 MST"
			require.Equal(t, ent.Time.Format(all), got.Time.Format(all))
			require.Equal(t, ent.Time.IsZero(), got.Time.IsZero())
			ent.Time, got.Time = time.Time{}, time.Time{}
			require.Equal(t, ent, got)
			requireSame(t, ent, nil, nil)
		})
	}
}

func TestRecordIsNotChangedByTheProgram(t *testing.T) {
	data, text := []byte("before"), []byte("BEFORE")
	values := map[string]int{"v": 1}
	fields := []zapcore.Field{zap.Binary("binary", data), zap.ByteString("text", text), zap.Reflect("map", values)}
	context := base.Context{}.With(fields)
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), context, fields))
	want := encode(t, jsonEncoder(), fullEntry(), fields, fields)
	copy(data, "after!")
	copy(text, "AFTER!")
	values["v"] = 2
	fields[0] = zap.Int("gone", 1)
	buf, err := r.Encode(jsonEncoder())
	require.NoError(t, err)
	require.Equal(t, want, buf.String())
}

func TestContextIsImmutable(t *testing.T) {
	parent := base.Context{}.With([]zapcore.Field{zap.Int("p", 1)})
	a, b := parent.With([]zapcore.Field{zap.Int("a", 1)}), parent.With([]zapcore.Field{zap.Int("b", 1)})
	require.Equal(t, []zapcore.Field{zap.Int64("p", 1)}, parent.Fields())
	require.Equal(t, []zapcore.Field{zap.Int64("p", 1), zap.Int64("a", 1)}, a.Fields())
	require.Equal(t, []zapcore.Field{zap.Int64("p", 1), zap.Int64("b", 1)}, b.Fields())
	require.Empty(t, base.Context{}.With(nil).Fields())
}

func TestRecordNestedTooDeep(t *testing.T) {
	var deep zapcore.ObjectMarshalerFunc
	depth := 0
	deep = func(enc zapcore.ObjectEncoder) error {
		depth++
		if depth > 2000 {
			return nil
		}
		return enc.AddObject("o", deep)
	}
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, []zapcore.Field{zap.Object("deep", deep), zap.Int("after", 1)}))
	require.Less(t, depth, 1000, "a marshaler without end is stopped")
	var parsed base.Record
	require.NoError(t, parsed.Parse(r.Bytes()), "what Capture makes, Parse takes")
	buf, err := parsed.Encode(jsonEncoder())
	require.NoError(t, err)
	require.Contains(t, buf.String(), "nested too deep")
	require.Contains(t, buf.String(), `"after":1`)
}

func TestRecordAfterAPanic(t *testing.T) {
	boom := zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
		enc.AddString("half", "written")
		panic("boom")
	})
	var r base.Record
	require.PanicsWithValue(t, "boom", func() {
		_ = r.Capture(fullEntry(), base.Context{}, []zapcore.Field{zap.Object("o", boom)})
	}, "a panic reaches the caller, as with zap's encoders")
	require.Empty(t, r.Bytes(), "and leaves no half record behind")
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, tenFields()))
	buf, err := r.Encode(jsonEncoder())
	require.NoError(t, err)
	require.Equal(t, encode(t, jsonEncoder(), fullEntry(), nil, tenFields()), buf.String())
}

func TestDeliverToACoreThatKeepsEntries(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	var r base.Record
	for i, message := range []string{"first", "second"} {
		ent := fullEntry()
		ent.Message = message
		require.NoError(t, r.Capture(ent, base.Context{}, []zapcore.Field{zap.Int("i", i), zap.ByteString("b", []byte(message)), zap.Error(verbose{})}))
		wanted, err := r.Deliver(core, false)
		require.NoError(t, err)
		require.True(t, wanted)
	}
	require.Equal(t, []string{"first", "second"}, []string{logs.All()[0].Message, logs.All()[1].Message},
		"an entry that a core keeps is not changed by the next")
	require.Equal(t, 1, logs.FilterField(zap.Int("i", 1)).Len(), "fields can be looked at")
	require.Equal(t, 1, logs.FilterField(zap.ByteString("b", []byte("first"))).Len())
	errorField := logs.All()[0].Context[2]
	require.Equal(t, zapcore.ErrorType, errorField.Type, "an error is still a field of ErrorType")
	require.EqualError(t, errorField.Interface.(error), "short")
}

func TestDeliverRunsHooksAndLevels(t *testing.T) {
	core, logs := observer.New(zapcore.ErrorLevel)
	hooks := 0
	hooked := zapcore.RegisterHooks(core, func(zapcore.Entry) error { hooks++; return nil })
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.InfoLevel}, base.Context{}, nil))
	wanted, err := r.Deliver(hooked, false)
	require.NoError(t, err)
	require.False(t, wanted, "a record below the core's level is not wanted")
	require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.ErrorLevel}, base.Context{}, nil))
	wanted, err = r.Deliver(hooked, false)
	require.NoError(t, err)
	require.True(t, wanted)
	require.Equal(t, 1, logs.Len(), "a hooked core gets the record itself, not only its hooks")
	require.Equal(t, 1, hooks)
	require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.DebugLevel}, base.Context{}, nil))
	wanted, err = r.Deliver(core, true)
	require.NoError(t, err)
	require.True(t, wanted)
	require.Equal(t, 2, logs.Len(), "ignoreLevel delivers what the level would not")
}

// refusing is a WriteSyncer that fails.
type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, fmt.Errorf("disk full") }
func (refusing) Sync() error               { return nil }

func TestDeliverTellsFailures(t *testing.T) {
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, tenFields()))
	broken := zapcore.NewCore(jsonEncoder(), refusing{}, zapcore.DebugLevel)
	_, err := r.Deliver(broken, false)
	require.ErrorContains(t, err, "disk full")
	_, err = r.Deliver(zapcore.NewTee(broken, zapcore.NewNopCore()), false)
	require.EqualError(t, err, "disk full", "a CheckedEntry's failure is told too")
}

func TestDeliverToZapsOwnCore(t *testing.T) {
	var got strings.Builder
	core := zapcore.NewCore(jsonEncoder(), zapcore.AddSync(&got), zapcore.WarnLevel)
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, tenFields()))
	wanted, err := r.Deliver(core, false)
	require.NoError(t, err)
	require.True(t, wanted)
	require.Equal(t, encode(t, jsonEncoder(), fullEntry(), nil, tenFields()), got.String())
	require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.InfoLevel}, base.Context{}, nil))
	wanted, err = r.Deliver(core, false)
	require.NoError(t, err)
	require.False(t, wanted)
}

// A pooled Record keeps nothing of the entry it had.
func TestEntryOfAReusedRecord(t *testing.T) {
	var first, second, r base.Record
	require.NoError(t, first.Capture(fullEntry(), base.Context{}, nil))
	require.NoError(t, second.Capture(zapcore.Entry{Message: "second"}, base.Context{}, nil))
	r.View(first.Bytes())
	require.Equal(t, "pkg.Func", r.EntryView().Caller.Function)
	require.Same(t, r.EntryView(), r.EntryView())
	require.Equal(t, r.Entry().Message, r.Message())
	r.View(second.Bytes())
	require.Equal(t, zapcore.Entry{Time: r.Entry().Time, Message: "second"}, *r.EntryView())
	require.Equal(t, "second", r.Message())
}

func TestRecordAllocatesNothing(t *testing.T) {
	ent, fields, context := tenEntry(), tenFields(), base.Context{}.With(tenFields())
	var r, view base.Record
	require.NoError(t, r.Capture(ent, context, fields))
	tape := slices.Clone(r.Bytes())
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = r.Capture(ent, context, fields) }), "Capture")
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = view.Parse(tape) }), "Parse: a record takes no memory beyond its bytes")
	if raceOn {
		t.Skip("the race detector makes pools allocate")
	}
	enc := jsonEncoder()
	objects := []zapcore.Field{zap.Object("o", nested(2)), zap.Strings("s", []string{"a", "b"})}
	require.NoError(t, r.Capture(ent, context, objects))
	tape = slices.Clone(r.Bytes())
	direct := testing.AllocsPerRun(100, func() { buf, _ := enc.EncodeEntry(ent, objects); buf.Free() })
	replayed := testing.AllocsPerRun(100, func() { view.View(tape); buf, _ := view.Encode(enc); buf.Free() })
	assert.LessOrEqual(t, replayed, direct, "replay of nested values allocates no more than encoding them at once")
}

func TestFieldsOfARecordAreAllocatedOnce(t *testing.T) {
	for name, fields := range constructors {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{}, base.Context{}, fields))
		got := r.AppendFields(nil)
		require.Equal(t, len(got), cap(got), name)
	}
}

// Keys and texts of each length are copied each in its way; nothing is written beyond the room there is.
func TestRecordKeepsTextsOfEveryLength(t *testing.T) {
	letters := strings.Repeat("0123456789abcdefghijklmnopqrstuvwxyz", 10)
	for k := range 40 {
		for v := range 300 {
			fields := []zapcore.Field{
				zap.String(letters[:k], letters[300-v:300]), zap.Int64(letters[k:2*k], int64(v)), zap.String("last", letters[:v]),
			}
			var r base.Record
			require.NoError(t, r.Capture(zapcore.Entry{}, base.Context{}, fields))
			require.Equal(t, fields, r.AppendFields(nil))
			b := append(make([]byte, len(r.Bytes())+100), letters...)
			n := base.CapturePlain(b[:len(r.Bytes())+100], &zapcore.Entry{}, &base.Context{}, fields, new(base.Texts))
			require.Equal(t, r.Bytes(), b[:n])
			require.Equal(t, letters, string(b[len(r.Bytes())+100:]))
		}
	}
}

func TestCapturePlainMakesTheTapeOfCapture(t *testing.T) {
	context := base.Context{}.With([]zapcore.Field{zap.Int("worker", 3)})
	entries := []zapcore.Entry{
		{},
		{Level: zapcore.WarnLevel, Time: time.Unix(1.8e9, 123456789).UTC(), LoggerName: "orders", Message: "text"},
		{Time: time.Unix(1.8e9, 0).In(time.FixedZone("", 0)), Message: long("m"), Stack: long("s")},
		{Time: time.Unix(1.8e9, 0).In(time.FixedZone("CEST", 7200)), Caller: zapcore.NewEntryCaller(1, "dir/file.go", 12, true)},
	}
	plain := 0
	for name, fields := range constructors {
		for i := range entries {
			var r base.Record
			require.NoError(t, r.Capture(entries[i], context, fields))
			b := make([]byte, len(r.Bytes())+200)
			var texts base.Texts
			ok := texts.Ask(fields)
			n := base.CapturePlain(b, &entries[i], &context, fields, &texts)
			if !ok {
				require.Zero(t, n, name)
				continue
			}
			plain++
			require.Equal(t, r.Bytes(), b[:n], name)
			for short := range n { // too little room is said, and nothing is written behind it
				require.Zero(t, base.CapturePlain(b[:short:short], &entries[i], &context, fields, &texts), "%s in %d bytes", name, short)
			}
		}
	}
	require.Positive(t, plain)
}
