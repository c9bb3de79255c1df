package zapcore

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"time"

	"go.uber.org/zap/zapcore"
)

// recorder writes nodes to a tape. It is zap's ObjectEncoder and ArrayEncoder at once: a marshaler writes to it what it would
// write to a JSON encoder, at the time of the call and on the caller's goroutine.
//
// A recorder is used by one goroutine at a time. A marshaler that panics leaves it half written; its owner throws it away.
type recorder struct {
	b     []byte
	depth int // of objects and arrays that are open

	json    *json.Encoder // made when first needed; writes to jsonOut
	jsonOut jsonOut
}

// jsonOut holds what encoding/json has just marshalled.
type jsonOut struct{ b []byte }

func (o *jsonOut) Write(p []byte) (int, error) {
	o.b = append(o.b, p...)
	return len(p), nil
}

var (
	_ zapcore.ObjectEncoder = (*recorder)(nil)
	_ zapcore.ArrayEncoder  = (*recorder)(nil)
)

var errTooDeep = errors.New("zapcore: objects and arrays nested too deep to be recorded")

// appendText appends a length and the bytes.
func appendText[T string | []byte](b []byte, s T) []byte {
	if len(s) < longText {
		b = append(b, byte(len(s)))
	} else {
		b = binary.LittleEndian.AppendUint32(append(b, longText), uint32(len(s)))
	}
	return append(b, s...)
}

func appendTime(b []byte, t time.Time) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(t.Unix()))
	return binary.LittleEndian.AppendUint32(b, uint32(t.Nanosecond()))
}

func appendZone(b []byte, t time.Time) []byte {
	name, offset := t.Zone()
	b = binary.LittleEndian.AppendUint32(b, uint32(int32(offset)))
	return appendText(b, name)
}

func (r *recorder) key(t tag, key string) { r.b = appendText(append(r.b, t), key) }
func (r *recorder) elem(t tag)            { r.b = append(r.b, t) }

func (r *recorder) u64(v uint64) { r.b = binary.LittleEndian.AppendUint64(r.b, v) }
func (r *recorder) u32(v uint32) { r.b = binary.LittleEndian.AppendUint32(r.b, v) }
func (r *recorder) u16(v uint16) { r.b = binary.LittleEndian.AppendUint16(r.b, v) }

func boolTag(v bool) tag {
	if v {
		return tagTrue
	}
	return tagFalse
}

func timeTag(t time.Time) tag {
	if isUTC(t.Zone()) {
		return tagTimeUTC
	}
	return tagTime
}

func (r *recorder) time(t time.Time, tg tag) {
	r.b = appendTime(r.b, t)
	if tg == tagTime {
		r.b = appendZone(r.b, t)
	}
}

func (r *recorder) complex128(v complex128) {
	r.u64(math.Float64bits(real(v)))
	r.u64(math.Float64bits(imag(v)))
}

func (r *recorder) complex64(v complex64) {
	r.u32(math.Float32bits(real(v)))
	r.u32(math.Float32bits(imag(v)))
}

// open leaves room for the length of a nested value; shut fills it in.
func (r *recorder) open() (at int) {
	at = len(r.b)
	r.u32(0)
	r.depth++
	return at
}

func (r *recorder) shut(at int) {
	r.depth--
	binary.LittleEndian.PutUint32(r.b[at:], uint32(len(r.b)-at-lengthSize))
}

// object records what m marshals as one nested value. What m wrote before an error stays, as with zap's own encoders; the
// error is for the field that asked.
func (r *recorder) object(m zapcore.ObjectMarshaler) error {
	at := r.open()
	err := m.MarshalLogObject(r)
	r.shut(at)
	return err
}

func (r *recorder) array(m zapcore.ArrayMarshaler) error {
	at := r.open()
	err := m.MarshalLogArray(r)
	r.shut(at)
	return err
}

// marshal gives v as JSON, valid until the next call.
func (r *recorder) marshal(v any) ([]byte, error) {
	if r.json == nil {
		r.json = json.NewEncoder(&r.jsonOut)
		r.json.SetEscapeHTML(false)
	}
	r.jsonOut.b = r.jsonOut.b[:0]
	if err := r.json.Encode(v); err != nil {
		return nil, err
	}
	return r.jsonOut.b[:len(r.jsonOut.b)-1], nil // Encode ends its output with a newline
}

// The methods of zapcore.ObjectEncoder.

func (r *recorder) AddObject(key string, m zapcore.ObjectMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.key(tagObject, key)
	return r.object(m)
}

func (r *recorder) AddArray(key string, m zapcore.ArrayMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.key(tagArray, key)
	return r.array(m)
}

func (r *recorder) AddReflected(key string, v any) error {
	if v == nil {
		r.key(tagNull, key)
		return nil
	}
	text, err := r.marshal(v)
	if err != nil {
		return err
	}
	r.key(tagJSON, key)
	r.b = appendText(r.b, text)
	return nil
}

func (r *recorder) OpenNamespace(key string) { r.key(tagNamespace, key) }

func (r *recorder) AddString(key, v string) { r.key(tagString, key); r.b = appendText(r.b, v) }
func (r *recorder) AddByteString(key string, v []byte) {
	r.key(tagByteString, key)
	r.b = appendText(r.b, v)
}
func (r *recorder) AddBinary(key string, v []byte) { r.key(tagBinary, key); r.b = appendText(r.b, v) }
func (r *recorder) AddBool(key string, v bool)     { r.key(boolTag(v), key) }
func (r *recorder) AddTime(key string, v time.Time) {
	tg := timeTag(v)
	r.key(tg, key)
	r.time(v, tg)
}
func (r *recorder) AddDuration(key string, v time.Duration) {
	r.key(tagDuration, key)
	r.u64(uint64(v))
}
func (r *recorder) AddComplex128(key string, v complex128) {
	r.key(tagComplex128, key)
	r.complex128(v)
}
func (r *recorder) AddComplex64(key string, v complex64) { r.key(tagComplex64, key); r.complex64(v) }
func (r *recorder) AddFloat64(key string, v float64) {
	r.key(tagFloat64, key)
	r.u64(math.Float64bits(v))
}
func (r *recorder) AddFloat32(key string, v float32) {
	r.key(tagFloat32, key)
	r.u32(math.Float32bits(v))
}
func (r *recorder) AddInt(key string, v int)         { r.key(tagInt, key); r.u64(uint64(v)) }
func (r *recorder) AddInt64(key string, v int64)     { r.key(tagInt64, key); r.u64(uint64(v)) }
func (r *recorder) AddInt32(key string, v int32)     { r.key(tagInt32, key); r.u32(uint32(v)) }
func (r *recorder) AddInt16(key string, v int16)     { r.key(tagInt16, key); r.u16(uint16(v)) }
func (r *recorder) AddInt8(key string, v int8)       { r.key(tagInt8, key); r.elem(byte(v)) }
func (r *recorder) AddUint(key string, v uint)       { r.key(tagUint, key); r.u64(uint64(v)) }
func (r *recorder) AddUint64(key string, v uint64)   { r.key(tagUint64, key); r.u64(v) }
func (r *recorder) AddUint32(key string, v uint32)   { r.key(tagUint32, key); r.u32(v) }
func (r *recorder) AddUint16(key string, v uint16)   { r.key(tagUint16, key); r.u16(v) }
func (r *recorder) AddUint8(key string, v uint8)     { r.key(tagUint8, key); r.elem(v) }
func (r *recorder) AddUintptr(key string, v uintptr) { r.key(tagUintptr, key); r.u64(uint64(v)) }

// The methods of zapcore.ArrayEncoder.

func (r *recorder) AppendObject(m zapcore.ObjectMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.elem(tagObject)
	return r.object(m)
}

func (r *recorder) AppendArray(m zapcore.ArrayMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.elem(tagArray)
	return r.array(m)
}

func (r *recorder) AppendReflected(v any) error {
	if v == nil {
		r.elem(tagNull)
		return nil
	}
	text, err := r.marshal(v)
	if err != nil {
		return err
	}
	r.elem(tagJSON)
	r.b = appendText(r.b, text)
	return nil
}

func (r *recorder) AppendString(v string)          { r.elem(tagString); r.b = appendText(r.b, v) }
func (r *recorder) AppendByteString(v []byte)      { r.elem(tagByteString); r.b = appendText(r.b, v) }
func (r *recorder) AppendBool(v bool)              { r.elem(boolTag(v)) }
func (r *recorder) AppendTime(v time.Time)         { tg := timeTag(v); r.elem(tg); r.time(v, tg) }
func (r *recorder) AppendDuration(v time.Duration) { r.elem(tagDuration); r.u64(uint64(v)) }
func (r *recorder) AppendComplex128(v complex128)  { r.elem(tagComplex128); r.complex128(v) }
func (r *recorder) AppendComplex64(v complex64)    { r.elem(tagComplex64); r.complex64(v) }
func (r *recorder) AppendFloat64(v float64)        { r.elem(tagFloat64); r.u64(math.Float64bits(v)) }
func (r *recorder) AppendFloat32(v float32)        { r.elem(tagFloat32); r.u32(math.Float32bits(v)) }
func (r *recorder) AppendInt(v int)                { r.elem(tagInt); r.u64(uint64(v)) }
func (r *recorder) AppendInt64(v int64)            { r.elem(tagInt64); r.u64(uint64(v)) }
func (r *recorder) AppendInt32(v int32)            { r.elem(tagInt32); r.u32(uint32(v)) }
func (r *recorder) AppendInt16(v int16)            { r.elem(tagInt16); r.u16(uint16(v)) }
func (r *recorder) AppendInt8(v int8)              { r.elem(tagInt8); r.elem(byte(v)) }
func (r *recorder) AppendUint(v uint)              { r.elem(tagUint); r.u64(uint64(v)) }
func (r *recorder) AppendUint64(v uint64)          { r.elem(tagUint64); r.u64(v) }
func (r *recorder) AppendUint32(v uint32)          { r.elem(tagUint32); r.u32(v) }
func (r *recorder) AppendUint16(v uint16)          { r.elem(tagUint16); r.u16(v) }
func (r *recorder) AppendUint8(v uint8)            { r.elem(tagUint8); r.elem(v) }
func (r *recorder) AppendUintptr(v uintptr)        { r.elem(tagUintptr); r.u64(uint64(v)) }
