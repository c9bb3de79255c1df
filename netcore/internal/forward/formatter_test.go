package forward

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/msgpack"
	base "example.com/zaphandlers/zapcore"
)

// decoded returns the value at the beginning of b, with maps as map[string]any, and what follows it.
func decoded(t testing.TB, b []byte) (any, []byte) {
	v, n, err := msgpack.Next(b)
	require.NoError(t, err)
	require.NotZero(t, n, "the value is not whole")
	b = b[n:]
	switch v.Kind {
	case msgpack.Nil:
		return nil, b
	case msgpack.Bool:
		return v.Bool, b
	case msgpack.Int:
		return v.Int, b
	case msgpack.Uint:
		return v.Uint, b
	case msgpack.Float:
		return v.Float, b
	case msgpack.Text:
		return string(v.Bytes), b
	case msgpack.Array:
		list := []any{}
		for range v.Count {
			var element any
			element, b = decoded(t, b)
			list = append(list, element)
		}
		return list, b
	case msgpack.Map:
		members := map[string]any{}
		for range v.Count {
			var key, value any
			key, b = decoded(t, b)
			value, b = decoded(t, b)
			_, there := members[key.(string)]
			require.False(t, there, "%q is there twice", key)
			members[key.(string)] = value
		}
		return members, b
	default:
		return v.Bytes, b
	}
}

// entryOf returns the time, as eight bytes, and the record that a Formatter makes.
func entryOf(t testing.TB, ent zapcore.Entry, fields ...zapcore.Field) ([]byte, map[string]any) {
	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, fields))
	b, err := Formatter{}.Append([]byte("before"), &r)
	require.NoError(t, err)
	require.Equal(t, "before", string(b[:6]))
	v, rest := decoded(t, b[6:])
	require.Empty(t, rest)
	parts := v.([]any)
	require.Len(t, parts, 2)
	return parts[0].([]byte), parts[1].(map[string]any)
}

var at = time.Date(2026, 11, 23, 10, 20, 30, 123456789, time.UTC)

func TestEntry(t *testing.T) {
	moment, record := entryOf(t, zapcore.Entry{Level: zapcore.WarnLevel, Time: at, LoggerName: "shop.orders", Message: "late", Stack: "main.main",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/shop/orders.go", Line: 7}},
		zap.Int64("min", math.MinInt64), zap.Uint64("max", math.MaxUint64), zap.Float64("f", 0.1), zap.Float32("f32", 0.25), zap.Float64("nan", math.Inf(1)),
		zap.Bool("yes", true), zap.Duration("took", 1500*time.Millisecond), zap.Time("t", at), zap.Time("far", time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)),
		zap.Binary("bin", []byte{0, 0xff}), zap.ByteString("bytes", []byte("é")), zap.String("broken", "a\xff"), zap.Complex128("c", 1+2i), zap.Any("nil", nil),
		zap.Strings("list", []string{"x", "y"}), zap.Dict("o", zap.Int("n", -5), zap.Dict("p", zap.String("q", "deep"))),
		zap.Reflect("r", map[string]any{"u": uint64(math.MaxUint64), "l": []any{1, "x", nil}}), zap.Reflect("huge", json.Number("1e999")), zap.Error(errors.New("broken")),
		zap.String("level", "forged"), zap.String("message", "forged"), zap.Int("k", 1), zap.Int("k", 2), zap.Int("", 3),
		zap.Namespace("space"), zap.Int("n", 2), zap.Namespace("deeper"), zap.Int("n", 3))
	assert.EqualValues(t, at.Unix(), binary.BigEndian.Uint32(moment))
	assert.Equal(t, []byte{0x07, 0x5b, 0xcd, 0x15}, moment[4:])
	assert.Equal(t, map[string]any{
		"level": "warn", "logger": "shop.orders", "caller": "shop/orders.go:7", "message": "late", "stacktrace": "main.main",
		"min": int64(math.MinInt64), "max": uint64(math.MaxUint64), "f": 0.1, "f32": 0.25, "nan": math.Inf(1),
		"yes": true, "took": 1.5, "t": "2026-11-23T10:20:30.123456789Z", "far": "9999-12-31T23:59:59.999999999Z",
		"bin": []byte{0, 0xff}, "bytes": "é", "broken": []byte("a\xff"), "c": "1+2i", "nil": nil,
		"list": []any{"x", "y"}, "o": map[string]any{"n": int64(-5), "p": map[string]any{"q": "deep"}},
		"r": map[string]any{"u": uint64(math.MaxUint64), "l": []any{uint64(1), "x", nil}}, "huge": "1e999", "error": "broken",
		"level_": "forged", "message_": "forged", "k": uint64(1), "k_": uint64(2), "_": uint64(3),
		"space": map[string]any{"n": uint64(2), "deeper": map[string]any{"n": uint64(3)}},
	}, record)
}

// A field called log would be taken for the message.
func TestNoFieldIsTakenForTheMessage(t *testing.T) {
	_, record := entryOf(t, zapcore.Entry{Time: at, Message: "m"}, zap.String("log", "x"), zap.Dict("log", zap.Int("n", 1)), zap.String("log.level", "y"),
		zap.Dict("o", zap.String("log", "z")), zap.String("log_", "w"))
	assert.Equal(t, map[string]any{"level": "info", "message": "m", "log_": "x", "log_2": map[string]any{"n": uint64(1)}, "log.level": "y",
		"o": map[string]any{"log": "z"}, "log__": "w"}, record)
}

func TestEventTime(t *testing.T) {
	for name, test := range map[string]struct {
		t    time.Time
		want string
	}{
		"a second":    {time.Unix(1, 2), "\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02"},
		"before 1970": {time.Unix(-1, 5), "\xd7\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		"the last":    {time.Unix(math.MaxUint32, 999_999_999), "\xd7\x00\xff\xff\xff\xff\x3b\x9a\xc9\xff"},
		"after it":    {time.Unix(math.MaxUint32+1, 0), "\xd7\x00\xff\xff\xff\xff\x3b\x9a\xc9\xff"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, string(AppendTime(nil, test.t))) })
	}
	before := time.Now()
	now := AppendTime(nil, time.Time{})
	assert.GreaterOrEqual(t, string(now), string(AppendTime(nil, before)), "no time at all is now")
}

// Many fields need a longer head, in a record and inside.
func TestManyFields(t *testing.T) {
	var many []zapcore.Field
	for i := range 70_000 {
		many = append(many, zap.Int("f"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+time.Duration(i).String(), i))
	}
	_, record := entryOf(t, zapcore.Entry{Time: at, Message: "m"}, many...)
	require.Len(t, record, 70_002)
	_, record = entryOf(t, zapcore.Entry{Time: at, Message: "m"}, zap.Dict("o", many...), zap.Int("last", 1))
	require.Len(t, record["o"], 70_000)
	require.EqualValues(t, 1, record["last"])
}

// FuzzEntry holds that whatever is logged, an entry is whole, and its names are distinct.
func FuzzEntry(f *testing.F) {
	f.Add("message", "key", "value", "{\"a\":[1,2.5,\"x\",null]}", int64(-1))
	f.Add("", "message", "\xff\x00", "[[],{}]", int64(1<<40))
	f.Fuzz(func(t *testing.T, message, key, value, text string, n int64) {
		raw := json.RawMessage(text)
		if !json.Valid(raw) {
			raw = json.RawMessage("null")
		}
		moment, record := entryOf(t, zapcore.Entry{Level: zapcore.Level(n), Time: time.Unix(n, 0), LoggerName: value, Message: message, Stack: key},
			zap.String(key, value), zap.Int64(key, n), zap.Binary(value, []byte(value)), zap.Dict(value, zap.String(key, value), zap.Int64(key, n)),
			zap.Namespace(key), zap.Strings(key, []string{value, key}), zap.Reflect("raw", raw))
		require.Len(t, moment, 8)
		require.Equal(t, strings.ToValidUTF8(message, "\ufffd"), record["message"])
	})
}

func BenchmarkEntry(b *testing.B) {
	var r base.Record
	_ = r.Capture(zapcore.Entry{Time: at, Message: "GET /orders/8273648 200 in a moment"}, base.Context{}, []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/orders/8273648"), zap.Int("status", 200), zap.Duration("took", 1500*time.Microsecond),
		zap.String("user", "u-827364"), zap.Bool("cached", false), zap.String("trace", "4bf92f3577b34da6a3ce929d0e0e4736")})
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = Formatter{}.Append(dst[:0], &r)
	}
}

// A receiver that checks its texts ends the connection at one that is no UTF-8, a path's too.
func TestTextsThatAreNoFieldsAreUTF8(t *testing.T) {
	_, record := entryOf(t, zapcore.Entry{Message: "m\xff", LoggerName: "l\xff", Stack: "s\xff",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/a\xff/b\xed\xa0\x80.go", Line: 7}})
	assert.Equal(t, map[string]any{"level": "info", "message": "m\ufffd", "logger": "l\ufffd", "stacktrace": "s\ufffd",
		"caller": "a\ufffd/b\ufffd.go:7"}, record)
}
