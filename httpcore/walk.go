package httpcore

import (
	"encoding/json"
	"time"

	"go.uber.org/zap/zapcore"
)

// values receives the fields of a record one after another, as the few kinds of value that a web server can be told.
type values interface {
	// begin announces a value under key; in an array key is "".
	begin(key string)
	null()
	boolean(v bool)
	integer(v int64)
	unsigned(v uint64)
	float(v float64, bits int)
	complex(v complex128, bits int)
	text(v string)
	binary(v []byte) // zap's Binary; a ByteString is a text
	moment(v time.Time)
	span(v time.Duration)
	json(v []byte) // a reflected value
	object(w *walker, m zapcore.ObjectMarshaler) error
	array(w *walker, m zapcore.ArrayMarshaler) error
	// namespace opens one; leave closes the last that is open on the level that ends.
	namespace(key string)
	leave()
}

// walker turns the methods of zap's encoders, a method for each type of Go, into the methods of values.
type walker struct {
	values
	namespaces int // open on this level
}

var (
	_ zapcore.ObjectEncoder = (*walker)(nil)
	_ zapcore.ArrayEncoder  = (*walker)(nil)
)

// level walks one object and closes its namespaces.
func (w *walker) level(m zapcore.ObjectMarshaler) error {
	outer := w.namespaces
	w.namespaces = 0
	err := m.MarshalLogObject(w)
	for ; w.namespaces > 0; w.namespaces-- {
		w.leave()
	}
	w.namespaces = outer
	return err
}

func (w *walker) reflected(v any) error {
	raw, ok := v.(json.RawMessage) // all that a Record has
	if v != nil && !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return err
		}
	}
	if v == nil {
		w.null()
		return nil
	}
	w.json(raw)
	return nil
}

// The methods of zapcore.ObjectEncoder.

func (w *walker) AddObject(k string, m zapcore.ObjectMarshaler) error {
	w.begin(k)
	return w.object(w, m)
}
func (w *walker) AddArray(k string, m zapcore.ArrayMarshaler) error {
	w.begin(k)
	return w.array(w, m)
}
func (w *walker) OpenNamespace(k string) {
	w.namespaces++
	w.namespace(k)
}
func (w *walker) AddReflected(k string, v any) error    { w.begin(k); return w.reflected(v) }
func (w *walker) AddString(k, v string)                 { w.begin(k); w.text(v) }
func (w *walker) AddByteString(k string, v []byte)      { w.begin(k); w.text(string(v)) }
func (w *walker) AddBinary(k string, v []byte)          { w.begin(k); w.binary(v) }
func (w *walker) AddBool(k string, v bool)              { w.begin(k); w.boolean(v) }
func (w *walker) AddTime(k string, v time.Time)         { w.begin(k); w.moment(v) }
func (w *walker) AddDuration(k string, v time.Duration) { w.begin(k); w.span(v) }
func (w *walker) AddComplex128(k string, v complex128)  { w.begin(k); w.complex(v, 128) }
func (w *walker) AddComplex64(k string, v complex64)    { w.begin(k); w.complex(complex128(v), 64) }
func (w *walker) AddFloat64(k string, v float64)        { w.begin(k); w.float(v, 64) }
func (w *walker) AddFloat32(k string, v float32)        { w.begin(k); w.float(float64(v), 32) }
func (w *walker) AddInt(k string, v int)                { w.begin(k); w.integer(int64(v)) }
func (w *walker) AddInt64(k string, v int64)            { w.begin(k); w.integer(v) }
func (w *walker) AddInt32(k string, v int32)            { w.begin(k); w.integer(int64(v)) }
func (w *walker) AddInt16(k string, v int16)            { w.begin(k); w.integer(int64(v)) }
func (w *walker) AddInt8(k string, v int8)              { w.begin(k); w.integer(int64(v)) }
func (w *walker) AddUint(k string, v uint)              { w.begin(k); w.unsigned(uint64(v)) }
func (w *walker) AddUint64(k string, v uint64)          { w.begin(k); w.unsigned(v) }
func (w *walker) AddUint32(k string, v uint32)          { w.begin(k); w.unsigned(uint64(v)) }
func (w *walker) AddUint16(k string, v uint16)          { w.begin(k); w.unsigned(uint64(v)) }
func (w *walker) AddUint8(k string, v uint8)            { w.begin(k); w.unsigned(uint64(v)) }
func (w *walker) AddUintptr(k string, v uintptr)        { w.begin(k); w.unsigned(uint64(v)) }

// The methods of zapcore.ArrayEncoder.

func (w *walker) AppendObject(m zapcore.ObjectMarshaler) error { return w.AddObject("", m) }
func (w *walker) AppendArray(m zapcore.ArrayMarshaler) error   { return w.AddArray("", m) }
func (w *walker) AppendReflected(v any) error                  { return w.AddReflected("", v) }
func (w *walker) AppendString(v string)                        { w.AddString("", v) }
func (w *walker) AppendByteString(v []byte)                    { w.AddByteString("", v) }
func (w *walker) AppendBool(v bool)                            { w.AddBool("", v) }
func (w *walker) AppendTime(v time.Time)                       { w.AddTime("", v) }
func (w *walker) AppendDuration(v time.Duration)               { w.AddDuration("", v) }
func (w *walker) AppendComplex128(v complex128)                { w.AddComplex128("", v) }
func (w *walker) AppendComplex64(v complex64)                  { w.AddComplex64("", v) }
func (w *walker) AppendFloat64(v float64)                      { w.AddFloat64("", v) }
func (w *walker) AppendFloat32(v float32)                      { w.AddFloat32("", v) }
func (w *walker) AppendInt(v int)                              { w.AddInt("", v) }
func (w *walker) AppendInt64(v int64)                          { w.AddInt64("", v) }
func (w *walker) AppendInt32(v int32)                          { w.AddInt32("", v) }
func (w *walker) AppendInt16(v int16)                          { w.AddInt16("", v) }
func (w *walker) AppendInt8(v int8)                            { w.AddInt8("", v) }
func (w *walker) AppendUint(v uint)                            { w.AddUint("", v) }
func (w *walker) AppendUint64(v uint64)                        { w.AddUint64("", v) }
func (w *walker) AppendUint32(v uint32)                        { w.AddUint32("", v) }
func (w *walker) AppendUint16(v uint16)                        { w.AddUint16("", v) }
func (w *walker) AppendUint8(v uint8)                          { w.AddUint8("", v) }
func (w *walker) AppendUintptr(v uintptr)                      { w.AddUintptr("", v) }
