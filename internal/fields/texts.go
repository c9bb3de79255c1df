package fields

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"
)

// Texts is a Values that turns each top-level field of a record into a name and a text, for forms and labels. The texts
// are those of Python's str: True, None, 0.5, 1e+16, nan. Times are RFC 3339, durations seconds; objects and arrays are JSON.
type Texts struct {
	Take   func(name, text []byte) // called for each field; must keep neither
	Wants  func(key string) bool   // whether to call Take for the field with that key, whose name is Prefix and key; nil: for all
	Prefix []byte                  // the names of the open namespaces, with their dots

	name    []byte // of the next value
	wanted  bool   // whether the next value is wanted
	scratch []byte
}

// keepScratch is the largest scratch space, in bytes, that is kept.
const keepScratch = 64 << 10

// Reset makes t ready for another record. It returns false if t has grown too large to keep.
func (t *Texts) Reset() (keep bool) {
	t.Prefix = t.Prefix[:0]
	return cap(t.scratch) <= keepScratch
}

// Begin starts a field: its name is Prefix and key, and its value is skipped unless Wants says that it is wanted.
func (t *Texts) Begin(key string) {
	t.wanted = t.Wants == nil || t.Wants(key)
	if t.wanted {
		t.name = append(append(t.name[:0], t.Prefix...), key...)
	}
}

func (t *Texts) give(text []byte) {
	t.scratch = text[:0]
	t.Take(t.name, text)
}

// Text gives v as it is.
func (t *Texts) Text(v string) {
	if t.wanted {
		t.give(append(t.scratch[:0], v...))
	}
}

// Binary gives the bytes of v as they are.
func (t *Texts) Binary(v []byte) {
	if t.wanted {
		t.give(append(t.scratch[:0], v...))
	}
}

// Null gives None, as Python's str writes it.
func (t *Texts) Null() { t.Text("None") }

// Boolean gives True or False, as Python's str writes them.
func (t *Texts) Boolean(v bool) {
	if v {
		t.Text("True")
	} else {
		t.Text("False")
	}
}

// Integer gives v in decimal.
func (t *Texts) Integer(v int64) {
	if t.wanted {
		t.give(strconv.AppendInt(t.scratch[:0], v, 10))
	}
}

// Unsigned gives v in decimal.
func (t *Texts) Unsigned(v uint64) {
	if t.wanted {
		t.give(strconv.AppendUint(t.scratch[:0], v, 10))
	}
}

// Float gives v, of 32 or 64 bits, as Python's str writes it.
func (t *Texts) Float(v float64, bits int) {
	if t.wanted {
		t.give(AppendPythonFloat(t.scratch[:0], v, bits))
	}
}

// Complex gives v, of 64 or 128 bits, as 1+2i.
func (t *Texts) Complex(v complex128, bits int) {
	text := strconv.FormatComplex(v, 'g', -1, bits)
	t.Text(text[1 : len(text)-1]) // without parentheses, as zap's JSON has it
}

// Moment gives v by RFC 3339, with as many digits of a second as it has.
func (t *Texts) Moment(v time.Time) {
	if t.wanted {
		t.give(v.AppendFormat(t.scratch[:0], time.RFC3339Nano))
	}
}

// Span gives v in seconds, as Float writes them.
func (t *Texts) Span(v time.Duration) { t.Float(v.Seconds(), 64) }

// Number gives text as it is.
func (t *Texts) Number(text string) { t.Text(text) }

// JSON gives v as it is.
func (t *Texts) JSON(_ *Walker, v []byte) error { t.Binary(v); return nil }

// nested makes JSON of objects and arrays.
var nested = zapcore.NewJSONEncoder(zapcore.EncoderConfig{
	SkipLineEnding: true,
	EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
	EncodeDuration: zapcore.SecondsDurationEncoder,
})

// Object gives m as JSON.
func (t *Texts) Object(_ *Walker, m zapcore.ObjectMarshaler) error {
	if !t.wanted {
		return nil
	}
	text, err := appendNested(t.scratch[:0], zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: m}, "", "")
	if err == nil {
		t.give(text)
	}
	return err
}

// Array gives m as JSON.
func (t *Texts) Array(_ *Walker, m zapcore.ArrayMarshaler) error {
	if !t.wanted {
		return nil
	}
	text, err := AppendArray(t.scratch[:0], m)
	if err == nil {
		t.give(text)
	}
	return err
}

// AppendArray appends m as JSON, with times as RFC 3339 has them, and durations as seconds.
func AppendArray(dst []byte, m zapcore.ArrayMarshaler) ([]byte, error) {
	return appendNested(dst, zapcore.Field{Type: zapcore.ArrayMarshalerType, Key: "a", Interface: m}, `{"a":`, "}")
}

// appendNested appends the JSON of f, without the texts before and after that the encoder puts around it.
func appendNested(dst []byte, f zapcore.Field, before, after string) ([]byte, error) {
	buf, err := nested.EncodeEntry(zapcore.Entry{}, []zapcore.Field{f})
	if err != nil {
		return dst, err
	}
	defer buf.Free()
	text := bytes.TrimSuffix(bytes.TrimPrefix(buf.Bytes(), []byte(before)), []byte(after))
	return append(dst, text...), nil
}

// Namespace puts key and a dot before the names that follow.
func (t *Texts) Namespace(key string) { t.Prefix = append(append(t.Prefix, key...), '.') }

// Leave does nothing: a namespace of the top level ends with the record.
func (t *Texts) Leave() {}

// AppendPythonFloat appends v as Python's repr writes it: the shortest text that reads back as the same number, always with a dot or an
// exponent. There is an exponent from 1e16 on, and below 1e-4.
func AppendPythonFloat(b []byte, v float64, bits int) []byte {
	switch abs := math.Abs(v); {
	case math.IsNaN(v):
		return append(b, "nan"...)
	case math.IsInf(v, 1):
		return append(b, "inf"...)
	case math.IsInf(v, -1):
		return append(b, "-inf"...)
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.AppendFloat(b, v, 'e', -1, bits)
	case v == math.Trunc(v):
		return append(strconv.AppendFloat(b, v, 'f', -1, bits), ".0"...)
	default:
		return strconv.AppendFloat(b, v, 'f', -1, bits)
	}
}
