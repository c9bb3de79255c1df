package tape

import (
	"encoding/base64"
	"math"
	"time"

	"go.uber.org/zap/zapcore"
)

// The methods of zapcore.ObjectEncoder.

// AddObject implements zapcore.ObjectEncoder.
func (r *Recorder) AddObject(key string, m zapcore.ObjectMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.key(TagObject, key)
	return r.object(m)
}

// AddArray implements zapcore.ObjectEncoder.
func (r *Recorder) AddArray(key string, m zapcore.ArrayMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.key(TagArray, key)
	return r.array(m)
}

// AddReflected implements zapcore.ObjectEncoder.
func (r *Recorder) AddReflected(key string, v any) error {
	if v == nil {
		r.key(TagNull, key)
		return nil
	}
	text, err := r.marshal(v)
	if err != nil {
		return err
	}
	r.key(TagJSON, key)
	r.b = appendText(r.b, text)
	return nil
}

// OpenNamespace implements zapcore.ObjectEncoder.
func (r *Recorder) OpenNamespace(key string) { r.key(TagNamespace, key) }

// AddString implements zapcore.ObjectEncoder.
func (r *Recorder) AddString(key, v string) { r.key(TagString, key); r.b = appendText(r.b, v) }

// AddByteString implements zapcore.ObjectEncoder.
func (r *Recorder) AddByteString(key string, v []byte) {
	r.key(TagByteString, key)
	r.b = appendText(r.b, v)
}

// AddBinary implements zapcore.ObjectEncoder.
func (r *Recorder) AddBinary(key string, v []byte) {
	if r.list { // which holds none
		r.AddString(key, base64.StdEncoding.EncodeToString(v))
		return
	}
	r.key(TagBinary, key)
	r.b = appendText(r.b, v)
}

// AddBool implements zapcore.ObjectEncoder.
func (r *Recorder) AddBool(key string, v bool) { r.key(boolTag(v), key) }

// AddTime implements zapcore.ObjectEncoder.
func (r *Recorder) AddTime(key string, v time.Time) {
	tg := timeTag(v)
	r.key(tg, key)
	r.time(v, tg)
}

// AddDuration implements zapcore.ObjectEncoder.
func (r *Recorder) AddDuration(key string, v time.Duration) {
	r.key(TagDuration, key)
	r.u64(uint64(v))
}

// AddComplex128 implements zapcore.ObjectEncoder.
func (r *Recorder) AddComplex128(key string, v complex128) {
	r.key(TagComplex128, key)
	r.complex128(v)
}

// AddComplex64 implements zapcore.ObjectEncoder.
func (r *Recorder) AddComplex64(key string, v complex64) { r.key(TagComplex64, key); r.complex64(v) }

// AddFloat64 implements zapcore.ObjectEncoder.
func (r *Recorder) AddFloat64(key string, v float64) {
	r.key(TagFloat64, key)
	r.u64(math.Float64bits(v))
}

// AddFloat32 implements zapcore.ObjectEncoder.
func (r *Recorder) AddFloat32(key string, v float32) {
	r.key(TagFloat32, key)
	r.u32(math.Float32bits(v))
}

// AddInt implements zapcore.ObjectEncoder.
func (r *Recorder) AddInt(key string, v int) { r.key(TagInt, key); r.u64(uint64(v)) }

// AddInt64 implements zapcore.ObjectEncoder.
func (r *Recorder) AddInt64(key string, v int64) { r.key(TagInt64, key); r.u64(uint64(v)) }

// AddInt32 implements zapcore.ObjectEncoder.
func (r *Recorder) AddInt32(key string, v int32) { r.key(TagInt32, key); r.u32(uint32(v)) }

// AddInt16 implements zapcore.ObjectEncoder.
func (r *Recorder) AddInt16(key string, v int16) { r.key(TagInt16, key); r.u16(uint16(v)) }

// AddInt8 implements zapcore.ObjectEncoder.
func (r *Recorder) AddInt8(key string, v int8) { r.key(TagInt8, key); r.u8(byte(v)) }

// AddUint implements zapcore.ObjectEncoder.
func (r *Recorder) AddUint(key string, v uint) { r.key(TagUint, key); r.u64(uint64(v)) }

// AddUint64 implements zapcore.ObjectEncoder.
func (r *Recorder) AddUint64(key string, v uint64) { r.key(TagUint64, key); r.u64(v) }

// AddUint32 implements zapcore.ObjectEncoder.
func (r *Recorder) AddUint32(key string, v uint32) { r.key(TagUint32, key); r.u32(v) }

// AddUint16 implements zapcore.ObjectEncoder.
func (r *Recorder) AddUint16(key string, v uint16) { r.key(TagUint16, key); r.u16(v) }

// AddUint8 implements zapcore.ObjectEncoder.
func (r *Recorder) AddUint8(key string, v uint8) { r.key(TagUint8, key); r.u8(v) }

// AddUintptr implements zapcore.ObjectEncoder.
func (r *Recorder) AddUintptr(key string, v uintptr) { r.key(TagUintptr, key); r.u64(uint64(v)) }

// AddError implements ErrorEncoder.
func (r *Recorder) AddError(key, text, typeName string) {
	r.key(TagTypedError, key)
	r.b = appendText(appendText(r.b, text), typeName)
}

// The methods of zapcore.ArrayEncoder.

// AppendObject implements zapcore.ArrayEncoder.
func (r *Recorder) AppendObject(m zapcore.ObjectMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.elem(TagObject)
	return r.object(m)
}

// AppendArray implements zapcore.ArrayEncoder.
func (r *Recorder) AppendArray(m zapcore.ArrayMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.elem(TagArray)
	return r.array(m)
}

// AppendReflected implements zapcore.ArrayEncoder.
func (r *Recorder) AppendReflected(v any) error {
	if v == nil {
		r.elem(TagNull)
		return nil
	}
	text, err := r.marshal(v)
	if err != nil {
		return err
	}
	r.elem(TagJSON)
	r.b = appendText(r.b, text)
	return nil
}

// AppendString implements zapcore.ArrayEncoder.
func (r *Recorder) AppendString(v string) { r.elem(TagString); r.b = appendText(r.b, v) }

// AppendByteString implements zapcore.ArrayEncoder.
func (r *Recorder) AppendByteString(v []byte) { r.elem(TagByteString); r.b = appendText(r.b, v) }

// AppendBool implements zapcore.ArrayEncoder.
func (r *Recorder) AppendBool(v bool) { r.elem(boolTag(v)) }

// AppendTime implements zapcore.ArrayEncoder.
func (r *Recorder) AppendTime(v time.Time) { tg := timeTag(v); r.elem(tg); r.time(v, tg) }

// AppendDuration implements zapcore.ArrayEncoder.
func (r *Recorder) AppendDuration(v time.Duration) { r.elem(TagDuration); r.u64(uint64(v)) }

// AppendComplex128 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendComplex128(v complex128) { r.elem(TagComplex128); r.complex128(v) }

// AppendComplex64 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendComplex64(v complex64) { r.elem(TagComplex64); r.complex64(v) }

// AppendFloat64 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendFloat64(v float64) { r.elem(TagFloat64); r.u64(math.Float64bits(v)) }

// AppendFloat32 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendFloat32(v float32) { r.elem(TagFloat32); r.u32(math.Float32bits(v)) }

// AppendInt implements zapcore.ArrayEncoder.
func (r *Recorder) AppendInt(v int) { r.elem(TagInt); r.u64(uint64(v)) }

// AppendInt64 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendInt64(v int64) { r.elem(TagInt64); r.u64(uint64(v)) }

// AppendInt32 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendInt32(v int32) { r.elem(TagInt32); r.u32(uint32(v)) }

// AppendInt16 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendInt16(v int16) { r.elem(TagInt16); r.u16(uint16(v)) }

// AppendInt8 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendInt8(v int8) { r.elem(TagInt8); r.u8(byte(v)) }

// AppendUint implements zapcore.ArrayEncoder.
func (r *Recorder) AppendUint(v uint) { r.elem(TagUint); r.u64(uint64(v)) }

// AppendUint64 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendUint64(v uint64) { r.elem(TagUint64); r.u64(v) }

// AppendUint32 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendUint32(v uint32) { r.elem(TagUint32); r.u32(v) }

// AppendUint16 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendUint16(v uint16) { r.elem(TagUint16); r.u16(v) }

// AppendUint8 implements zapcore.ArrayEncoder.
func (r *Recorder) AppendUint8(v uint8) { r.elem(TagUint8); r.u8(v) }

// AppendUintptr implements zapcore.ArrayEncoder.
func (r *Recorder) AppendUintptr(v uintptr) { r.elem(TagUintptr); r.u64(uint64(v)) }
