package tape

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"time"

	"go.uber.org/zap/zapcore"
)

// Recorder writes nodes to a tape. It is zap's ObjectEncoder and ArrayEncoder at once: a marshaler writes to it what it would
// write to a JSON encoder, at the time of the call and on the caller's goroutine.
//
// A Recorder is used by one goroutine at a time. A marshaler that panics leaves it half written; its owner throws it away.
type Recorder struct {
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
	_ zapcore.ObjectEncoder = (*Recorder)(nil)
	_ zapcore.ArrayEncoder  = (*Recorder)(nil)
)

// Continue empties r for nodes that begin no tape of their own: those of With.
func (r *Recorder) Continue(nodes string) { r.b, r.depth = append(r.b[:0], nodes...), 0 }

// Nodes adds nodes that were recorded before.
func (r *Recorder) Nodes(nodes string) { r.b = append(r.b, nodes...) }

// Bytes returns what was recorded. It is valid until r is used again.
func (r *Recorder) Bytes() []byte { return r.b }

// NewRecorder returns a Recorder that has room for so many bytes.
func NewRecorder(room int) Recorder { return Recorder{b: make([]byte, 0, room)} }

// Memory returns the larger of the buffers that r keeps, in bytes. Release lets them go.
func (r *Recorder) Memory() int { return max(cap(r.b), cap(r.jsonOut.b)) }

// Release lets go of the memory that r keeps.
func (r *Recorder) Release() { *r = Recorder{} }

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

func (r *Recorder) key(t Tag, key string) { r.b = appendText(append(r.b, t), key) }
func (r *Recorder) elem(t Tag)            { r.b = append(r.b, t) }

func (r *Recorder) u64(v uint64) { r.b = binary.LittleEndian.AppendUint64(r.b, v) }
func (r *Recorder) u32(v uint32) { r.b = binary.LittleEndian.AppendUint32(r.b, v) }
func (r *Recorder) u16(v uint16) { r.b = binary.LittleEndian.AppendUint16(r.b, v) }

func boolTag(v bool) Tag {
	if v {
		return TagTrue
	}
	return TagFalse
}

func timeTag(t time.Time) Tag {
	if isUTC(t.Zone()) {
		return TagTimeUTC
	}
	return TagTime
}

func (r *Recorder) time(t time.Time, tg Tag) {
	r.b = appendTime(r.b, t)
	if tg == TagTime {
		r.b = appendZone(r.b, t)
	}
}

func (r *Recorder) complex128(v complex128) {
	r.u64(math.Float64bits(real(v)))
	r.u64(math.Float64bits(imag(v)))
}

func (r *Recorder) complex64(v complex64) {
	r.u32(math.Float32bits(real(v)))
	r.u32(math.Float32bits(imag(v)))
}

// open leaves room for the length of a nested value; shut fills it in.
func (r *Recorder) open() (at int) {
	at = len(r.b)
	r.u32(0)
	r.depth++
	return at
}

func (r *Recorder) shut(at int) {
	r.depth--
	binary.LittleEndian.PutUint32(r.b[at:], uint32(len(r.b)-at-lengthSize))
}

// object records what m marshals as one nested value. What m wrote before an error stays, as with zap's own encoders; the
// error is for the field that asked.
func (r *Recorder) object(m zapcore.ObjectMarshaler) error {
	at := r.open()
	err := m.MarshalLogObject(r)
	r.shut(at)
	return err
}

func (r *Recorder) array(m zapcore.ArrayMarshaler) error {
	at := r.open()
	err := m.MarshalLogArray(r)
	r.shut(at)
	return err
}

// marshal gives v as JSON, valid until the next call.
func (r *Recorder) marshal(v any) ([]byte, error) {
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

func (r *Recorder) AddObject(key string, m zapcore.ObjectMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.key(TagObject, key)
	return r.object(m)
}

func (r *Recorder) AddArray(key string, m zapcore.ArrayMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.key(TagArray, key)
	return r.array(m)
}

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

func (r *Recorder) OpenNamespace(key string) { r.key(TagNamespace, key) }

func (r *Recorder) AddString(key, v string) { r.key(TagString, key); r.b = appendText(r.b, v) }
func (r *Recorder) AddByteString(key string, v []byte) {
	r.key(TagByteString, key)
	r.b = appendText(r.b, v)
}
func (r *Recorder) AddBinary(key string, v []byte) { r.key(TagBinary, key); r.b = appendText(r.b, v) }
func (r *Recorder) AddBool(key string, v bool)     { r.key(boolTag(v), key) }
func (r *Recorder) AddTime(key string, v time.Time) {
	tg := timeTag(v)
	r.key(tg, key)
	r.time(v, tg)
}
func (r *Recorder) AddDuration(key string, v time.Duration) {
	r.key(TagDuration, key)
	r.u64(uint64(v))
}
func (r *Recorder) AddComplex128(key string, v complex128) {
	r.key(TagComplex128, key)
	r.complex128(v)
}
func (r *Recorder) AddComplex64(key string, v complex64) { r.key(TagComplex64, key); r.complex64(v) }
func (r *Recorder) AddFloat64(key string, v float64) {
	r.key(TagFloat64, key)
	r.u64(math.Float64bits(v))
}
func (r *Recorder) AddFloat32(key string, v float32) {
	r.key(TagFloat32, key)
	r.u32(math.Float32bits(v))
}
func (r *Recorder) AddInt(key string, v int)         { r.key(TagInt, key); r.u64(uint64(v)) }
func (r *Recorder) AddInt64(key string, v int64)     { r.key(TagInt64, key); r.u64(uint64(v)) }
func (r *Recorder) AddInt32(key string, v int32)     { r.key(TagInt32, key); r.u32(uint32(v)) }
func (r *Recorder) AddInt16(key string, v int16)     { r.key(TagInt16, key); r.u16(uint16(v)) }
func (r *Recorder) AddInt8(key string, v int8)       { r.key(TagInt8, key); r.elem(byte(v)) }
func (r *Recorder) AddUint(key string, v uint)       { r.key(TagUint, key); r.u64(uint64(v)) }
func (r *Recorder) AddUint64(key string, v uint64)   { r.key(TagUint64, key); r.u64(v) }
func (r *Recorder) AddUint32(key string, v uint32)   { r.key(TagUint32, key); r.u32(v) }
func (r *Recorder) AddUint16(key string, v uint16)   { r.key(TagUint16, key); r.u16(v) }
func (r *Recorder) AddUint8(key string, v uint8)     { r.key(TagUint8, key); r.elem(v) }
func (r *Recorder) AddUintptr(key string, v uintptr) { r.key(TagUintptr, key); r.u64(uint64(v)) }

// The methods of zapcore.ArrayEncoder.

func (r *Recorder) AppendObject(m zapcore.ObjectMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.elem(TagObject)
	return r.object(m)
}

func (r *Recorder) AppendArray(m zapcore.ArrayMarshaler) error {
	if r.depth >= maxDepth {
		return errTooDeep
	}
	r.elem(TagArray)
	return r.array(m)
}

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

func (r *Recorder) AppendString(v string)          { r.elem(TagString); r.b = appendText(r.b, v) }
func (r *Recorder) AppendByteString(v []byte)      { r.elem(TagByteString); r.b = appendText(r.b, v) }
func (r *Recorder) AppendBool(v bool)              { r.elem(boolTag(v)) }
func (r *Recorder) AppendTime(v time.Time)         { tg := timeTag(v); r.elem(tg); r.time(v, tg) }
func (r *Recorder) AppendDuration(v time.Duration) { r.elem(TagDuration); r.u64(uint64(v)) }
func (r *Recorder) AppendComplex128(v complex128)  { r.elem(TagComplex128); r.complex128(v) }
func (r *Recorder) AppendComplex64(v complex64)    { r.elem(TagComplex64); r.complex64(v) }
func (r *Recorder) AppendFloat64(v float64)        { r.elem(TagFloat64); r.u64(math.Float64bits(v)) }
func (r *Recorder) AppendFloat32(v float32)        { r.elem(TagFloat32); r.u32(math.Float32bits(v)) }
func (r *Recorder) AppendInt(v int)                { r.elem(TagInt); r.u64(uint64(v)) }
func (r *Recorder) AppendInt64(v int64)            { r.elem(TagInt64); r.u64(uint64(v)) }
func (r *Recorder) AppendInt32(v int32)            { r.elem(TagInt32); r.u32(uint32(v)) }
func (r *Recorder) AppendInt16(v int16)            { r.elem(TagInt16); r.u16(uint16(v)) }
func (r *Recorder) AppendInt8(v int8)              { r.elem(TagInt8); r.elem(byte(v)) }
func (r *Recorder) AppendUint(v uint)              { r.elem(TagUint); r.u64(uint64(v)) }
func (r *Recorder) AppendUint64(v uint64)          { r.elem(TagUint64); r.u64(v) }
func (r *Recorder) AppendUint32(v uint32)          { r.elem(TagUint32); r.u32(v) }
func (r *Recorder) AppendUint16(v uint16)          { r.elem(TagUint16); r.u16(v) }
func (r *Recorder) AppendUint8(v uint8)            { r.elem(TagUint8); r.elem(v) }
func (r *Recorder) AppendUintptr(v uintptr)        { r.elem(TagUintptr); r.u64(uint64(v)) }
