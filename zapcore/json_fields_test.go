package zapcore_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	base "example.com/zaphandlers/zapcore"
)

// everyTimeConfig are what zap has for times and durations.
func everyTimeConfig() (configs []zapcore.EncoderConfig) {
	times := []zapcore.TimeEncoder{
		zapcore.EpochTimeEncoder, zapcore.EpochMillisTimeEncoder, zapcore.EpochNanosTimeEncoder, zapcore.ISO8601TimeEncoder,
		zapcore.RFC3339TimeEncoder, zapcore.RFC3339NanoTimeEncoder,
	}
	durations := []zapcore.DurationEncoder{
		zapcore.SecondsDurationEncoder, zapcore.MillisDurationEncoder, zapcore.NanosDurationEncoder, zapcore.StringDurationEncoder, nil,
		zapcore.SecondsDurationEncoder,
	}
	for i := range times {
		configs = append(configs, zapcore.EncoderConfig{TimeKey: "t", EncodeTime: times[i], EncodeDuration: durations[i]})
	}
	return configs
}

// Times and durations of all that there are, and of those where one way of writing them ends and another begins.
func TestJSONTimesAndDurationsOfFieldsAreZaps(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	nanos := []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1<<30*1e9 - 1, 1 << 30 * 1e9, 1 << 31 * 1e9, 1<<32*1e9 + 128, 1<<33*1e9 - 1, 1 << 33 * 1e9}
	for _, limit := range []int64{1e15, 1e9, 1e6} {
		nanos = append(nanos, limit-1, limit, limit+1, -limit, -limit-1, -limit+1)
	}
	for range 5000 {
		now := 1.79e18 + random.Int64N(1e18)
		nanos = append(nanos, now, now-now%1e3, now-now%1e6, now-now%1e9, now-now%1e9+999_999_999-random.Int64N(300),
			random.Int64(), -random.Int64(), random.Int64N(1e12))
	}
	for i, cfg := range everyTimeConfig() {
		zaps, ours := zapcore.NewJSONEncoder(cfg), base.NewJSON(cfg)
		for _, n := range nanos {
			at := time.Unix(0, n)
			if n%2 == 0 {
				at = at.UTC()
			}
			ent := zapcore.Entry{Time: at}
			fields := []zapcore.Field{zap.Time("k", at), zap.Duration("a duration", time.Duration(n)), zap.Times("l", []time.Time{at})}
			want, got := encode(t, zaps, ent, nil, fields), encode(t, ours, ent, nil, fields)
			if want != got {
				require.Equal(t, want, got, "config %d, %d ns", i, n)
			}
		}
	}
}

// Integers of each type, also of those that a field holds with more bits than its type has.
func TestJSONIntegersOfFieldsAreZaps(t *testing.T) {
	zaps, ours := zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), base.NewJSON(zapcore.EncoderConfig{})
	values := []int64{0, 1, -1, math.MaxInt64, math.MinInt64}
	for p := int64(1); p <= 1e18; p *= 10 {
		values = append(values, p-1, p, p+1, -p, 1-p, 5*p, 9*p)
		if p == 1e18 {
			break
		}
	}
	for shift := range 64 {
		values = append(values, 1<<shift, 1<<shift-1, 1<<shift+1)
	}
	for _, v := range values {
		var fields []zapcore.Field
		for _, kind := range []zapcore.FieldType{
			zapcore.Int64Type, zapcore.Int32Type, zapcore.Int16Type, zapcore.Int8Type, zapcore.Uint64Type, zapcore.Uint32Type,
			zapcore.Uint16Type, zapcore.Uint8Type, zapcore.UintptrType, zapcore.BoolType,
		} {
			fields = append(fields, zapcore.Field{Key: "k", Type: kind, Integer: v})
		}
		require.Equal(t, encode(t, zaps, zapcore.Entry{}, nil, fields), encode(t, ours, zapcore.Entry{}, nil, fields), v)
	}
}

func TestJSONCallersAreZaps(t *testing.T) {
	for _, file := range []string{"", "/", "//", "a.go", "a/b.go", "/a/b.go", "/a/b/c.go", "/a/b/", "C:/a/\"b\"/é\xff.go", `C:\a\b\c.go`, long("/a")} {
		for _, line := range []int{0, 7, 12345, -1} {
			for _, form := range []zapcore.CallerEncoder{zapcore.ShortCallerEncoder, zapcore.FullCallerEncoder} {
				cfg := zapcore.EncoderConfig{CallerKey: "caller", EncodeCaller: form, MessageKey: "m"}
				ent := zapcore.Entry{Caller: zapcore.EntryCaller{Defined: true, File: file, Line: line}}
				want := encode(t, zapcore.NewJSONEncoder(cfg), ent, nil, nil)
				require.Equal(t, want, encode(t, base.NewJSON(cfg), ent, nil, nil), "%q:%d", file, line)
			}
		}
	}
}

func TestJSONLevelsAreZaps(t *testing.T) {
	for _, form := range []zapcore.LevelEncoder{
		nil, zapcore.LowercaseLevelEncoder, zapcore.CapitalLevelEncoder, zapcore.LowercaseColorLevelEncoder, zapcore.CapitalColorLevelEncoder,
		func(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) { enc.AppendInt8(int8(l)) },
	} {
		for _, timeKey := range []string{"", "t"} {
			cfg := zapcore.EncoderConfig{LevelKey: "l", EncodeLevel: form, TimeKey: timeKey, EncodeTime: zapcore.EpochTimeEncoder}
			zaps, ours := zapcore.NewJSONEncoder(cfg), base.NewJSON(cfg)
			for l := zapcore.Level(-128); l < 127; l++ {
				for _, at := range []time.Time{{}, time.Now()} {
					ent := zapcore.Entry{Level: l, Time: at}
					require.Equal(t, encode(t, zaps, ent, nil, tenFields()), encode(t, ours, ent, nil, tenFields()))
				}
			}
		}
	}
}

type panicMarshaler struct{}

func (panicMarshaler) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("before", "x")
	panic("no object")
}

func (panicMarshaler) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	enc.AppendString("before")
	panic("no list")
}

// The panic of a marshaler is the caller's, as with zap's encoder, and the next record is whole. (Those of errors and Stringers are
// logged; they are among the constructors.)
func TestJSONPanicsAsZaps(t *testing.T) {
	zaps, ours := zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), base.NewJSON(zapcore.EncoderConfig{})
	var out zaptest.Buffer
	handler := base.FromWriter(ours, &out, nil)
	for name, field := range map[string]zapcore.Field{
		"object":         zap.Object("k", panicMarshaler{}),
		"array":          zap.Array("k", panicMarshaler{}),
		"inline":         zap.Inline(panicMarshaler{}),
		"nested":         zap.Dict("k", zap.Object("k", panicMarshaler{})),
		"unknown type":   {Key: "k", Type: 255},
		"no type":        {Key: "k"},
		"no error":       {Key: "k", Type: zapcore.ErrorType},
		"no marshaler":   {Key: "k", Type: zapcore.ArrayMarshalerType},
		"no location":    {Key: "k", Type: zapcore.TimeType, Interface: 1},
		"no bytes":       {Key: "k", Type: zapcore.BinaryType},
		"wrong Stringer": {Key: "k", Type: zapcore.StringerType, Interface: 1},
	} {
		t.Run(name, func(t *testing.T) {
			fields := append(tenFields(), field)
			panicOf := func(f func()) (what any) {
				defer func() { what = recover() }()
				f()
				return nil
			}
			want := panicOf(func() { _, _ = zaps.EncodeEntry(zapcore.Entry{}, fields) })
			for _, got := range []any{
				panicOf(func() { _, _ = ours.EncodeEntry(zapcore.Entry{}, fields) }),
				panicOf(func() { _ = handler.Write(zapcore.Entry{}, fields) }),
				panicOf(func() { handler.With(fields) }),
			} {
				require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
			}
			require.Equal(t, encode(t, zaps, fullEntry(), nil, typicalFields()), encode(t, ours, fullEntry(), nil, typicalFields()))
		})
	}
}

// loggingStringer logs to the core that asks for its text.
type loggingStringer struct{ core zapcore.Core }

func (s loggingStringer) String() string {
	_ = s.core.Write(zapcore.Entry{}, typicalFields())
	return "text"
}

func (s loggingStringer) Error() string { return s.String() }

// What a field's own code logs is a record of its own, and leaves the one that it is of as it was.
func TestJSONOfAFieldThatLogs(t *testing.T) {
	var out zaptest.Buffer
	core := base.FromWriter(base.NewJSON(zapcore.EncoderConfig{}), &out, nil)
	s := loggingStringer{core}
	require.NoError(t, core.Write(zapcore.Entry{}, []zapcore.Field{zap.Int("a", 1), zap.Stringer("b", s), zap.NamedError("c", s), zap.Int("d", 2)}))
	lines := out.Lines()
	require.Len(t, lines, 3)
	inner := encode(t, zapcore.NewJSONEncoder(zapcore.EncoderConfig{SkipLineEnding: true}), zapcore.Entry{}, nil, typicalFields())
	assert.Equal(t, []string{inner, inner, `{"a":1,"b":"text","c":"text","d":2}`}, lines)
}

// Fields are added to an encoder that has written records, as little as zap expects it.
func TestJSONOfAnEncoderThatGrows(t *testing.T) {
	zaps, ours := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), base.NewJSON(zapcore.EncoderConfig{MessageKey: "m"})
	for i, f := range append(typicalFields(), zap.Namespace("n"), zap.Int("in it", 1), zap.Namespace("m"), zap.Strings("none", nil)) {
		f.AddTo(zaps)
		f.AddTo(ours)
		require.Equal(t, encode(t, zaps, fullEntry(), nil, typicalFields()), encode(t, ours, fullEntry(), nil, typicalFields()), i)
		if i%3 == 0 {
			zaps, ours = zaps.Clone(), ours.Clone()
		}
	}
}

// FuzzJSONFields: whatever the fields are, a logger's and those of With, the encoder of NewJSON writes what zap's does.
func FuzzJSONFields(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, "key", "text", int64(1795422672131415161), 0.75)
	f.Add([]byte{20, 10, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10}, "", "é\xff\"\n", int64(-1), math.Inf(1))
	f.Fuzz(func(t *testing.T, kinds []byte, key, text string, integer int64, float float64) {
		if len(kinds) > 40 || len(key) > 300 || len(text) > 300 {
			return
		}
		fields := fuzzFields(kinds, key, text, integer, float)
		ent := fullEntry()
		ent.Level, ent.Time, ent.Message, ent.Caller.File = zapcore.Level(integer), time.Unix(0, integer), text, key
		for _, cfg := range jsonConfigs {
			requireZaps(t, cfg, ent, fields[:len(fields)/3], fields[len(fields)/3:])
		}
	})
}

// fuzzFields returns a field for each of kinds.
func fuzzFields(kinds []byte, key, text string, integer int64, float float64) (fields []zapcore.Field) {
	at := time.Unix(0, integer)
	makers := []func(key string) zapcore.Field{
		func(key string) zapcore.Field { return zap.String(key, text) },
		func(key string) zapcore.Field { return zap.Int64(key, integer) },
		func(key string) zapcore.Field { return zap.Int16(key, int16(integer)) },
		func(key string) zapcore.Field { return zap.Uint64(key, uint64(integer)) },
		func(key string) zapcore.Field { return zap.Uint8(key, uint8(integer)) },
		func(key string) zapcore.Field { return zap.Float64(key, float) },
		func(key string) zapcore.Field { return zap.Float32(key, float32(float)) },
		func(key string) zapcore.Field { return zap.Bool(key, integer&1 == 1) },
		func(key string) zapcore.Field { return zap.Duration(key, time.Duration(integer)) },
		func(key string) zapcore.Field { return zap.Time(key, at) },
		func(key string) zapcore.Field { return zap.Time(key, at.UTC()) },
		func(key string) zapcore.Field { return zap.Namespace(key) },
		func(key string) zapcore.Field { return zap.NamedError(key, errors.New(text)) },
		func(key string) zapcore.Field { return zap.NamedError(key, verbose{}) },
		func(key string) zapcore.Field { return zap.Stringer(key, textStringer(text)) },
		func(key string) zapcore.Field { return zap.Stringer(key, panicStringer{}) },
		func(key string) zapcore.Field { return zap.Strings(key, []string{text, key, ""}) },
		func(key string) zapcore.Field { return zap.ByteString(key, []byte(text)) },
		func(key string) zapcore.Field { return zap.Dict(key, zap.String(text, key), zap.Namespace(text)) },
		func(string) zapcore.Field {
			return zap.Inline(zap.DictObject(zap.Namespace(text), zap.Int64(key, integer)))
		},
		func(key string) zapcore.Field { return zap.Reflect(key, map[string]string{text: key}) },
		func(key string) zapcore.Field { return zap.Complex128(key, complex(float, float64(integer))) },
		func(key string) zapcore.Field { return zap.Skip() },
	}
	for i, kind := range kinds {
		name := key
		if len(key) > 0 {
			name = key[i%len(key):]
		}
		fields = append(fields, makers[int(kind)%len(makers)](name))
	}
	return fields
}

type textStringer string

func (s textStringer) String() string { return string(s) }
