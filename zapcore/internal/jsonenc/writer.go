package zapcore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"go.uber.org/zap/zapcore"
)

// jsonWriter appends JSON to b. It is the PrimitiveArrayEncoder to which the functions of an EncoderConfig write times, levels
// and the like: each of its exported methods appends one value, behind a comma if it needs one.
type jsonWriter struct {
	cfg    *zapcore.EncoderConfig
	b      []byte
	open   int // namespaces of the object that is being written
	second jsonSecond
}

var _ zapcore.PrimitiveArrayEncoder = (*jsonWriter)(nil)

// members writes the nodes of one object, without braces around them. Namespaces stay open.
//
// The types that most fields have are done here, with the position and the bytes in registers.
func (w *jsonWriter) members(c cursor) {
	s, at, b := c.s, c.at, w.b
	for at < len(s) {
		var text string
		t := s[at]
		text, at = textAt(s, at+1)
		b = appendKey(b, text)
		switch t {
		case tagString, tagError:
			text, at = textAt(s, at)
			b = appendString(b, text)
		case tagInt64:
			b = strconv.AppendInt(b, int64(load64(s, at)), 10)
			at += 8
		case tagFloat64:
			b = appendFloat(b, math.Float64frombits(load64(s, at)))
			at += 8
		case tagTrue:
			b = append(b, "true"...)
		case tagFalse:
			b = append(b, "false"...)
		case tagNamespace:
			b = append(b, '{')
			w.open++
		default:
			rare := cursor{s: s, at: at}
			w.b = b
			w.value(t, &rare)
			b, at = w.b, rare.at
		}
	}
	w.b = b
}

// elements writes the nodes of an array, without brackets around them.
func (w *jsonWriter) elements(c cursor) {
	for c.more() {
		w.value(c.tag(), &c)
	}
}

// value writes the value at the cursor, of which the tag was read.
func (w *jsonWriter) value(t tag, c *cursor) {
	switch t {
	case tagDuration:
		w.AppendDuration(time.Duration(c.u64()))
	case tagTimeUTC:
		w.AppendTime(c.utc())
	case tagTime:
		w.AppendTime(c.zoned())
	case tagString, tagError, tagByteString:
		w.AppendString(c.text())
	case tagInt, tagInt64:
		w.AppendInt64(int64(c.u64()))
	case tagInt32:
		w.AppendInt64(int64(int32(c.u32())))
	case tagInt16:
		w.AppendInt64(int64(int16(c.u16())))
	case tagInt8:
		w.AppendInt64(int64(int8(c.u8())))
	case tagUint, tagUint64, tagUintptr:
		w.AppendUint64(c.u64())
	case tagUint32:
		w.AppendUint64(uint64(c.u32()))
	case tagUint16:
		w.AppendUint64(uint64(c.u16()))
	case tagUint8:
		w.AppendUint64(uint64(c.u8()))
	case tagTrue, tagFalse:
		w.AppendBool(t == tagTrue)
	case tagFloat64:
		w.AppendFloat64(math.Float64frombits(c.u64()))
	case tagFloat32:
		w.AppendFloat32(math.Float32frombits(c.u32()))
	case tagComplex128:
		w.AppendComplex128(c.complex128())
	case tagComplex64:
		w.AppendComplex64(c.complex64())
	case tagBinary:
		w.separate()
		w.b = append(base64.StdEncoding.AppendEncode(append(w.b, '"'), c.bytes()), '"')
	case tagNull:
		w.separate()
		w.b = append(w.b, "null"...)
	case tagJSON:
		w.separate()
		w.b = appendCompact(w.b, c.text())
	case tagObject:
		w.object(c.nested())
	case tagArray:
		w.separate()
		w.b = append(w.b, '[')
		w.elements(c.nested())
		w.b = append(w.b, ']')
	}
}

func (w *jsonWriter) object(c cursor) {
	w.separate()
	w.b = append(w.b, '{')
	outer := w.open
	w.open = 0
	w.members(c)
	w.closeNamespaces()
	w.open = outer
	w.b = append(w.b, '}')
}

func (w *jsonWriter) closeNamespaces() {
	for ; w.open > 0; w.open-- {
		w.b = append(w.b, '}')
	}
}

// separate begins a value or a member: with a comma, if there is one before it.
func (w *jsonWriter) separate() { w.b = appendSeparator(w.b) }

// appendCompact appends a value that is known to be JSON, on one line.
func appendCompact(b []byte, text string) []byte {
	if !strings.ContainsAny(text, " \t\r\n") {
		return append(b, text...)
	}
	out := bytes.NewBuffer(b)
	_ = json.Compact(out, []byte(text))
	return out.Bytes()
}

func (w *jsonWriter) complex(re, im float64, bits int) {
	w.separate()
	w.b = strconv.AppendFloat(append(w.b, '"'), re, 'f', -1, bits)
	if im >= 0 {
		w.b = append(w.b, '+')
	}
	w.b = append(strconv.AppendFloat(w.b, im, 'f', -1, bits), 'i', '"')
}

// AppendDuration writes v as the config says, or in nanoseconds.
func (w *jsonWriter) AppendDuration(v time.Duration) {
	n := len(w.b)
	if w.cfg.EncodeDuration != nil {
		w.cfg.EncodeDuration(v, w)
	}
	if len(w.b) == n {
		w.AppendInt64(int64(v))
	}
}

// AppendTime writes v as the config says, or in nanoseconds since 1970.
func (w *jsonWriter) AppendTime(v time.Time) {
	n := len(w.b)
	if w.cfg.EncodeTime != nil {
		w.cfg.EncodeTime(v, w)
	}
	if len(w.b) == n {
		w.AppendInt64(v.UnixNano())
	}
}

// AppendTimeLayout is what zap's encoders of time look for, so that they need no string.
func (w *jsonWriter) AppendTimeLayout(v time.Time, layout string) {
	w.separate()
	w.b = append(w.b, '"')
	if layout == time.RFC3339Nano {
		w.b = w.second.append(w.b, v)
	} else {
		w.b = v.AppendFormat(w.b, layout)
	}
	w.b = append(w.b, '"')
}

// The methods of zapcore.PrimitiveArrayEncoder.

func (w *jsonWriter) AppendString(v string)         { w.separate(); w.b = appendString(w.b, v) }
func (w *jsonWriter) AppendBool(v bool)             { w.separate(); w.b = strconv.AppendBool(w.b, v) }
func (w *jsonWriter) AppendInt64(v int64)           { w.separate(); w.b = strconv.AppendInt(w.b, v, 10) }
func (w *jsonWriter) AppendUint64(v uint64)         { w.separate(); w.b = strconv.AppendUint(w.b, v, 10) }
func (w *jsonWriter) AppendFloat64(v float64)       { w.separate(); w.b = appendFloat(w.b, v) }
func (w *jsonWriter) AppendFloat32(v float32)       { w.separate(); w.b = appendFloat32(w.b, v) }
func (w *jsonWriter) AppendComplex128(v complex128) { w.complex(real(v), imag(v), 64) }
func (w *jsonWriter) AppendComplex64(v complex64) {
	w.complex(float64(real(v)), float64(imag(v)), 32)
}
func (w *jsonWriter) AppendByteString(v []byte) {
	w.AppendString(unsafe.String(unsafe.SliceData(v), len(v)))
}
func (w *jsonWriter) AppendInt(v int)         { w.AppendInt64(int64(v)) }
func (w *jsonWriter) AppendInt32(v int32)     { w.AppendInt64(int64(v)) }
func (w *jsonWriter) AppendInt16(v int16)     { w.AppendInt64(int64(v)) }
func (w *jsonWriter) AppendInt8(v int8)       { w.AppendInt64(int64(v)) }
func (w *jsonWriter) AppendUint(v uint)       { w.AppendUint64(uint64(v)) }
func (w *jsonWriter) AppendUint32(v uint32)   { w.AppendUint64(uint64(v)) }
func (w *jsonWriter) AppendUint16(v uint16)   { w.AppendUint64(uint64(v)) }
func (w *jsonWriter) AppendUint8(v uint8)     { w.AppendUint64(uint64(v)) }
func (w *jsonWriter) AppendUintptr(v uintptr) { w.AppendUint64(uint64(v)) }
