package otlp

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	base "example.com/zaphandlers/zapcore"
)

// jsonWriter writes values as OTLP's AnyValue in protobuf's JSON: {"intValue":"7"}. A value with a key is a KeyValue:
// {"key":"n","value":{"intValue":"7"}}. It implements fields.Values.
type jsonWriter struct {
	head
	out  []byte
	walk fields.Walker
}

const openList, closeList = `{"kvlistValue":{"values":[`, `]}}`

func newJSONWriter() *jsonWriter {
	w := new(jsonWriter)
	w.walk.Values = w
	return w
}

func (o *jsonWriter) state() *head { return &o.head }

func (o *jsonWriter) encoder() zapcore.ObjectEncoder { return &o.walk }

func (f Formatter) appendJSON(dst []byte, r *base.Record) ([]byte, error) {
	w := jsonWriters.Get().(*jsonWriter)
	w.begin(&f)
	ent := r.EntryView()
	nanos, observed := times(ent.Time)
	number, level := Severity(ent.Level)

	dst = append(dst, '{')
	if nanos > 0 {
		dst = strconv.AppendUint(append(dst, `"timeUnixNano":"`...), nanos, 10)
		dst = append(dst, `",`...)
	}
	dst = strconv.AppendUint(append(dst, `"observedTimeUnixNano":"`...), observed, 10)
	dst = strconv.AppendInt(append(dst, `","severityNumber":`...), int64(number), 10)
	dst = base.AppendJSONString(append(dst, `,"severityText":`...), level)
	dst = base.AppendJSONString(append(dst, `,"body":{"stringValue":`...), ent.Message)
	w.out = append(dst, `},"attributes":[`...)
	err := attributes(&w.walk, w, ent, r)
	dst = append(w.out, ']')
	if w.trace.found {
		dst = append(append(append(dst, `,"traceId":"`...), w.trace.hex[:32]...), '"')
	}
	if w.span.found {
		dst = append(append(append(dst, `,"spanId":"`...), w.span.hex[:16]...), '"')
	}
	w.out = nil
	jsonWriters.Put(w)
	return append(dst, '}'), err
}

// announce writes what precedes a value.
func (o *jsonWriter) announce(key string) {
	if o.out[len(o.out)-1] != '[' {
		o.out = append(o.out, ',')
	}
	if !o.inArray {
		o.out = append(base.AppendJSONString(append(o.out, `{"key":`...), key), `,"value":`...)
	}
}

// open writes the key and the beginning of a value of that kind.
func (o *jsonWriter) open(kind string) {
	o.announce(o.key)
	o.out = append(o.out, kind...)
}

func (o *jsonWriter) close(text string) {
	o.out = append(o.out, text...)
	if !o.inArray {
		o.out = append(o.out, '}')
	}
}

// Begin implements fields.Values. The key is written by open, because some texts are no attributes.
func (o *jsonWriter) Begin(key string) { o.key = key }

// Text implements fields.Values.
func (o *jsonWriter) Text(v string) {
	if !o.takeID(v) {
		o.Number(v)
	}
}

// Number implements fields.Values.
func (o *jsonWriter) Number(text string) {
	o.open(`{"stringValue":`)
	o.out = base.AppendJSONString(o.out, text)
	o.close("}")
}

// Null implements fields.Values.
func (o *jsonWriter) Null() { o.open("{"); o.close("}") }

// Boolean implements fields.Values.
func (o *jsonWriter) Boolean(v bool) {
	o.open(`{"boolValue":`)
	o.out = strconv.AppendBool(o.out, v)
	o.close("}")
}

// Integer implements fields.Values.
func (o *jsonWriter) Integer(v int64) {
	o.open(`{"intValue":"`)
	o.out = strconv.AppendInt(o.out, v, 10)
	o.close(`"}`)
}

// Unsigned implements fields.Values. What an int64 cannot hold becomes a string, by OTLP's mapping of arbitrary data.
func (o *jsonWriter) Unsigned(v uint64) {
	if v > math.MaxInt64 {
		o.Number(strconv.FormatUint(v, 10))
		return
	}
	o.Integer(int64(v))
}

// Float implements fields.Values. A float32 keeps its exact value, as in OpenTelemetry.
func (o *jsonWriter) Float(v float64, _ int) {
	o.open(`{"doubleValue":`)
	switch {
	case math.IsNaN(v):
		o.out = append(o.out, `"NaN"`...)
	case math.IsInf(v, 1):
		o.out = append(o.out, `"Infinity"`...)
	case math.IsInf(v, -1):
		o.out = append(o.out, `"-Infinity"`...)
	default:
		o.out = strconv.AppendFloat(o.out, v, 'g', -1, 64)
	}
	o.close("}")
}

// Complex implements fields.Values.
func (o *jsonWriter) Complex(v complex128, bits int) {
	o.open(openList)
	outer := o.enter(false)
	o.Begin("r")
	o.Float(real(v), bits/2)
	o.Begin("i")
	o.Float(imag(v), bits/2)
	o.leave(outer)
	o.close(closeList)
}

// Binary implements fields.Values.
func (o *jsonWriter) Binary(v []byte) {
	o.open(`{"bytesValue":"`)
	o.out = base64.StdEncoding.AppendEncode(o.out, v)
	o.close(`"}`)
}

// Moment implements fields.Values.
func (o *jsonWriter) Moment(v time.Time) { o.Integer(fields.Nanos(v)) }

// Span implements fields.Values.
func (o *jsonWriter) Span(v time.Duration) { o.Integer(int64(v)) }

// JSON implements fields.Values.
func (o *jsonWriter) JSON(w *fields.Walker, v []byte) error { return w.Reflected(v) }

// Object implements fields.Values.
func (o *jsonWriter) Object(w *fields.Walker, m zapcore.ObjectMarshaler) error {
	o.open(openList)
	outer := o.enter(false)
	err := w.Level(m)
	o.leave(outer)
	o.close(closeList)
	return err
}

// Array implements fields.Values.
func (o *jsonWriter) Array(w *fields.Walker, m zapcore.ArrayMarshaler) error {
	o.open(`{"arrayValue":{"values":[`)
	outer := o.enter(true)
	err := m.MarshalLogArray(w)
	o.leave(outer)
	o.close(closeList)
	return err
}

// enter begins an object or array, and returns the argument for leave.
func (o *jsonWriter) enter(array bool) (outer bool) {
	outer, o.inArray = o.inArray, array
	o.depth++
	return outer
}

func (o *jsonWriter) leave(outer bool) {
	o.depth--
	o.inArray = outer
}

// Namespace implements fields.Values. A namespace is never open in an array.
func (o *jsonWriter) Namespace(key string) {
	o.announce(key)
	o.out = append(o.out, openList...)
	o.depth++
}

// Leave implements fields.Values.
func (o *jsonWriter) Leave() {
	o.depth--
	o.close(closeList)
}
