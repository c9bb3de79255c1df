package jsonenc

import (
	"encoding/base64"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/internal/tape"
)

// hook is the PrimitiveArrayEncoder that a function of an EncoderConfig gets. zap passes the encoder itself, so a function may convert it
// to an ArrayEncoder or an ObjectEncoder, to write an object in place of a text, or a second member. hook is these too.
type hook struct{ *Writer }

var (
	_ zapcore.ArrayEncoder  = hook{}
	_ zapcore.ObjectEncoder = hook{}
)

// recorded appends the elements that add records. The error is that of add, or tape.ErrTooLong.
func (h hook) recorded(add func(r *tape.Recorder) error) error {
	r := tape.NewListRecorder()
	err := add(&r)
	if len(r.Bytes()) > tape.MaxSize {
		return tape.ErrTooLong
	}
	h.elements(tape.NewCursor(r.Bytes(), 0))
	return err
}

// AppendObject implements zapcore.ArrayEncoder.
func (h hook) AppendObject(m zapcore.ObjectMarshaler) error {
	return h.recorded(func(r *tape.Recorder) error { return r.AppendObject(m) })
}

// AppendArray implements zapcore.ArrayEncoder.
func (h hook) AppendArray(m zapcore.ArrayMarshaler) error {
	return h.recorded(func(r *tape.Recorder) error { return r.AppendArray(m) })
}

// AppendReflected implements zapcore.ArrayEncoder.
func (h hook) AppendReflected(v any) error {
	return h.recorded(func(r *tape.Recorder) error { return r.AppendReflected(v) })
}

// key appends the name of a member, after whatever the function has appended before.
func (h hook) key(key string) hook {
	h.separate()
	h.b = append(appendString(h.b, key), ':')
	return h
}

// The methods of zapcore.ObjectEncoder.

// AddObject implements zapcore.ObjectEncoder.
func (h hook) AddObject(key string, m zapcore.ObjectMarshaler) error {
	return h.key(key).AppendObject(m)
}

// AddArray implements zapcore.ObjectEncoder.
func (h hook) AddArray(key string, m zapcore.ArrayMarshaler) error { return h.key(key).AppendArray(m) }

// AddReflected implements zapcore.ObjectEncoder. If v cannot be marshalled, it writes no name either.
func (h hook) AddReflected(key string, v any) error {
	return h.recorded(func(r *tape.Recorder) error {
		err := r.AppendReflected(v)
		if err == nil {
			h.key(key)
		}
		return err
	})
}

// OpenNamespace implements zapcore.ObjectEncoder.
func (h hook) OpenNamespace(key string) {
	h.b = append(h.key(key).b, '{')
	h.open++
}

// AddBinary implements zapcore.ObjectEncoder.
func (h hook) AddBinary(key string, v []byte) { h.AddString(key, base64.StdEncoding.EncodeToString(v)) }

// AddByteString implements zapcore.ObjectEncoder.
func (h hook) AddByteString(key string, v []byte) { h.key(key).AppendByteString(v) }

// AddBool implements zapcore.ObjectEncoder.
func (h hook) AddBool(key string, v bool) { h.key(key).AppendBool(v) }

// AddComplex128 implements zapcore.ObjectEncoder.
func (h hook) AddComplex128(key string, v complex128) { h.key(key).AppendComplex128(v) }

// AddComplex64 implements zapcore.ObjectEncoder.
func (h hook) AddComplex64(key string, v complex64) { h.key(key).AppendComplex64(v) }

// AddDuration implements zapcore.ObjectEncoder.
func (h hook) AddDuration(key string, v time.Duration) { h.key(key).AppendDuration(v) }

// AddFloat64 implements zapcore.ObjectEncoder.
func (h hook) AddFloat64(key string, v float64) { h.key(key).AppendFloat64(v) }

// AddFloat32 implements zapcore.ObjectEncoder.
func (h hook) AddFloat32(key string, v float32) { h.key(key).AppendFloat32(v) }

// AddInt implements zapcore.ObjectEncoder.
func (h hook) AddInt(key string, v int) { h.key(key).AppendInt(v) }

// AddInt64 implements zapcore.ObjectEncoder.
func (h hook) AddInt64(key string, v int64) { h.key(key).AppendInt64(v) }

// AddInt32 implements zapcore.ObjectEncoder.
func (h hook) AddInt32(key string, v int32) { h.key(key).AppendInt32(v) }

// AddInt16 implements zapcore.ObjectEncoder.
func (h hook) AddInt16(key string, v int16) { h.key(key).AppendInt16(v) }

// AddInt8 implements zapcore.ObjectEncoder.
func (h hook) AddInt8(key string, v int8) { h.key(key).AppendInt8(v) }

// AddString implements zapcore.ObjectEncoder.
func (h hook) AddString(key, v string) { h.key(key).AppendString(v) }

// AddTime implements zapcore.ObjectEncoder.
func (h hook) AddTime(key string, v time.Time) { h.key(key).AppendTime(v) }

// AddUint implements zapcore.ObjectEncoder.
func (h hook) AddUint(key string, v uint) { h.key(key).AppendUint(v) }

// AddUint64 implements zapcore.ObjectEncoder.
func (h hook) AddUint64(key string, v uint64) { h.key(key).AppendUint64(v) }

// AddUint32 implements zapcore.ObjectEncoder.
func (h hook) AddUint32(key string, v uint32) { h.key(key).AppendUint32(v) }

// AddUint16 implements zapcore.ObjectEncoder.
func (h hook) AddUint16(key string, v uint16) { h.key(key).AppendUint16(v) }

// AddUint8 implements zapcore.ObjectEncoder.
func (h hook) AddUint8(key string, v uint8) { h.key(key).AppendUint8(v) }

// AddUintptr implements zapcore.ObjectEncoder.
func (h hook) AddUintptr(key string, v uintptr) { h.key(key).AppendUintptr(v) }
