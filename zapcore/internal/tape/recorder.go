package tape

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"time"

	"go.uber.org/zap/zapcore"
)

// Recorder writes nodes to a tape. It is both zap's ObjectEncoder and its ArrayEncoder: a marshaler writes to it, during the call and on
// the caller's goroutine, what it would write to a JSON encoder.
//
// A marshaler may convert its encoder to the other interface, and add elements to an object or members to an array. An element of an
// object becomes a member without a name, a member of an array becomes two elements, name and value. (zap's JSON encoder writes invalid
// JSON then.)
//
// A Recorder is for one goroutine at a time. If a marshaler panics, the objects and arrays that were open are closed, so that a caller
// that recovers can go on.
type Recorder struct {
	b     []byte
	depth int  // how many objects and arrays are open
	list  bool // the innermost of them is an array

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

// Continue empties r and adds nodes, without the head of a tape. It is for the fields of With.
func (r *Recorder) Continue(nodes string) { r.b, r.depth, r.list = append(r.b[:0], nodes...), 0, false }

// Nodes adds nodes that were recorded before.
func (r *Recorder) Nodes(nodes string) { r.b = append(r.b, nodes...) }

// Bytes returns what was recorded. It is valid until r is used again.
func (r *Recorder) Bytes() []byte { return r.b }

// NewRecorder returns a Recorder with room for that many bytes.
func NewRecorder(room int) Recorder { return Recorder{b: make([]byte, 0, room)} }

// NewListRecorder returns a Recorder whose nodes are elements of an array: they have no keys.
func NewListRecorder() Recorder { return Recorder{list: true} }

// Memory returns the larger of the buffers that r keeps, in bytes. Release lets them go.
func (r *Recorder) Memory() int { return max(cap(r.b), cap(r.jsonOut.b)) }

// Release releases the memory that r keeps.
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

// key begins a member of an object; elem begins an element of an array.
func (r *Recorder) key(t Tag, key string) {
	if r.list {
		r.keyInList(t, key)
		return
	}
	r.b = appendText(append(r.b, t), key)
}

func (r *Recorder) elem(t Tag) {
	r.b = append(r.b, t)
	if !r.list {
		r.b = append(r.b, 0)
	}
}

// keyInList begins a member in an array: its name becomes an element. Of a namespace only the name is kept.
func (r *Recorder) keyInList(t Tag, key string) {
	r.b = appendText(append(r.b, TagString), key)
	if t != TagNamespace {
		r.b = append(r.b, t)
	}
}

func (r *Recorder) u8(v uint8)   { r.b = append(r.b, v) }
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

// open begins a nested value and leaves room for its length; shut ends it and fills in the length.
func (r *Recorder) open(list bool) (at int, outer bool) {
	at, outer = len(r.b), r.list
	r.u32(0)
	r.depth++
	r.list = list
	return at, outer
}

func (r *Recorder) shut(at int, outer bool) {
	r.depth--
	r.list = outer
	binary.LittleEndian.PutUint32(r.b[at:], uint32(len(r.b)-at-lengthSize))
}

// object records what m marshals as one nested value. What m wrote before an error stays, as with zap's own encoders; the
// error is for the field that asked.
func (r *Recorder) object(m zapcore.ObjectMarshaler) error {
	at, outer := r.open(false)
	defer r.shut(at, outer)
	return m.MarshalLogObject(r)
}

func (r *Recorder) array(m zapcore.ArrayMarshaler) error {
	at, outer := r.open(true)
	defer r.shut(at, outer)
	return m.MarshalLogArray(r)
}

// marshal returns v as JSON, valid until the next call.
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
