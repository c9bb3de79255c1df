package httpcore

import (
	"math"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// texts gives each top-level field of a record as a name and a text, which is what forms and labels are made of. The texts
// are those of Python's str: True, None, 0.5, 1e+16, nan. Times are RFC 3339, durations seconds; objects and arrays are JSON.
type texts struct {
	take  func(name, text []byte) // keeps neither
	wants func(key string) bool   // whether take wants that field, whose name is prefix and key; nil: it wants all

	prefix  []byte // of the open namespaces, with their dots
	name    []byte // of the value to come
	wanted  bool   // that value
	scratch []byte
}

// keepScratch is the largest scratch space, in bytes, that is kept.
const keepScratch = 64 << 10

// reset makes t ready for another record, or tells that it has grown too large to keep.
func (t *texts) reset() (keep bool) {
	t.prefix = t.prefix[:0]
	return cap(t.scratch) <= keepScratch
}

func (t *texts) begin(key string) {
	t.wanted = t.wants == nil || t.wants(key)
	if t.wanted {
		t.name = append(append(t.name[:0], t.prefix...), key...)
	}
}

func (t *texts) give(text []byte) {
	t.scratch = text[:0]
	t.take(t.name, text)
}

func (t *texts) text(v string) {
	if t.wanted {
		t.give(append(t.scratch[:0], v...))
	}
}
func (t *texts) binary(v []byte) {
	if t.wanted {
		t.give(append(t.scratch[:0], v...))
	}
}
func (t *texts) null() { t.text("None") }
func (t *texts) boolean(v bool) {
	if v {
		t.text("True")
	} else {
		t.text("False")
	}
}
func (t *texts) integer(v int64) {
	if t.wanted {
		t.give(strconv.AppendInt(t.scratch[:0], v, 10))
	}
}
func (t *texts) unsigned(v uint64) {
	if t.wanted {
		t.give(strconv.AppendUint(t.scratch[:0], v, 10))
	}
}
func (t *texts) float(v float64, bits int) {
	if t.wanted {
		t.give(appendPythonFloat(t.scratch[:0], v, bits))
	}
}
func (t *texts) complex(v complex128, bits int) {
	text := strconv.FormatComplex(v, 'g', -1, bits)
	t.text(text[1 : len(text)-1]) // without parentheses, as zap's JSON has it
}
func (t *texts) moment(v time.Time) {
	if t.wanted {
		t.give(v.AppendFormat(t.scratch[:0], time.RFC3339Nano))
	}
}
func (t *texts) span(v time.Duration) { t.float(v.Seconds(), 64) }
func (t *texts) json(v []byte)        { t.binary(v) }

// nested makes JSON of objects and arrays.
var nested = zapcore.NewJSONEncoder(zapcore.EncoderConfig{
	SkipLineEnding: true,
	EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
	EncodeDuration: zapcore.SecondsDurationEncoder,
})

func (t *texts) object(_ *walker, m zapcore.ObjectMarshaler) error {
	return t.nest(zapcore.Field{Type: zapcore.InlineMarshalerType, Interface: m}, "", "")
}

func (t *texts) array(_ *walker, m zapcore.ArrayMarshaler) error {
	return t.nest(zapcore.Field{Type: zapcore.ArrayMarshalerType, Key: "a", Interface: m}, `{"a":`, "}")
}

// nest gives the JSON of f without what the encoder puts around it.
func (t *texts) nest(f zapcore.Field, before, after string) error {
	if !t.wanted {
		return nil
	}
	buf, err := nested.EncodeEntry(zapcore.Entry{}, []zapcore.Field{f})
	if err != nil {
		return err
	}
	defer buf.Free()
	text := strings.TrimSuffix(strings.TrimPrefix(buf.String(), before), after)
	t.text(text)
	return nil
}

func (t *texts) namespace(key string) { t.prefix = append(append(t.prefix, key...), '.') }
func (t *texts) leave()               {} // a namespace of the top level ends with the record

// appendPythonFloat appends what Python's repr gives: the shortest text that reads back the same, always with a dot or an
// exponent, and the exponent from 1e16 on and below 1e-4.
func appendPythonFloat(b []byte, v float64, bits int) []byte {
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
