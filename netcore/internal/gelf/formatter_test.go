package gelf

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// message returns what a Formatter makes, with numbers as they are written. A member that is there twice fails the test.
func message(t testing.TB, compression string, ent zapcore.Entry, fields ...zapcore.Field) map[string]any {
	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, fields))
	b, err := New("here", compression).Append([]byte("before"), &r)
	require.NoError(t, err)
	require.Equal(t, "before", string(b[:6]))
	return decode(t, plain(t, b[6:], compression))
}

func plain(t testing.TB, b []byte, compression string) []byte {
	var r io.Reader = bytes.NewReader(b)
	var err error
	switch compression {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "zlib":
		r, err = zlib.NewReader(r)
	}
	require.NoError(t, err)
	b, err = io.ReadAll(r)
	require.NoError(t, err)
	return b
}

var legalName = regexp.MustCompile(`^_[A-Za-z0-9_.-]*$`)

func decode(t testing.TB, b []byte) map[string]any {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	token, err := dec.Token()
	require.NoError(t, err)
	require.Equal(t, json.Delim('{'), token)
	members := map[string]any{}
	for dec.More() {
		key, err := dec.Token()
		require.NoError(t, err, "%s", b)
		name := key.(string)
		_, there := members[name]
		require.False(t, there, "%q is there twice in %s", name, b)
		value, err := dec.Token()
		require.NoError(t, err)
		switch v := value.(type) {
		case string:
			members[name] = v
		case json.Number:
			members[name] = v.String() + " "
		default:
			t.Fatalf("%q is neither a text nor a number: %v", name, value)
		}
		switch name {
		case "version", "host", "short_message", "full_message", "timestamp", "level":
		default:
			require.Regexp(t, legalName, name)
			require.NotEqual(t, "_id", name)
		}
	}
	_, err = dec.Token()
	require.NoError(t, err)
	require.Zero(t, len(bytes.TrimSpace(b[dec.InputOffset():])))
	require.NotEmpty(t, strings.TrimSpace(members["short_message"].(string)))
	return members
}

var at = time.Date(2026, 11, 23, 10, 20, 30, 120000000, time.UTC)

func TestMessage(t *testing.T) {
	ent := zapcore.Entry{Level: zapcore.WarnLevel, Time: at, LoggerName: "shop.orders", Message: "late\nby a day", Stack: "main.main",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/shop/orders.go", Line: 7, Function: "shop.Order"}}
	fields := []zapcore.Field{
		zap.Int64("min", math.MinInt64), zap.Uint64("max", math.MaxUint64), zap.Float64("f", 0.1), zap.Float64("whole", 2), zap.Float64("huge", 1e300),
		zap.Float32("f32", 0.25), zap.Float64("nan", math.NaN()), zap.Float64("inf", math.Inf(-1)), zap.Bool("yes", true),
		zap.Duration("took", 1500*time.Millisecond), zap.Time("t", at), zap.Time("far", time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)),
		zap.Binary("bin", []byte{0, 0xff}), zap.ByteString("bytes", []byte("é")), zap.Complex128("c", 1+2i), zap.Any("nil", nil),
		zap.Strings("list", []string{"x", "y"}), zap.Dict("o", zap.Int("n", -5), zap.Dict("p", zap.String("q", "deep"))), zap.Dict("nothing"),
		zap.Reflect("r", map[string]any{"u": uint64(7), "l": []any{1, "x", map[string]any{"y": 1}}}), zap.Reflect("rl", []int{1, 2}), zap.Error(errors.New("broken")),
		zap.String("id", "forged"), zap.String("_id", "forged"), zap.String("source", "forged"), zap.String("level", "forged"), zap.String("file", "forged"), zap.Int("k", 1), zap.Int("k", 2), zap.Int("k", 3),
		zap.Int("", 4), zap.String("with blank", "x"), zap.String("größe", "y"), zap.String("gr\xc3", "z"), zap.Int("o.n", 6),
		zap.Namespace("space"), zap.Int("n", 2), zap.Namespace("deeper"), zap.Int("n", 3)}
	want := map[string]any{
		"version": "1.1", "host": "here", "short_message": "late", "full_message": "late\nby a day\nmain.main", "timestamp": "1795429230.12 ",
		"level": "4 ", "_logger": "shop.orders", "_file": "/src/shop/orders.go", "_line": "7 ", "_function": "shop.Order",
		"_min": "-9223372036854775808 ", "_max": "18446744073709551615", "_f": "0.1 ", "_whole": "2 ", "_huge": "1e+300 ",
		"_f32": "0.25 ", "_nan": "NaN", "_inf": "-Inf", "_yes": "true",
		"_took": "1.5 ", "_t": "2026-11-23T10:20:30.12Z", "_far": "9999-12-31T23:59:59.999999999Z",
		"_bin": "AP8=", "_bytes": "é", "_c": "1+2i",
		"_list": `["x","y"]`, "_o.n": "-5 ", "_o.p.q": "deep",
		"_r.u": "7 ", "_r.l": `[1,"x",{"y":1}]`, "_rl": "[1,2]", "_error": "broken",
		"_id_": "forged", "__id_": "forged", "_source_": "forged", "_level_": "forged", "_file_": "forged", "_k": "1 ", "_k_": "2 ", "_k_2": "3 ",
		"__": "4 ", "_with_blank": "x", "_gr__e": "y", "_gr_": "z", "_o.n_": "6 ",
		"_space.n": "2 ", "_space.deeper.n": "3 ",
	}
	for _, compression := range []string{"", "gzip", "zlib"} {
		assert.Equal(t, want, message(t, compression, ent, fields...), compression)
	}
}

func TestTexts(t *testing.T) {
	for _, test := range []struct{ message, stack, short, full string }{
		{"one line", "", "one line", ""},
		{"one line", "stack", "one line", "one line\nstack"},
		{"two\nlines", "", "two", "two\nlines"},
		{"", "", "-", ""},
		{" \t", "", "-", " \t"},
		{"\nbelow", "", "-", "\nbelow"},
		{"", "stack", "-", "stack"},
	} {
		got := message(t, "", zapcore.Entry{Time: at, Message: test.message, Stack: test.stack})
		assert.Equal(t, test.short, got["short_message"], "%q", test.message)
		if test.full == "" {
			assert.NotContains(t, got, "full_message")
		} else {
			assert.Equal(t, test.full, got["full_message"])
		}
	}
}

func TestTime(t *testing.T) {
	for want, moment := range map[string]time.Time{
		"0.000000001":           time.Unix(0, 1),
		"5":                     time.Unix(5, 0),
		"-0.5":                  time.Unix(-1, 5e8),
		"-1":                    time.Unix(-1, 0),
		"-1.25":                 time.Unix(-2, 75e7),
		"1795429230.120000001":  at.Add(1),
		"253402300799.99999999": time.Unix(253402300799, 999999990),
	} {
		assert.Equal(t, want, string(appendTime(nil, moment)))
	}
	assert.GreaterOrEqual(t, string(appendTime(nil, time.Time{})), "17", "no time at all is now")
}

func TestSeverity(t *testing.T) {
	for level, want := range map[zapcore.Level]byte{-5: 7, -1: 7, 0: 6, 1: 4, 2: 3, 3: 2, 4: 2, 5: 2, 50: 2} {
		assert.Equal(t, want, Severity(level), level)
	}
}

// Graylog replaces each dot by an underscore, and drops a field whose name exists already. It drops none of ours.
func TestNamesThatGraylogStoresAsOne(t *testing.T) {
	assert.Equal(t, map[string]any{
		"version": "1.1", "host": "here", "short_message": "x", "timestamp": "1795429230.12 ", "level": "6 ", "_user_id": "1 ", "_user.id_": "2 ",
		"_full.message_": "forged", "_a.b": "3 ", "_a_b_": "4 ", "_a.b_2": "5 ",
	}, message(t, "", zapcore.Entry{Time: at, Message: "x"}, zap.Int("user_id", 1), zap.Dict("user", zap.Int("id", 2)), zap.String("full.message", "forged"),
		zap.Dict("a", zap.Int("b", 3)), zap.Int("a_b", 4), zap.Int("a.b", 5)))
}

func TestManyNames(t *testing.T) {
	var fields []zapcore.Field
	for range 300 {
		fields = append(fields, zap.Int("k", 1))
	}
	got := message(t, "", zapcore.Entry{Time: at, Message: "m"}, fields...)
	assert.Len(t, got, 5+300)
	assert.Contains(t, got, "_k_299")
}

func TestChunks(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789"), 20)
	for size := ChunkHead + 2; size < 100; size++ {
		b, ends := AppendChunks(nil, nil, payload, size, 0x0102030405060708)
		require.LessOrEqual(t, len(ends), MaxChunks)
		var whole []byte
		from := 0
		for i, end := range ends {
			chunk := b[from:end]
			require.LessOrEqual(t, len(chunk), size)
			require.Equal(t, fmt.Appendf(nil, "\x1e\x0f\x01\x02\x03\x04\x05\x06\x07\x08%c%c", i, len(ends)), chunk[:ChunkHead])
			require.Greater(t, len(chunk), ChunkHead, "an empty chunk")
			whole = append(whole, chunk[ChunkHead:]...)
			from = end
		}
		require.Equal(t, payload, whole)
	}
}

func TestCompressionAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Time: at, Message: "m"}, base.Context{}, []zapcore.Field{zap.String("a", "b"), zap.Int("n", 1)}))
	for _, compression := range []string{"", "gzip", "zlib"} {
		f := New("here", compression)
		dst, _ := f.Append(nil, &r)
		assert.Zero(t, testing.AllocsPerRun(100, func() { dst, _ = f.Append(dst[:0], &r) }), compression)
	}
	assert.Error(t, CheckCompression("lz4"))
}

// FuzzMessage holds that whatever is logged, a message is one object of texts and numbers, with legal names, each once.
func FuzzMessage(f *testing.F) {
	f.Add("message", "key", "value", `{"a":[1,2.5,"x",null],"b":{"c":1e999}}`, int64(-1), 0.5)
	f.Add("\n", "id", "\xff\x00", ` [[],{}]`, int64(1<<40), math.Inf(1))
	f.Fuzz(func(t *testing.T, text, key, value, raw string, n int64, x float64) {
		reflected := json.RawMessage(raw)
		if !json.Valid(reflected) {
			reflected = json.RawMessage("null")
		}
		ent := zapcore.Entry{Level: zapcore.Level(n), Time: time.Unix(n, n), LoggerName: value, Message: text, Stack: key}
		message(t, "", ent, zap.String(key, value), zap.Int64(key, n), zap.Float64(value, x), zap.Dict(value, zap.String(key, value), zap.Int64(key, n)),
			zap.Reflect("raw", reflected), zap.Namespace(key), zap.Strings(key, []string{value, key}))
	})
}

func TestTimesFarAwayAreNumbers(t *testing.T) {
	for _, test := range []struct {
		at   time.Time
		want string
	}{
		{time.Unix(math.MinInt64, 0), "-62167219200"},
		{time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), "-62167219200"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "253402300799.999999999"},
		{time.Unix(math.MaxInt64, 0), "253402300799.999999999"},
		{time.Unix(-5, 1), "-4.999999999"},
	} {
		got := message(t, "", zapcore.Entry{Message: "far", Time: test.at})
		assert.Equal(t, test.want+" ", got["timestamp"])
	}
}
