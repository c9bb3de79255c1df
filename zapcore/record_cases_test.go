package zapcore_test

import (
	"errors"
	"fmt"
	"math"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// constructors holds, for each function of package zap that makes a Field, fields that go through all it can do. A test
// compares its keys with what zap exports.
var constructors = map[string][]zapcore.Field{
	"Skip":        {zap.Skip()},
	"Binary":      {zap.Binary("k", []byte{0, 1, 255}), zap.Binary("k", nil)},
	"Bool":        {zap.Bool("k", true), zap.Bool("k", false)},
	"Boolp":       {zap.Boolp("k", ptr(true)), zap.Boolp("k", nil)},
	"ByteString":  {zap.ByteString("k", []byte("text")), zap.ByteString("k", []byte("\xff\"\n")), zap.ByteString("k", nil)},
	"Complex128":  {zap.Complex128("k", 1.5-2i), zap.Complex128("k", complex(math.Inf(1), math.NaN()))},
	"Complex128p": {zap.Complex128p("k", ptr(1+2i)), zap.Complex128p("k", nil)},
	"Complex64":   {zap.Complex64("k", complex64(0.1+0.2i))},
	"Complex64p":  {zap.Complex64p("k", ptr(complex64(0.1-0.2i))), zap.Complex64p("k", nil)},
	"Float64":     {zap.Float64("k", 0.1), zap.Float64("k", math.NaN()), zap.Float64("k", math.Inf(-1)), zap.Float64("k", 1e300)},
	"Float64p":    {zap.Float64p("k", ptr(2.5)), zap.Float64p("k", nil)},
	"Float32":     {zap.Float32("k", 0.1), zap.Float32("k", float32(math.Inf(1)))},
	"Float32p":    {zap.Float32p("k", ptr(float32(0.1))), zap.Float32p("k", nil)},
	"Int":         {zap.Int("k", math.MinInt), zap.Int("k", math.MaxInt)},
	"Intp":        {zap.Intp("k", ptr(-1)), zap.Intp("k", nil)},
	"Int64":       {zap.Int64("k", math.MinInt64)},
	"Int64p":      {zap.Int64p("k", ptr(int64(math.MaxInt64))), zap.Int64p("k", nil)},
	"Int32":       {zap.Int32("k", math.MinInt32)},
	"Int32p":      {zap.Int32p("k", ptr(int32(math.MaxInt32))), zap.Int32p("k", nil)},
	"Int16":       {zap.Int16("k", math.MinInt16)},
	"Int16p":      {zap.Int16p("k", ptr(int16(math.MaxInt16))), zap.Int16p("k", nil)},
	"Int8":        {zap.Int8("k", math.MinInt8)},
	"Int8p":       {zap.Int8p("k", ptr(int8(math.MaxInt8))), zap.Int8p("k", nil)},
	"String":      {zap.String("k", "text"), zap.String("", ""), zap.String("k\n\"", "é\x00\xff \" \\ <&>"), zap.String(long("k"), long("v"))},
	"Stringp":     {zap.Stringp("k", ptr("text")), zap.Stringp("k", nil)},
	"Uint":        {zap.Uint("k", math.MaxUint)},
	"Uintp":       {zap.Uintp("k", ptr(uint(1))), zap.Uintp("k", nil)},
	"Uint64":      {zap.Uint64("k", math.MaxUint64)},
	"Uint64p":     {zap.Uint64p("k", ptr(uint64(1))), zap.Uint64p("k", nil)},
	"Uint32":      {zap.Uint32("k", math.MaxUint32)},
	"Uint32p":     {zap.Uint32p("k", ptr(uint32(1))), zap.Uint32p("k", nil)},
	"Uint16":      {zap.Uint16("k", math.MaxUint16)},
	"Uint16p":     {zap.Uint16p("k", ptr(uint16(1))), zap.Uint16p("k", nil)},
	"Uint8":       {zap.Uint8("k", math.MaxUint8)},
	"Uint8p":      {zap.Uint8p("k", ptr(uint8(1))), zap.Uint8p("k", nil)},
	"Uintptr":     {zap.Uintptr("k", ^uintptr(0))},
	"Uintptrp":    {zap.Uintptrp("k", ptr(uintptr(1))), zap.Uintptrp("k", nil)},
	"Reflect": {
		zap.Reflect("k", nil), zap.Reflect("k", 5), zap.Reflect("k", "<&>"), zap.Reflect("k", []any{1, nil, "x", 2.5}),
		zap.Reflect("k", map[string]any{"b": 1, "a": map[string]int{"z": 1}}), zap.Reflect("k", struct{ A, B int }{1, 2}),
		zap.Reflect("k", "line\u2028end"),
	},
	"Namespace": {zap.Namespace("n"), zap.Int("inside", 1), zap.Namespace("m"), zap.Int("deeper", 2)},
	"Stringer": {
		zap.Stringer("k", time.Second), zap.Stringer("k", (*nilStringer)(nil)), zap.Stringer("k", panicStringer{}),
	},
	"Time": {
		zap.Time("k", time.Date(2026, 11, 22, 1, 2, 3, 456789012, time.UTC)),
		zap.Time("k", time.Date(2026, 7, 1, 1, 2, 3, 4, time.Local)),
		zap.Time("k", time.Date(2026, 11, 22, 1, 2, 3, 4, time.FixedZone("ODD", 19*60+32))),
		zap.Time("k", time.Date(2026, 11, 22, 1, 2, 3, 4, time.FixedZone("", -3600))),
		zap.Time("k", time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), zap.Time("k", time.Date(9999, 1, 1, 0, 0, 0, 999999999, zone("ABC", 5*3600))),
		zap.Time("k", time.Date(1677, 1, 1, 0, 0, 0, 0, time.Local)), zap.Time("k", time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC)),
		{Key: "k", Type: zapcore.TimeType, Integer: 1},
	},
	"Timep":     {zap.Timep("k", ptr(time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC))), zap.Timep("k", nil)},
	"Stack":     {stack},
	"StackSkip": {zap.StackSkip("k", 1)},
	"Duration":  {zap.Duration("k", -time.Nanosecond), zap.Duration("k", math.MaxInt64)},
	"Durationp": {zap.Durationp("k", ptr(time.Second)), zap.Durationp("k", nil)},
	"Object": {
		zap.Object("k", everyMethod{}), zap.Object("k", nested(3)), zap.Object("k", failing{}),
		zap.Object("k", zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error { enc.OpenNamespace("open"); enc.AddInt("in", 1); return nil })),
	},
	"Inline":      {zap.Inline(everyMethod{}), zap.Inline(failing{}), zap.Int("after", 1)},
	"Dict":        {zap.Dict("k", zap.Int("a", 1), zap.Dict("b", zap.String("c", "d")), zap.Error(errors.New("e"))), zap.Dict("k")},
	"Array":       {zap.Array("k", everyElement{}), zap.Array("k", failing{})},
	"Bools":       {zap.Bools("k", []bool{true, false}), zap.Bools("k", nil)},
	"ByteStrings": {zap.ByteStrings("k", [][]byte{[]byte("a"), nil, []byte("\xff")})},
	"Complex128s": {zap.Complex128s("k", []complex128{1 + 2i, -1i})},
	"Complex64s":  {zap.Complex64s("k", []complex64{0.1 + 0.2i})},
	"Durations":   {zap.Durations("k", []time.Duration{time.Second, -1})},
	"Float64s":    {zap.Float64s("k", []float64{0.1, math.NaN()})},
	"Float32s":    {zap.Float32s("k", []float32{0.1, 1e-10})},
	"Ints":        {zap.Ints("k", []int{1, -2})},
	"Int64s":      {zap.Int64s("k", []int64{1, -2})},
	"Int32s":      {zap.Int32s("k", []int32{1, -2})},
	"Int16s":      {zap.Int16s("k", []int16{1, -2})},
	"Int8s":       {zap.Int8s("k", []int8{1, -2})},
	"Objects":     {zap.Objects("k", []everyMethod{{}, {}}), zap.Objects("k", []failing{{}})},
	"ObjectValues": {
		zap.ObjectValues("k", []pointerObject{{1}, {2}}),
	},
	"Strings":   {zap.Strings("k", []string{"a", "", "\"\n"}), zap.Strings("k", nil)},
	"Stringers": {zap.Stringers("k", []time.Duration{time.Second, time.Minute})},
	"Times":     {zap.Times("k", []time.Time{time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 6, zone("XYZ", 3600))})},
	"Uints":     {zap.Uints("k", []uint{1})},
	"Uint64s":   {zap.Uint64s("k", []uint64{math.MaxUint64})},
	"Uint32s":   {zap.Uint32s("k", []uint32{1})},
	"Uint16s":   {zap.Uint16s("k", []uint16{1})},
	"Uint8s":    {zap.Uint8s("k", []uint8{1})},
	"Uintptrs":  {zap.Uintptrs("k", []uintptr{1})},
	"Errors":    {zap.Errors("k", []error{errors.New("a"), nil, verbose{}, group})},
	"Error":     {zap.Error(errors.New("plain")), zap.Error(nil), zap.Error(fmt.Errorf("wrapped: %w", errors.New("inner")))},
	"NamedError": {
		zap.NamedError("k", verbose{}), zap.NamedError("k", group), zap.NamedError("k", errors.Join(errors.New("a"), errors.New("b"))),
		zap.NamedError("k", (*nilError)(nil)), zap.NamedError("k", panicError{}), zap.NamedError("k", nil),
	},
	"Any": {
		zap.Any("k", 1), zap.Any("k", "s"), zap.Any("k", nil), zap.Any("k", []string{"a"}), zap.Any("k", time.Second),
		zap.Any("k", map[string]int{"a": 1}), zap.Any("k", everyMethod{}), zap.Any("k", errors.New("e")),
		zap.Any("k", []byte{1, 2}), zap.Any("k", ptr(3)), zap.Any("k", struct{ X *int }{}), zap.Any("k", []any{1, "a"}),
		zap.Any("k", []error{errors.New("e")}), zap.Any("k", zap.DictObject(zap.Int("d", 1))),
	},
}

var (
	stack = zap.Stack("k")
	group = multierr.Combine(errors.New("first"), verbose{}, errors.New("third"))
)

func ptr[T any](v T) *T { return &v }

func zone(name string, offset int) *time.Location { return time.FixedZone(name, offset) }

func long(s string) string {
	for len(s) < 300 {
		s += s
	}
	return s
}

type nilStringer struct{ s string }

func (n *nilStringer) String() string { return n.s }

type panicStringer struct{}

func (panicStringer) String() string { panic("no text") }

type nilError struct{ s string }

func (n *nilError) Error() string { return n.s }

type panicError struct{}

func (panicError) Error() string { panic("no error") }

// verbose is an error that says more with %+v.
type verbose struct{}

func (verbose) Error() string { return "short" }

func (verbose) Format(s fmt.State, _ rune) {
	if s.Flag('+') {
		_, _ = fmt.Fprint(s, "short\nat line 1")
		return
	}
	_, _ = fmt.Fprint(s, "short")
}

// failing is a marshaler that gives up half way.
type failing struct{}

func (failing) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("before", "x")
	return errors.New("marshaler failed")
}

func (failing) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	enc.AppendString("before")
	return errors.New("marshaler failed")
}

type pointerObject struct{ n int }

func (p *pointerObject) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddInt("n", p.n)
	return nil
}

// nested is an object in an object, so many times, with a namespace in each.
type nested int

func (n nested) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddInt("depth", int(n))
	if n == 0 {
		return nil
	}
	enc.OpenNamespace("ns")
	if err := enc.AddObject("object", n-1); err != nil {
		return err
	}
	return enc.AddArray("array", n)
}

func (n nested) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	if err := enc.AppendArray(everyElement{}); err != nil {
		return err
	}
	return enc.AppendObject(n - 1)
}

// everyMethod calls every method of ObjectEncoder.
type everyMethod struct{}

func (everyMethod) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddBinary("binary", []byte("b"))
	enc.AddByteString("bytes", []byte("s"))
	enc.AddBool("bool", true)
	enc.AddComplex128("c128", 1+2i)
	enc.AddComplex64("c64", 1-2i)
	enc.AddDuration("duration", time.Minute)
	enc.AddFloat64("f64", 0.1)
	enc.AddFloat32("f32", 0.1)
	enc.AddInt("int", -1)
	enc.AddInt64("i64", -2)
	enc.AddInt32("i32", -3)
	enc.AddInt16("i16", -4)
	enc.AddInt8("i8", -5)
	enc.AddString("string", "s")
	enc.AddTime("time", time.Date(2026, 1, 2, 3, 4, 5, 6, zone("T", 60)))
	enc.AddTime("utc", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	enc.AddUint("uint", 1)
	enc.AddUint64("u64", 2)
	enc.AddUint32("u32", 3)
	enc.AddUint16("u16", 4)
	enc.AddUint8("u8", 5)
	enc.AddUintptr("uptr", 6)
	_ = enc.AddReflected("nil", nil)
	if err := enc.AddReflected("reflected", map[string]int{"a": 1}); err != nil {
		return err
	}
	if err := enc.AddArray("array", everyElement{}); err != nil {
		return err
	}
	enc.OpenNamespace("namespace")
	enc.AddString("inside", "x")
	return nil
}

// everyPrimitive calls every method of PrimitiveArrayEncoder.
func everyPrimitive(enc zapcore.PrimitiveArrayEncoder) {
	enc.AppendBool(true)
	enc.AppendBool(false)
	enc.AppendByteString([]byte("s\xff"))
	enc.AppendComplex128(1 + 2i)
	enc.AppendComplex64(1 - 2i)
	enc.AppendFloat64(0.1)
	enc.AppendFloat32(0.1)
	enc.AppendInt(-1)
	enc.AppendInt64(-2)
	enc.AppendInt32(-3)
	enc.AppendInt16(-4)
	enc.AppendInt8(-5)
	enc.AppendString("s\n")
	enc.AppendUint(1)
	enc.AppendUint64(2)
	enc.AppendUint32(3)
	enc.AppendUint16(4)
	enc.AppendUint8(5)
	enc.AppendUintptr(6)
}

// everyElement calls every method of ArrayEncoder.
type everyElement struct{}

func (everyElement) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	everyPrimitive(enc)
	enc.AppendDuration(time.Minute)
	enc.AppendTime(time.Date(2026, 1, 2, 3, 4, 5, 6, zone("T", 60)))
	enc.AppendTime(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	if err := enc.AppendReflected(nil); err != nil {
		return err
	}
	if err := enc.AppendReflected([]int{1}); err != nil {
		return err
	}
	return enc.AppendArray(zapcore.ArrayMarshalerFunc(func(enc zapcore.ArrayEncoder) error {
		enc.AppendString("inner")
		return nil
	}))
}
