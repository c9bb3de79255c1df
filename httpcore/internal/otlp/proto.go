package otlp

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	base "example.com/zaphandlers/zapcore"
)

const (
	maxLevels           = 1 << 10 // of nesting for which memory is kept
	recordLengthReserve = 2       // bytes: most records have 128 to 16,383
)

// protoWriter writes the values of a record as KeyValues, or those of an array as AnyValues. It implements fields.Values.
type protoWriter struct {
	head
	out   []byte
	tag   byte // of the next KeyValue or AnyValue
	opens []nested
	walk  fields.Walker

	direct protoEncoder // of walk
}

// nested is a list or an object being written: where its lengths go. Each takes one byte at first.
type nested struct {
	keyValue, any, list int // keyValue is 0 in an array
	tag                 byte
	inArray             bool
}

func newProtoWriter() *protoWriter {
	w := new(protoWriter)
	w.walk.Values, w.direct = w, protoEncoder{&w.walk, w}
	return w
}

func (p *protoWriter) state() *head { return &p.head }

func (p *protoWriter) encoder() zapcore.ObjectEncoder { return &p.direct }

// protoEncoder is the Walker of a protoWriter, with two interface calls less for the most frequent fields.
type protoEncoder struct {
	*fields.Walker
	to *protoWriter
}

// AddString implements zapcore.ObjectEncoder.
func (e *protoEncoder) AddString(key, v string) { e.to.key = key; e.to.Text(v) }

// AddInt64 implements zapcore.ObjectEncoder.
func (e *protoEncoder) AddInt64(key string, v int64) { e.to.key = key; e.to.Integer(v) }

// AddDuration implements zapcore.ObjectEncoder.
func (e *protoEncoder) AddDuration(key string, v time.Duration) { e.to.key = key; e.to.Span(v) }

// AddFloat64 implements zapcore.ObjectEncoder.
func (e *protoEncoder) AddFloat64(key string, v float64) { e.to.key = key; e.to.Float(v, 64) }

// AddBool implements zapcore.ObjectEncoder.
func (e *protoEncoder) AddBool(key string, v bool) { e.to.key = key; e.to.Boolean(v) }

func (f Formatter) appendProto(dst []byte, r *base.Record) ([]byte, error) {
	w := protoWriters.Get().(*protoWriter)
	w.begin(&f)
	w.tag, w.opens = tagRecordAttribute, w.opens[:0]
	ent := r.EntryView()
	nanos, observed := times(ent.Time)
	number, level := Severity(ent.Level)

	out := append(dst, tagScopeLogsRecord, 0, 0)
	begin := len(out)
	if nanos > 0 {
		out = binary.LittleEndian.AppendUint64(append(out, tagRecordTime), nanos)
	}
	out = append(out, tagRecordSeverity, byte(number))
	out = appendText(append(out, tagRecordLevel), level)
	message := ent.Message
	if !utf8.ValidString(message) {
		message = strings.ToValidUTF8(message, "\ufffd")
	}
	out = binary.AppendUvarint(append(out, tagRecordBody), uint64(1+textSize(len(message))))
	w.out = appendText(append(out, tagAnyString), message)
	err := attributes(&w.walk, w, ent, r)
	out = w.out
	if w.trace.found {
		out = appendHex(append(out, tagRecordTrace, 16), w.trace.hex[:32])
	}
	if w.span.found {
		out = appendHex(append(out, tagRecordSpan, 8), w.span.hex[:16])
	}
	out = binary.LittleEndian.AppendUint64(append(out, tagRecordObserved), observed)
	w.out = nil
	if cap(w.opens) > maxLevels {
		w.opens = nil
	}
	protoWriters.Put(w)
	return setLength(out, begin, recordLengthReserve), err
}

// value writes everything that precedes a value of size bytes: for a KeyValue also its key.
func (p *protoWriter) value(size int) {
	if n := len(p.key) + size + 4; n < 0x80 && !p.inArray && p.key != "" { // the usual case: each length is one byte
		out := append(p.out, p.tag, byte(n), tagKeyValueKey, byte(len(p.key)))
		p.out = append(append(out, p.key...), tagKeyValueValue, byte(size))
		return
	}
	out := append(p.out, p.tag)
	if !p.inArray {
		key := 1 + textSize(len(p.key))
		if p.key == "" {
			key = 0 // an empty key is not written
		}
		out = binary.AppendUvarint(out, uint64(key+1+textSize(size)))
		if key > 0 {
			out = appendText(append(out, tagKeyValueKey), p.key)
		}
		out = append(out, tagKeyValueValue)
	}
	p.out = binary.AppendUvarint(out, uint64(size))
}

// Begin implements fields.Values. Package names has made the key valid UTF-8.
func (p *protoWriter) Begin(key string) { p.key = key }

// Text implements fields.Values. A text that is not UTF-8 becomes bytes, by OTLP's mapping of arbitrary data.
func (p *protoWriter) Text(v string) {
	if p.takeID(v) {
		return
	}
	tag := byte(tagAnyString)
	if !fields.IsASCII(v) && !utf8.ValidString(v) {
		tag = tagAnyBytes
	}
	if n := len(p.key) + len(v) + 6; n < 0x80 && !p.inArray && p.key != "" { // the usual case, too
		out := append(p.out, p.tag, byte(n), tagKeyValueKey, byte(len(p.key)))
		out = append(append(out, p.key...), tagKeyValueValue, byte(len(v)+2), tag, byte(len(v)))
		p.out = append(out, v...)
		return
	}
	p.value(1 + textSize(len(v)))
	p.out = appendText(append(p.out, tag), v)
}

// Null implements fields.Values.
func (p *protoWriter) Null() { p.value(0) }

// Boolean implements fields.Values.
func (p *protoWriter) Boolean(v bool) {
	p.value(2)
	if v {
		p.out = append(p.out, tagAnyBool, 1)
	} else {
		p.out = append(p.out, tagAnyBool, 0)
	}
}

// Integer implements fields.Values.
func (p *protoWriter) Integer(v int64) {
	p.value(1 + varintSize(uint64(v)))
	p.out = binary.AppendUvarint(append(p.out, tagAnyInt), uint64(v))
}

// Unsigned implements fields.Values. What an int64 cannot hold becomes a string, by OTLP's mapping of arbitrary data.
func (p *protoWriter) Unsigned(v uint64) {
	if v > math.MaxInt64 {
		p.Number(strconv.FormatUint(v, 10))
		return
	}
	p.Integer(int64(v))
}

// Number implements fields.Values.
func (p *protoWriter) Number(text string) {
	p.value(1 + textSize(len(text)))
	p.out = appendText(append(p.out, tagAnyString), text)
}

// Float implements fields.Values. A float32 keeps its exact value, as in OpenTelemetry.
func (p *protoWriter) Float(v float64, _ int) {
	p.value(9)
	p.out = binary.LittleEndian.AppendUint64(append(p.out, tagAnyDouble), math.Float64bits(v))
}

// Complex implements fields.Values.
func (p *protoWriter) Complex(v complex128, bits int) {
	p.open(tagAnyKeyValues, false)
	p.Begin("r")
	p.Float(real(v), bits/2)
	p.Begin("i")
	p.Float(imag(v), bits/2)
	p.close()
}

// Binary implements fields.Values.
func (p *protoWriter) Binary(v []byte) {
	p.value(1 + textSize(len(v)))
	p.out = appendText(append(p.out, tagAnyBytes), v)
}

// Moment implements fields.Values.
func (p *protoWriter) Moment(v time.Time) { p.Integer(fields.Nanos(v)) }

// Span implements fields.Values.
func (p *protoWriter) Span(v time.Duration) { p.Integer(int64(v)) }

// JSON implements fields.Values.
func (p *protoWriter) JSON(w *fields.Walker, v []byte) error { return w.Reflected(v) }

// Object implements fields.Values.
func (p *protoWriter) Object(w *fields.Walker, m zapcore.ObjectMarshaler) error {
	p.open(tagAnyKeyValues, false)
	err := w.Level(m)
	p.close()
	return err
}

// Array implements fields.Values.
func (p *protoWriter) Array(w *fields.Walker, m zapcore.ArrayMarshaler) error {
	p.open(tagAnyArray, true)
	err := m.MarshalLogArray(w)
	p.close()
	return err
}

// Namespace implements fields.Values.
func (p *protoWriter) Namespace(key string) {
	p.key = key
	p.open(tagAnyKeyValues, false)
}

// Leave implements fields.Values.
func (p *protoWriter) Leave() { p.close() }

// open begins a value that is a list or an object.
func (p *protoWriter) open(kind byte, array bool) {
	n := nested{tag: p.tag, inArray: p.inArray}
	out := append(p.out, p.tag, 0)
	if !p.inArray {
		n.keyValue = len(out)
		if p.key != "" {
			out = appendText(append(out, tagKeyValueKey), p.key)
		}
		out = append(out, tagKeyValueValue, 0)
	}
	n.any = len(out)
	p.out = append(out, kind, 0)
	n.list = len(p.out)
	p.opens = append(p.opens, n)
	p.tag, p.inArray = tagListElement, array
	p.depth++
}

// close fills in the lengths of the value that was opened last, from the inside out, because the outer ones include the inner.
func (p *protoWriter) close() {
	last := len(p.opens) - 1
	n := p.opens[last]
	p.opens = p.opens[:last]
	p.out = setLength(p.out, n.list, 1)
	p.out = setLength(p.out, n.any, 1)
	if n.keyValue > 0 {
		p.out = setLength(p.out, n.keyValue, 1)
	}
	p.tag, p.inArray = n.tag, n.inArray
	p.depth--
}
