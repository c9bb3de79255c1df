package jsonenc

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

	"example.com/zaphandlers/zapcore/internal/tape"
)

// Writer writes JSON. Its exported Append methods are those of a PrimitiveArrayEncoder, to which the functions of an EncoderConfig write
// times, levels and the like: each appends one value to b, after a comma if it needs one.
type Writer struct {
	cfg    *Config
	b      []byte
	open   int           // how many namespaces are open in the current object
	second second        // cache of AppendTimeLayout
	epoch  epoch         // cache of times in seconds since 1970
	rare   tape.Recorder // records fields that run code of the program
}

var _ zapcore.PrimitiveArrayEncoder = (*Writer)(nil)

// Memory returns the size of the buffers that w keeps, in bytes.
func (w *Writer) Memory() int { return w.rare.Memory() }

// members writes the nodes of one object, without braces around them. Namespaces stay open.
//
// It handles the most common types itself, with the position and the bytes in registers.
func (w *Writer) members(c tape.Cursor) {
	s, at := c.Position()
	b := w.b
	for at < len(s) {
		var text string
		t := s[at]
		text, at = tape.TextAt(s, at+1)
		b = appendKey(b, text)
		switch t {
		case tape.TagString, tape.TagError:
			text, at = tape.TextAt(s, at)
			b = appendString(b, text)
		case tape.TagInt64:
			b = appendInt(b, int64(tape.Load64(s, at)))
			at += 8
		case tape.TagFloat64:
			b = appendFloat(b, math.Float64frombits(tape.Load64(s, at)))
			at += 8
		case tape.TagTypedError:
			text, at = tape.TextAt(s, at)
			b = appendString(b, text)
			_, at = tape.TextAt(s, at)
		case tape.TagTrue:
			b = append(b, "true"...)
		case tape.TagFalse:
			b = append(b, "false"...)
		case tape.TagDuration:
			if !w.cfg.seconds {
				w.b = b
				w.AppendDuration(time.Duration(tape.Load64(s, at)))
				b = w.b
			} else {
				b = appendSeconds(b, time.Duration(tape.Load64(s, at)))
			}
			at += 8
		case tape.TagNamespace:
			b = append(b, '{')
			w.open++
		default:
			rare := tape.CursorIn(s, at)
			w.b = b
			w.value(t, &rare)
			b = w.b
			_, at = rare.Position()
		}
	}
	w.b = b
}

// elements writes the nodes of an array, without brackets around them.
func (w *Writer) elements(c tape.Cursor) {
	for c.More() {
		w.value(c.Tag(), &c)
	}
}

// value writes the value at the tape.Cursor, whose tag has been read.
func (w *Writer) value(t tape.Tag, c *tape.Cursor) {
	switch t {
	case tape.TagDuration:
		w.AppendDuration(time.Duration(c.U64()))
	case tape.TagTimeUTC:
		w.AppendTime(c.UTC())
	case tape.TagTime:
		w.AppendTime(c.Zoned())
	case tape.TagString, tape.TagError, tape.TagByteString:
		w.AppendString(c.Text())
	case tape.TagTypedError:
		text, _ := c.TypedError()
		w.AppendString(text)
	case tape.TagInt, tape.TagInt64:
		w.AppendInt64(int64(c.U64()))
	case tape.TagInt32:
		w.AppendInt64(int64(int32(c.U32())))
	case tape.TagInt16:
		w.AppendInt64(int64(int16(c.U16())))
	case tape.TagInt8:
		w.AppendInt64(int64(int8(c.U8())))
	case tape.TagUint, tape.TagUint64, tape.TagUintptr:
		w.AppendUint64(c.U64())
	case tape.TagUint32:
		w.AppendUint64(uint64(c.U32()))
	case tape.TagUint16:
		w.AppendUint64(uint64(c.U16()))
	case tape.TagUint8:
		w.AppendUint64(uint64(c.U8()))
	case tape.TagTrue, tape.TagFalse:
		w.AppendBool(t == tape.TagTrue)
	case tape.TagFloat64:
		w.AppendFloat64(math.Float64frombits(c.U64()))
	case tape.TagFloat32:
		w.AppendFloat32(math.Float32frombits(c.U32()))
	case tape.TagComplex128:
		w.AppendComplex128(c.Complex128())
	case tape.TagComplex64:
		w.AppendComplex64(c.Complex64())
	case tape.TagBinary:
		w.separate()
		w.b = append(base64.StdEncoding.AppendEncode(append(w.b, '"'), c.Bytes()), '"')
	case tape.TagNull:
		w.separate()
		w.b = append(w.b, "null"...)
	case tape.TagJSON:
		w.separate()
		w.b = appendCompact(w.b, c.Text())
	case tape.TagObject:
		w.object(c.Nested())
	case tape.TagArray:
		w.separate()
		w.b = append(w.b, '[')
		w.elements(c.Nested())
		w.b = append(w.b, ']')
	}
}

func (w *Writer) object(c tape.Cursor) {
	w.separate()
	w.b = append(w.b, '{')
	outer := w.open
	w.open = 0
	w.members(c)
	w.closeNamespaces()
	w.open = outer
	w.b = append(w.b, '}')
}

func (w *Writer) closeNamespaces() {
	for ; w.open > 0; w.open-- {
		w.b = append(w.b, '}')
	}
}

// separate begins a value or a member: with a comma, if there is one before it.
func (w *Writer) separate() { w.b = appendSeparator(w.b) }

// appendCompact appends a value that is known to be valid JSON, without line breaks.
func appendCompact(b []byte, text string) []byte {
	if !strings.ContainsAny(text, " \t\r\n") {
		return append(b, text...)
	}
	out := bytes.NewBuffer(b)
	_ = json.Compact(out, []byte(text))
	return out.Bytes()
}

func (w *Writer) complex(re, im float64, bits int) {
	w.separate()
	w.b = strconv.AppendFloat(append(w.b, '"'), re, 'f', -1, bits)
	if im >= 0 {
		w.b = append(w.b, '+')
	}
	w.b = append(strconv.AppendFloat(w.b, im, 'f', -1, bits), 'i', '"')
}

// AppendDuration writes v as the config says, or in nanoseconds.
func (w *Writer) AppendDuration(v time.Duration) {
	if w.cfg.seconds {
		w.separate()
		w.b = appendSeconds(w.b, v)
		return
	}
	n := len(w.b)
	if w.cfg.EncodeDuration != nil {
		w.cfg.EncodeDuration(v, hook{w})
	}
	if len(w.b) == n {
		w.AppendInt64(int64(v))
	}
}

// AppendTime writes v as the config says, or in nanoseconds since 1970.
func (w *Writer) AppendTime(v time.Time) {
	if w.cfg.epoch {
		w.separate()
		w.b = w.epoch.append(w.b, v.UnixNano())
		return
	}
	n := len(w.b)
	if w.cfg.EncodeTime != nil {
		w.cfg.EncodeTime(v, hook{w})
	}
	if len(w.b) == n {
		w.AppendInt64(v.UnixNano())
	}
}

// AppendTimeLayout appends a time in a layout. zap's time encoders look for this method, to save a string.
func (w *Writer) AppendTimeLayout(v time.Time, layout string) {
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

// AppendString implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendString(v string) { w.separate(); w.b = appendString(w.b, v) }

// AppendBool implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendBool(v bool) { w.separate(); w.b = strconv.AppendBool(w.b, v) }

// AppendInt64 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendInt64(v int64) { w.separate(); w.b = appendInt(w.b, v) }

// AppendUint64 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendUint64(v uint64) { w.separate(); w.b = appendUint(w.b, v) }

// AppendFloat64 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendFloat64(v float64) { w.separate(); w.b = appendFloat(w.b, v) }

// AppendFloat32 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendFloat32(v float32) { w.separate(); w.b = appendFloat32(w.b, v) }

// AppendComplex128 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendComplex128(v complex128) { w.complex(real(v), imag(v), 64) }

// AppendComplex64 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendComplex64(v complex64) {
	w.complex(float64(real(v)), float64(imag(v)), 32)
}

// AppendByteString implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendByteString(v []byte) {
	w.AppendString(unsafe.String(unsafe.SliceData(v), len(v)))
}

// AppendInt implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendInt(v int) { w.AppendInt64(int64(v)) }

// AppendInt32 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendInt32(v int32) { w.AppendInt64(int64(v)) }

// AppendInt16 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendInt16(v int16) { w.AppendInt64(int64(v)) }

// AppendInt8 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendInt8(v int8) { w.AppendInt64(int64(v)) }

// AppendUint implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendUint(v uint) { w.AppendUint64(uint64(v)) }

// AppendUint32 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendUint32(v uint32) { w.AppendUint64(uint64(v)) }

// AppendUint16 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendUint16(v uint16) { w.AppendUint64(uint64(v)) }

// AppendUint8 implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendUint8(v uint8) { w.AppendUint64(uint64(v)) }

// AppendUintptr implements zapcore.PrimitiveArrayEncoder.
func (w *Writer) AppendUintptr(v uintptr) { w.AppendUint64(uint64(v)) }
