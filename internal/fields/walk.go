package fields

import (
	"encoding/json"
	"time"

	"go.uber.org/zap/zapcore"
)

// Values receives the fields of a record one after another, as the few kinds of value that destinations have.
type Values interface {
	// Begin is called before each value, with its key; in an array key is "".
	Begin(key string)
	Null()
	Boolean(v bool)
	Integer(v int64)
	Unsigned(v uint64)
	Float(v float64, bits int)
	Complex(v complex128, bits int)
	Text(v string)
	Binary(v []byte) // zap's Binary; a ByteString is a text
	Moment(v time.Time)
	Span(v time.Duration)
	// Number is a JSON number that is not an int64 or uint64 and too large for a float64. Only Walker.Reflected calls it.
	Number(text string)
	// JSON is a reflected value; Walker.Reflected splits it into the kinds of value above.
	JSON(w *Walker, v []byte) error
	Object(w *Walker, m zapcore.ObjectMarshaler) error
	Array(w *Walker, m zapcore.ArrayMarshaler) error
	// Namespace opens a namespace. Leave closes the innermost one; it is called for each when its level ends.
	Namespace(key string)
	Leave()
}

// ErrorValues is implemented by a Values that distinguishes errors from texts.
type ErrorValues interface {
	// Error is an error in a record: its text, and the name of its type.
	Error(text, typeName string)
}

// Walker turns calls of zap's encoder methods, one for each Go type, into calls of Values.
type Walker struct {
	Values
	namespaces int // open on this level
}

var (
	_ zapcore.ObjectEncoder = (*Walker)(nil)
	_ zapcore.ArrayEncoder  = (*Walker)(nil)
)

// Level walks one object and closes its namespaces.
func (w *Walker) Level(m zapcore.ObjectMarshaler) error { return w.LevelBy(w, m) }

// LevelBy is Level for an encoder that embeds w, and has faster methods of its own for the most common fields.
func (w *Walker) LevelBy(enc zapcore.ObjectEncoder, m zapcore.ObjectMarshaler) error {
	outer := w.namespaces
	w.namespaces = 0
	err := m.MarshalLogObject(enc)
	for ; w.namespaces > 0; w.namespaces-- {
		w.Leave()
	}
	w.namespaces = outer
	return err
}

func (w *Walker) reflected(v any) error {
	if v == nil {
		w.Null()
		return nil
	}
	raw, ok := v.(json.RawMessage) // always, for a value from a Record
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return err
		}
	}
	return w.JSON(w, raw)
}

// AddObject implements zapcore.ObjectEncoder, like all methods named Add: each passes a key and a value on.
func (w *Walker) AddObject(k string, m zapcore.ObjectMarshaler) error {
	w.Begin(k)
	return w.Object(w, m)
}

// AddArray implements zapcore.ObjectEncoder.
func (w *Walker) AddArray(k string, m zapcore.ArrayMarshaler) error {
	w.Begin(k)
	return w.Array(w, m)
}

// OpenNamespace implements zapcore.ObjectEncoder.
func (w *Walker) OpenNamespace(k string) {
	w.namespaces++
	w.Namespace(k)
}

// AddReflected implements zapcore.ObjectEncoder: the value is passed on as JSON.
func (w *Walker) AddReflected(k string, v any) error { w.Begin(k); return w.reflected(v) }

// AddString implements zapcore.ObjectEncoder.
func (w *Walker) AddString(k, v string) { w.Begin(k); w.Text(v) }

// AddError is AddString for an error in a record; an ErrorValues also gets the name of its type.
func (w *Walker) AddError(k, text, typeName string) {
	w.Begin(k)
	if e, ok := w.Values.(ErrorValues); ok {
		e.Error(text, typeName)
	} else {
		w.Text(text)
	}
}

// AddByteString implements zapcore.ObjectEncoder.
func (w *Walker) AddByteString(k string, v []byte) { w.Begin(k); w.Text(string(v)) }

// AddBinary implements zapcore.ObjectEncoder.
func (w *Walker) AddBinary(k string, v []byte) { w.Begin(k); w.Binary(v) }

// AddBool implements zapcore.ObjectEncoder.
func (w *Walker) AddBool(k string, v bool) { w.Begin(k); w.Boolean(v) }

// AddTime implements zapcore.ObjectEncoder.
func (w *Walker) AddTime(k string, v time.Time) { w.Begin(k); w.Moment(v) }

// AddDuration implements zapcore.ObjectEncoder.
func (w *Walker) AddDuration(k string, v time.Duration) { w.Begin(k); w.Span(v) }

// AddComplex128 implements zapcore.ObjectEncoder.
func (w *Walker) AddComplex128(k string, v complex128) { w.Begin(k); w.Complex(v, 128) }

// AddComplex64 implements zapcore.ObjectEncoder.
func (w *Walker) AddComplex64(k string, v complex64) { w.Begin(k); w.Complex(complex128(v), 64) }

// AddFloat64 implements zapcore.ObjectEncoder.
func (w *Walker) AddFloat64(k string, v float64) { w.Begin(k); w.Float(v, 64) }

// AddFloat32 implements zapcore.ObjectEncoder.
func (w *Walker) AddFloat32(k string, v float32) { w.Begin(k); w.Float(float64(v), 32) }

// AddInt implements zapcore.ObjectEncoder.
func (w *Walker) AddInt(k string, v int) { w.Begin(k); w.Integer(int64(v)) }

// AddInt64 implements zapcore.ObjectEncoder.
func (w *Walker) AddInt64(k string, v int64) { w.Begin(k); w.Integer(v) }

// AddInt32 implements zapcore.ObjectEncoder.
func (w *Walker) AddInt32(k string, v int32) { w.Begin(k); w.Integer(int64(v)) }

// AddInt16 implements zapcore.ObjectEncoder.
func (w *Walker) AddInt16(k string, v int16) { w.Begin(k); w.Integer(int64(v)) }

// AddInt8 implements zapcore.ObjectEncoder.
func (w *Walker) AddInt8(k string, v int8) { w.Begin(k); w.Integer(int64(v)) }

// AddUint implements zapcore.ObjectEncoder.
func (w *Walker) AddUint(k string, v uint) { w.Begin(k); w.Unsigned(uint64(v)) }

// AddUint64 implements zapcore.ObjectEncoder.
func (w *Walker) AddUint64(k string, v uint64) { w.Begin(k); w.Unsigned(v) }

// AddUint32 implements zapcore.ObjectEncoder.
func (w *Walker) AddUint32(k string, v uint32) { w.Begin(k); w.Unsigned(uint64(v)) }

// AddUint16 implements zapcore.ObjectEncoder.
func (w *Walker) AddUint16(k string, v uint16) { w.Begin(k); w.Unsigned(uint64(v)) }

// AddUint8 implements zapcore.ObjectEncoder.
func (w *Walker) AddUint8(k string, v uint8) { w.Begin(k); w.Unsigned(uint64(v)) }

// AddUintptr implements zapcore.ObjectEncoder.
func (w *Walker) AddUintptr(k string, v uintptr) { w.Begin(k); w.Unsigned(uint64(v)) }

// AppendObject implements zapcore.ArrayEncoder, like all methods named Append: an element is a value without a key.
func (w *Walker) AppendObject(m zapcore.ObjectMarshaler) error { return w.AddObject("", m) }

// AppendArray implements zapcore.ArrayEncoder.
func (w *Walker) AppendArray(m zapcore.ArrayMarshaler) error { return w.AddArray("", m) }

// AppendReflected implements zapcore.ArrayEncoder.
func (w *Walker) AppendReflected(v any) error { return w.AddReflected("", v) }

// AppendString implements zapcore.ArrayEncoder.
func (w *Walker) AppendString(v string) { w.AddString("", v) }

// AppendByteString implements zapcore.ArrayEncoder.
func (w *Walker) AppendByteString(v []byte) { w.AddByteString("", v) }

// AppendBool implements zapcore.ArrayEncoder.
func (w *Walker) AppendBool(v bool) { w.AddBool("", v) }

// AppendTime implements zapcore.ArrayEncoder.
func (w *Walker) AppendTime(v time.Time) { w.AddTime("", v) }

// AppendDuration implements zapcore.ArrayEncoder.
func (w *Walker) AppendDuration(v time.Duration) { w.AddDuration("", v) }

// AppendComplex128 implements zapcore.ArrayEncoder.
func (w *Walker) AppendComplex128(v complex128) { w.AddComplex128("", v) }

// AppendComplex64 implements zapcore.ArrayEncoder.
func (w *Walker) AppendComplex64(v complex64) { w.AddComplex64("", v) }

// AppendFloat64 implements zapcore.ArrayEncoder.
func (w *Walker) AppendFloat64(v float64) { w.AddFloat64("", v) }

// AppendFloat32 implements zapcore.ArrayEncoder.
func (w *Walker) AppendFloat32(v float32) { w.AddFloat32("", v) }

// AppendInt implements zapcore.ArrayEncoder.
func (w *Walker) AppendInt(v int) { w.AddInt("", v) }

// AppendInt64 implements zapcore.ArrayEncoder.
func (w *Walker) AppendInt64(v int64) { w.AddInt64("", v) }

// AppendInt32 implements zapcore.ArrayEncoder.
func (w *Walker) AppendInt32(v int32) { w.AddInt32("", v) }

// AppendInt16 implements zapcore.ArrayEncoder.
func (w *Walker) AppendInt16(v int16) { w.AddInt16("", v) }

// AppendInt8 implements zapcore.ArrayEncoder.
func (w *Walker) AppendInt8(v int8) { w.AddInt8("", v) }

// AppendUint implements zapcore.ArrayEncoder.
func (w *Walker) AppendUint(v uint) { w.AddUint("", v) }

// AppendUint64 implements zapcore.ArrayEncoder.
func (w *Walker) AppendUint64(v uint64) { w.AddUint64("", v) }

// AppendUint32 implements zapcore.ArrayEncoder.
func (w *Walker) AppendUint32(v uint32) { w.AddUint32("", v) }

// AppendUint16 implements zapcore.ArrayEncoder.
func (w *Walker) AppendUint16(v uint16) { w.AddUint16("", v) }

// AppendUint8 implements zapcore.ArrayEncoder.
func (w *Walker) AppendUint8(v uint8) { w.AddUint8("", v) }

// AppendUintptr implements zapcore.ArrayEncoder.
func (w *Walker) AppendUintptr(v uintptr) { w.AddUintptr("", v) }
