package zapcore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	base "example.com/zaphandlers/zapcore"
)

// randomCall is a call of a logger: what it was configured with and what it was given. Two of the same seed are equal and share nothing, so
// one may be changed after it was logged.
type randomCall struct {
	*rand.Rand
	cfg    zapcore.EncoderConfig
	ent    zapcore.Entry
	with   [][]zapcore.Field
	fields []zapcore.Field

	changes []func() // what a program does to its own values afterwards
}

func newRandomCall(seed uint64) *randomCall {
	c := &randomCall{Rand: rand.New(rand.NewPCG(seed, 7))}
	c.cfg = c.config()
	c.ent = c.entry()
	for range c.IntN(4) {
		c.with = append(c.with, c.some(c.IntN(4), 2))
	}
	c.fields = c.some(c.IntN(7), 3)
	return c
}

// change changes all that the program has given to the logger.
func (c *randomCall) change() {
	for _, f := range c.changes {
		f()
	}
	for i := range c.fields {
		c.fields[i] = zap.String("changed", "changed")
	}
}

func one[T any](c *randomCall, of ...T) T { return of[c.IntN(len(of))] }

func (c *randomCall) text() string {
	switch c.IntN(8) {
	case 0:
		return one(c, "", "é", "日本語", "a\u2028b\u2029", "\xff", "a\xe6\x97", "\"", "\\", "\x00\x1f\x7f", "\ufeffbom", "<&>", "\U0001f600\xf0\x9f")
	case 1:
		b := make([]byte, c.IntN(40))
		for i := range b {
			b[i] = byte(c.Uint32())
		}
		return string(b)
	case 2:
		return strings.Repeat(one(c, "a", "é", "\n", "x\""), c.IntN(600))
	default:
		return "plain text of some length, plain text"[:c.IntN(38)]
	}
}

func (c *randomCall) key() string {
	if c.IntN(4) == 0 {
		return c.text()
	}
	return one(c, "k", "key", "level", "msg", "ts", "error", "errorVerbose", "a longer key", "kError", "")
}

func (c *randomCall) int() int64 {
	switch c.IntN(4) {
	case 0:
		return one[int64](c, 0, 1, -1, math.MaxInt64, math.MinInt64, math.MaxInt32, math.MinInt32, 255, 256)
	case 1:
		return c.Int64() >> c.IntN(64)
	case 2:
		return -(c.Int64() >> c.IntN(64))
	default:
		return c.Int64N(1000)
	}
}

func (c *randomCall) float() float64 {
	switch c.IntN(5) {
	case 0:
		return one(c, 0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64, 1e21, 1e-7, 1e6, 1<<30, 1<<33)
	case 1:
		return math.Float64frombits(c.Uint64())
	case 2:
		return float64(c.int()) / 1e9
	case 3:
		return float64(c.IntN(1e9)) / one(c, 1, 10.0, 1e3, 1e6)
	default:
		return c.NormFloat64()
	}
}

func (c *randomCall) time() time.Time {
	var at time.Time
	switch c.IntN(6) {
	case 0:
		return one(c, time.Time{}, time.Unix(0, 0), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 5), time.Unix(0, math.MaxInt64),
			time.Unix(0, math.MinInt64), time.Unix(1<<33, 999999999), time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 1, time.UTC))
	case 1:
		at = time.Unix(c.int(), c.Int64N(1e9))
	default:
		at = time.Unix(1.7e9+c.Int64N(1e8), c.Int64N(1e9))
	}
	switch c.IntN(6) {
	case 0:
		return at.In(time.FixedZone(one(c, "", "UTC", "ODD", "é", "GMT", "+03", "a zone"), one(c, 0, 1, -1, 59, 3600, -86399, 86400*3, 5400)))
	case 1, 2:
		return at.UTC()
	case 3:
		return at.In(one(c, randomZones()...))
	default:
		return at
	}
}

func randomZones() (zones []*time.Location) {
	for _, name := range []string{"Europe/Berlin", "Asia/Kathmandu", "Africa/Monrovia", "America/St_Johns", "Etc/GMT+12", "Pacific/Apia"} {
		if zone, err := time.LoadLocation(name); err == nil {
			zones = append(zones, zone)
		}
	}
	return append(zones, time.Local)
}

func (c *randomCall) duration() time.Duration {
	return one(c, time.Duration(c.int()), time.Duration(c.Int64N(1e10)), time.Duration(c.IntN(100))*time.Millisecond)
}

func (c *randomCall) entry() zapcore.Entry {
	ent := zapcore.Entry{Level: zapcore.Level(c.IntN(8) - 1), Time: c.time(), Message: c.text()}
	if c.IntN(5) == 0 {
		ent.Level = zapcore.Level(int8(c.Uint32()))
	}
	if c.IntN(2) == 0 {
		ent.LoggerName = c.text()
	}
	if c.IntN(2) == 0 {
		ent.Stack = c.text()
	}
	if c.IntN(3) > 0 {
		ent.Caller = zapcore.EntryCaller{
			Defined: true, File: one(c, "/a/b/c.go", "c.go", "/c.go", "", "a/b", `C:\a\b.go`, c.text()), Line: int(c.int()), Function: c.text(),
		}
	}
	return ent
}

// config returns one with anything in each of its fields.
func (c *randomCall) config() zapcore.EncoderConfig {
	key := func(name string) string {
		return one(c, name, name, name, name, name, "", "same", "a\"\n\xffb", "é", "seventeen letters")
	}
	return zapcore.EncoderConfig{
		MessageKey: key("msg"), LevelKey: key("level"), TimeKey: key("ts"), NameKey: key("logger"), CallerKey: key("caller"),
		FunctionKey: key("func"), StacktraceKey: key("stack"),
		SkipLineEnding:   c.IntN(5) == 0,
		LineEnding:       one(c, "", "", "\n", "\r\n", "\x00", " end {"),
		ConsoleSeparator: one(c, "", "\t", "|"),
		EncodeLevel: one(c, nil, zapcore.LowercaseLevelEncoder, zapcore.CapitalLevelEncoder, zapcore.CapitalColorLevelEncoder,
			zapcore.LowercaseColorLevelEncoder, func(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) { randomHook(int(l), enc) }),
		EncodeTime: one(c, nil, zapcore.EpochTimeEncoder, zapcore.EpochMillisTimeEncoder, zapcore.EpochNanosTimeEncoder, zapcore.ISO8601TimeEncoder,
			zapcore.RFC3339TimeEncoder, zapcore.RFC3339NanoTimeEncoder, zapcore.TimeEncoderOfLayout("Jan _2 2006 15:04:05.000 MST -07:00:00"),
			zapcore.TimeEncoderOfLayout("\"2006\"\n"), zapcore.TimeEncoderOfLayout(""),
			func(t time.Time, enc zapcore.PrimitiveArrayEncoder) { randomHook(t.Nanosecond(), enc) }),
		EncodeDuration: one(c, nil, zapcore.SecondsDurationEncoder, zapcore.NanosDurationEncoder, zapcore.MillisDurationEncoder,
			zapcore.StringDurationEncoder, func(d time.Duration, enc zapcore.PrimitiveArrayEncoder) { randomHook(int(d), enc) }),
		EncodeCaller: one(c, zapcore.ShortCallerEncoder, zapcore.FullCallerEncoder, func(at zapcore.EntryCaller, enc zapcore.PrimitiveArrayEncoder) {
			randomHook(at.Line, enc)
		}),
		EncodeName: one(c, nil, zapcore.FullNameEncoder, func(name string, enc zapcore.PrimitiveArrayEncoder) { randomHook(len(name), enc) }),
	}
}

// randomHook is a function of an EncoderConfig that does, by n, what such a function may.
func randomHook(n int, enc zapcore.PrimitiveArrayEncoder) {
	switch uint(n) % 16 {
	case 0: // nothing
	case 1:
		enc.AppendString("text\n")
		enc.AppendInt(n)
	case 2:
		everyPrimitive(enc)
	case 3:
		_ = enc.(zapcore.ArrayEncoder).AppendObject(everyMethod{})
	case 4:
		_ = enc.(zapcore.ArrayEncoder).AppendArray(everyElement{})
	case 5:
		_ = enc.(zapcore.ArrayEncoder).AppendReflected(map[string]int{"a": n})
	case 6:
		enc.AppendString("value")
		enc.(zapcore.ObjectEncoder).AddInt("another member", n)
	case 7:
		enc.AppendByteString([]byte("\xffbytes"))
	case 8:
		enc.(interface{ AppendTimeLayout(time.Time, string) }).AppendTimeLayout(time.Unix(int64(n), 0).UTC(), time.RFC3339Nano)
	case 9:
		_ = enc.(zapcore.ArrayEncoder).AppendObject(failing{})
	case 10:
		enc.AppendFloat64(float64(n) / 1000)
	case 11:
		enc.AppendString("value")
		enc.(zapcore.ObjectEncoder).OpenNamespace("namespace")
	case 12:
		enc.AppendString("value")
		_ = everyMethod{}.MarshalLogObject(enc.(zapcore.ObjectEncoder))
	case 13:
		enc.AppendString("value")
		_ = enc.(zapcore.ObjectEncoder).AddReflected("none", make(chan int))
		_ = enc.(zapcore.ObjectEncoder).AddObject("object", nested(2))
		_ = enc.(zapcore.ObjectEncoder).AddArray("array", failing{})
	case 14:
		_ = enc.(zapcore.ArrayEncoder).AppendReflected(make(chan int))
	default:
		enc.AppendString("text")
	}
}

func (c *randomCall) some(n, depth int) (fields []zapcore.Field) {
	for range n {
		fields = append(fields, c.field(depth))
	}
	return fields
}

// field returns a field of any kind. What it holds within is no deeper than depth.
func (c *randomCall) field(depth int) zapcore.Field {
	key := c.key()
	switch c.IntN(12) {
	case 0, 1:
		return zap.String(key, c.text())
	case 2:
		return c.number(key)
	case 3:
		return one(c, zap.Duration(key, c.duration()), zap.Time(key, c.time()), zap.Timep(key, nil), zap.Timep(key, ptr(c.time())))
	case 4:
		return c.list(key)
	case 5:
		return zap.NamedError(key, c.error(2))
	case 6:
		return c.stringer(key)
	case 7:
		return c.reflected(key)
	case 8:
		if depth > 0 {
			return c.nested(key, depth-1)
		}
		return zap.Skip()
	case 9:
		return zap.Any(key, c.any())
	case 10:
		if c.IntN(3) == 0 {
			return zap.Namespace(key)
		}
		return zap.Bool(key, c.IntN(2) == 0)
	default:
		b := []byte(c.text())
		c.changes = append(c.changes, func() { clear(b) })
		return one(c, zap.Binary(key, b), zap.ByteString(key, b), zap.Uint8s(key, b), zap.Any(key, b))
	}
}

func (c *randomCall) number(key string) zapcore.Field {
	n, f := c.int(), c.float()
	return one(c, zap.Int(key, int(n)), zap.Int64(key, n), zap.Int32(key, int32(n)), zap.Int16(key, int16(n)), zap.Int8(key, int8(n)),
		zap.Uint(key, uint(n)), zap.Uint64(key, uint64(n)), zap.Uint32(key, uint32(n)), zap.Uint16(key, uint16(n)), zap.Uint8(key, uint8(n)),
		zap.Uintptr(key, uintptr(n)), zap.Float64(key, f), zap.Float32(key, float32(f)), zap.Complex128(key, complex(f, c.float())),
		zap.Complex64(key, complex64(complex(f, c.float()))), zap.Float64p(key, &f), zap.Int64p(key, nil), zap.Boolp(key, nil),
		zapcore.Field{Key: key, Type: zapcore.BoolType, Integer: n}, zapcore.Field{Key: key, Type: zapcore.Int8Type, Integer: n},
		zapcore.Field{Key: key, Type: zapcore.Uint32Type, Integer: n, String: c.text()}, zapcore.Field{Key: key, Type: zapcore.TimeType, Integer: n},
		zapcore.Field{Key: key, Type: zapcore.Float32Type, Integer: n}, zapcore.Field{Key: key, Type: zapcore.NamespaceType, Integer: n, String: "s"},
		zapcore.Field{Key: key, Type: zapcore.SkipType, Interface: 1})
}

func (c *randomCall) list(key string) zapcore.Field {
	n := c.IntN(4)
	texts, ints, floats, times, durations, errs := make([]string, n), make([]int64, n), make([]float64, n), make([]time.Time, n), make([]time.Duration, n), make([]error, n)
	for i := range n {
		texts[i], ints[i], floats[i], times[i], durations[i], errs[i] = c.text(), c.int(), c.float(), c.time(), c.duration(), c.error(1)
	}
	c.changes = append(c.changes, func() {
		clear(texts)
		clear(ints)
		clear(floats)
		clear(times)
		clear(durations)
		clear(errs)
	})
	return one(c, zap.Strings(key, texts), zap.Int64s(key, ints), zap.Float64s(key, floats), zap.Times(key, times), zap.Durations(key, durations),
		zap.Errors(key, errs), zap.Stringers(key, durations), zap.Strings(key, nil), zap.Any(key, texts), zap.Any(key, errs), zap.Any(key, floats),
		zap.Any(key, []any{texts, ints, "<&>"}), zap.Reflect(key, texts))
}

func (c *randomCall) stringer(key string) zapcore.Field {
	var nobody *nilStringer
	var address *url.URL
	return one(c, zap.Stringer(key, textStringer(c.text())), zap.Stringer(key, nobody), zap.Stringer(key, panicStringer{}),
		zap.Stringer(key, &nilStringer{c.text()}), zap.Stringer(key, c.duration()), zap.Stringer(key, address), zap.Any(key, address),
		zap.Any(key, netip.MustParseAddr("::1")), zap.Any(key, net.IPv4(1, 2, 3, 4)), zap.Any(key, big.NewInt(c.int())),
		zap.Stringer(key, &changingStringer{c: c, text: c.text()}), zap.Any(key, zapcore.Level(c.IntN(7))),
		zapcore.Field{Key: key, Type: zapcore.StringerType, Interface: json.Number("1")},
		zapcore.Field{Key: key, Type: zapcore.StringerType, Interface: 5}, zapcore.Field{Key: key, Type: zapcore.StringerType})
}

// changingStringer has another text after the call.
type changingStringer struct {
	c    *randomCall
	text string
}

func (s *changingStringer) String() string {
	s.c.changes = append(s.c.changes, func() { s.text = "changed" })
	return s.text
}

func (c *randomCall) error(depth int) error {
	switch c.IntN(14) {
	case 0:
		return nil
	case 1:
		return (*nilError)(nil)
	case 2:
		return panicError{}
	case 3:
		return verbose{}
	case 4:
		if depth > 0 {
			return multierr.Combine(c.error(depth-1), c.error(depth-1), c.error(depth-1))
		}
		return errors.New(c.text())
	case 5:
		if depth > 0 {
			return errors.Join(c.error(depth-1), c.error(depth-1))
		}
		return os.ErrNotExist
	case 6:
		if depth > 0 {
			return brokenGroup{c.error(depth - 1), depth}
		}
		return brokenGroup{nil, 7}
	case 7:
		return fmt.Errorf("%s: %w", c.text(), os.ErrClosed)
	case 8:
		return &os.PathError{Op: "open", Path: c.text(), Err: os.ErrPermission}
	case 9:
		return formattedError{c.text(), c.IntN(4)}
	default:
		return errors.New(c.text())
	}
}

// brokenGroup is a group of errors that has one, or panics when it is asked for them.
type brokenGroup struct {
	err error
	n   int
}

func (g brokenGroup) Error() string { return "group" }

func (g brokenGroup) Errors() []error {
	switch g.n {
	case 7:
		panic("no errors")
	case 1:
		return nil
	}
	return []error{g.err, nil, g.err}
}

// formattedError is a fmt.Formatter in one of several ways.
type formattedError struct {
	text string
	way  int
}

func (e formattedError) Error() string { return e.text }

func (e formattedError) Format(s fmt.State, verb rune) {
	switch e.way {
	case 0:
		panic("no format")
	case 1: // nothing
	case 2:
		_, _ = s.Write([]byte(e.text))
	default:
		_, _ = fmt.Fprintf(s, "%s as %c\n\xff", e.text, verb)
	}
}

func (c *randomCall) reflected(key string) zapcore.Field {
	m := map[string]any{c.text(): c.text(), "n": c.IntN(100), "t": c.time().Round(time.Second).UTC().Year()}
	p := &struct {
		A string  `json:"a<b"`
		B float64 `json:"b,omitempty"`
		C *int
		D []byte
	}{A: c.text(), B: c.NormFloat64() * 1e30, D: []byte(c.text())}
	c.changes = append(c.changes, func() { clear(m); p.A = "changed"; p.C = new(int) })
	return one(c, zap.Reflect(key, m), zap.Any(key, m), zap.Reflect(key, p), zap.Any(key, p), zap.Reflect(key, nil), zap.Reflect(key, make(chan int)),
		zap.Reflect(key, math.NaN()), zap.Any(key, []any{math.Inf(1)}), zap.Reflect(key, json.RawMessage("{ \"a\" :\n[1, 2 ] }")), zap.Reflect(key, json.RawMessage("{bad")),
		zap.Reflect(key, json.RawMessage(nil)), zap.Reflect(key, json.RawMessage(" 1 ")), zap.Reflect(key, c.text()), zap.Reflect(key, marshalsText(c.text())),
		zap.Reflect(key, panicsInJSON{}), zap.Any(key, json.Number("1e400")), zap.Any(key, (*int)(nil)), zap.Any(key, (*struct{})(nil)), zap.Any(key, (*everyMethod)(nil)),
		zap.Any(key, (error)(nil)), zap.Reflect(key, []any{nil, c.IntN(9), "a\u2028\xff"}), zap.Any(key, [3]int{1, 2, 3}), zap.Any(key, struct{}{}),
		zap.Any(key, c.time()), zap.Any(key, map[string]float64{"x": 1e21, "y": 1e-7}), zap.Any(key, ptr(c.text())), zap.Any(key, func() {}))
}

// marshalsText is JSON that is a text, with spaces and new lines in the JSON.
type marshalsText string

func (m marshalsText) MarshalJSON() ([]byte, error) {
	text := strconv.Quote(string(m))
	if !json.Valid([]byte(text)) {
		return nil, errors.New("no text: " + string(m))
	}
	return []byte("[ \n" + text + ",\t{} ]"), nil
}

// panicsInJSON has no JSON: its method panics with an error, which encoding/json leaves to the caller.
type panicsInJSON struct{}

func (panicsInJSON) MarshalJSON() ([]byte, error) { return nil, errors.New("no JSON") }

func (c *randomCall) nested(key string, depth int) zapcore.Field {
	fields := c.some(c.IntN(4), depth)
	object := zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
		addTo(enc, fields)
		return nil
	})
	return one(c, zap.Dict(key, fields...), zap.Any(key, zap.DictObject(fields...)), zap.Inline(zap.DictObject(fields...)), zap.Inline(object), zap.Object(key, object),
		zap.Objects(key, []zapcore.ObjectMarshaler{object, object}), zap.Array(key, everyElement{}), zap.Object(key, everyMethod{}), zap.Inline(everyMethod{}),
		zap.Object(key, failing{}), zap.Array(key, failing{}), zap.Inline(failing{}), zap.ObjectValues(key, []pointerObject{{1}, {2}}),
		zap.Objects(key, []failing{{}, {}}), zap.Object(key, nested(depth)), zap.Array(key, nested(depth+1)), zap.Any(key, []zapcore.ObjectMarshaler{object}),
		zap.Array(key, zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
			if err := enc.AppendObject(object); err != nil {
				return err
			}
			if err := enc.AppendReflected(make(chan int)); err != nil {
				_ = enc.AppendReflected(nil)
				enc.AppendString(err.Error())
			}
			_ = enc.AppendArray(failing{})
			return enc.AppendObject(failing{})
		})),
		zap.Object(key, zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
			enc.OpenNamespace("one")
			addTo(enc, fields)
			enc.OpenNamespace("")
			_ = enc.AddObject("object", object)
			_ = enc.AddReflected("bad", make(chan int))
			return enc.AddArray("array", failing{})
		})))
}

// any is what zap.Any has a case for, and what it has none for.
func (c *randomCall) any() any {
	n := c.int()
	return one[any](c, nil, n, int(n), int8(n), uint16(n), uintptr(n), c.float(), float32(c.float()), complex(c.float(), 1), c.IntN(2) == 0, c.text(),
		ptr(n), (*string)(nil), (*bool)(nil), (*time.Time)(nil), (*time.Duration)(nil), ptr(c.time()), ptr(c.duration()), (*float32)(nil), []bool{true}, []complex64{1},
		[]int8{1}, []uint16{2}, []uintptr{3}, [][]byte{[]byte(c.text())}, []string(nil), []time.Time{c.time()}, []time.Duration{c.duration()}, []float32{float32(c.float())},
		[]error{c.error(1), nil}, []zapcore.ObjectMarshaler(nil), everyMethod{}, everyElement{}, c.error(1), verbose{}, &nilStringer{"text"}, (*nilStringer)(nil),
		(*nilError)(nil), [2]string{c.text()}, map[int]string{1: c.text()}, map[bool]int{true: 1}, []fmt.Stringer{time.Second}, zap.Dict("k", c.some(1, 0)...).Interface,
		[]zapcore.Field{zap.Int("a", 1)}, time.UTC, struct{ error }{errors.New("embedded")})
}

// panicsTo returns what f returns, or what it panics with.
func panicsTo(f func() string) (out string, panicked any) {
	defer func() { panicked = recover() }()
	return f(), nil
}

// written returns what core, and whoever it has by With, writes to out.
func (c *randomCall) written(t *testing.T, core zapcore.Core, out *zaptest.Buffer) string {
	t.Helper()
	out.Reset()
	for _, with := range c.with {
		core = core.With(with)
	}
	require.NoError(t, core.Write(c.ent, c.fields))
	return out.String()
}

// recorded records the call, then changes all that it was given, and lets the record through Parse.
func (c *randomCall) recorded(t *testing.T) *base.Record {
	t.Helper()
	var context base.Context
	for _, with := range c.with {
		context = context.With(with)
	}
	var captured, parsed base.Record
	require.NoError(t, captured.Capture(c.ent, context, c.fields))
	c.change()
	require.NoError(t, parsed.Parse(captured.Bytes()))
	return &parsed
}

// encoded returns what enc makes of the record.
func (c *randomCall) encoded(t *testing.T, enc zapcore.Encoder) string {
	t.Helper()
	line, err := c.recorded(t).AppendEncoded(nil, enc)
	require.NoError(t, err)
	return string(line)
}

// delivered returns what core, to which the record is delivered, writes to out.
func (c *randomCall) delivered(t *testing.T, core zapcore.Core, out *zaptest.Buffer) string {
	t.Helper()
	out.Reset()
	_, err := c.recorded(t).Deliver(core, true)
	require.NoError(t, err)
	return out.String()
}

const anyLevel = zapcore.Level(-128)

// randomWays are the ways of a call to a line, by the encoder of the two that it is given.
var randomWays = map[string]func(t *testing.T, c *randomCall, enc zapcore.Encoder, out *zaptest.Buffer) string{
	"zap's core": func(t *testing.T, c *randomCall, enc zapcore.Encoder, out *zaptest.Buffer) string {
		return c.written(t, zapcore.NewCore(enc, out, anyLevel), out)
	},
	"a Handler": func(t *testing.T, c *randomCall, enc zapcore.Encoder, out *zaptest.Buffer) string {
		return c.written(t, base.FromWriter(enc, out, nil), out)
	},
	"a record": func(t *testing.T, c *randomCall, enc zapcore.Encoder, _ *zaptest.Buffer) string {
		return c.encoded(t, enc)
	},
	"a record, delivered to a Handler": func(t *testing.T, c *randomCall, enc zapcore.Encoder, out *zaptest.Buffer) string {
		return c.delivered(t, base.FromWriter(enc, out, nil), out)
	},
	"a record, delivered to zap's core": func(t *testing.T, c *randomCall, enc zapcore.Encoder, out *zaptest.Buffer) string {
		return c.delivered(t, zapcore.NewCore(enc, out, anyLevel), out)
	},
	"a record, delivered to a core around zap's": func(t *testing.T, c *randomCall, enc zapcore.Encoder, out *zaptest.Buffer) string {
		return c.delivered(t, zapcore.RegisterHooks(zapcore.NewCore(enc, out, anyLevel), func(zapcore.Entry) error { return nil }), out)
	},
	"a record of a record": func(t *testing.T, c *randomCall, enc zapcore.Encoder, _ *zaptest.Buffer) string {
		var again base.Record
		r := c.recorded(t)
		require.NoError(t, again.Capture(r.Entry(), base.Context{}, r.AppendFields(nil)))
		line, err := again.AppendEncoded(nil, enc)
		require.NoError(t, err)
		return string(line)
	},
}

// requireRandomIsZaps requires that the call of that seed comes out as by zap's own encoder and core, whichever way it goes.
func requireRandomIsZaps(t *testing.T, seed uint64) {
	t.Helper()
	var out zaptest.Buffer
	want, panicked := panicsTo(func() string {
		c := newRandomCall(seed)
		return c.written(t, zapcore.NewCore(zapcore.NewJSONEncoder(c.cfg), &out, anyLevel), &out)
	})
	encoders := map[string]func(zapcore.EncoderConfig) zapcore.Encoder{"zap's encoder": zapcore.NewJSONEncoder, "NewJSON": base.NewJSON}
	for way, write := range randomWays {
		for encoder, makeEncoder := range encoders {
			c := newRandomCall(seed)
			got, gotPanicked := panicsTo(func() string { return write(t, c, makeEncoder(c.cfg), &out) })
			require.Equal(t, fmt.Sprint(panicked), fmt.Sprint(gotPanicked), "seed %d, %s, %s", seed, way, encoder)
			if panicked == nil && want != got {
				require.Equal(t, excerpt(want, got), excerpt(got, want), "seed %d, %s, %s", seed, way, encoder)
			}
		}
	}
}

// excerpt returns the part of a where it begins to differ from b.
func excerpt(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return fmt.Sprintf("%q at byte %d of %d", a[max(0, i-100):min(len(a), i+100)], i, len(a))
}

// More of them are tried by FuzzJSONCalls.
func TestJSONOfRandomCallsIsZaps(t *testing.T) {
	for seed := range uint64(400) {
		requireRandomIsZaps(t, seed)
	}
}

func FuzzJSONCalls(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(requireRandomIsZaps)
}
