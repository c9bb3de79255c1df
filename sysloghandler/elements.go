package sysloghandler

import (
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// The rest of zapcore.ObjectEncoder: the widths of numbers do not matter in text.

func (p *params) AddComplex128(key string, value complex128) { p.addComplex(key, value, 64) }
func (p *params) AddComplex64(key string, value complex64)   { p.addComplex(key, complex128(value), 32) }
func (p *params) AddFloat64(key string, value float64)       { p.addFloat(key, value, 64) }
func (p *params) AddFloat32(key string, value float32)       { p.addFloat(key, float64(value), 32) }
func (p *params) AddInt(key string, value int)               { p.AddInt64(key, int64(value)) }
func (p *params) AddInt32(key string, value int32)           { p.AddInt64(key, int64(value)) }
func (p *params) AddInt16(key string, value int16)           { p.AddInt64(key, int64(value)) }
func (p *params) AddInt8(key string, value int8)             { p.AddInt64(key, int64(value)) }
func (p *params) AddUint(key string, value uint)             { p.AddUint64(key, uint64(value)) }
func (p *params) AddUint32(key string, value uint32)         { p.AddUint64(key, uint64(value)) }
func (p *params) AddUint16(key string, value uint16)         { p.AddUint64(key, uint64(value)) }
func (p *params) AddUint8(key string, value uint8)           { p.AddUint64(key, uint64(value)) }
func (p *params) AddUintptr(key string, value uintptr)       { p.AddUint64(key, uint64(value)) }

// The methods of zapcore.ArrayEncoder: an element is a parameter of which the name ends with the index.

// element puts the index behind the prefix. Its result is what prefix has to be again after the element.
func (p *params) element() []byte {
	outer := p.prefix
	p.prefix = strconv.AppendInt(p.prefix, int64(p.index), 10)
	p.index++
	return outer
}

// after ends an element.
func (p *params) after(outer []byte) { p.prefix = p.prefix[:len(outer)] }

func (p *params) AppendString(v string)          { defer p.after(p.element()); p.AddString("", v) }
func (p *params) AppendByteString(v []byte)      { defer p.after(p.element()); p.AddByteString("", v) }
func (p *params) AppendBool(v bool)              { defer p.after(p.element()); p.AddBool("", v) }
func (p *params) AppendTime(v time.Time)         { defer p.after(p.element()); p.AddTime("", v) }
func (p *params) AppendDuration(v time.Duration) { defer p.after(p.element()); p.AddDuration("", v) }
func (p *params) AppendComplex128(v complex128)  { defer p.after(p.element()); p.addComplex("", v, 64) }
func (p *params) AppendComplex64(v complex64) {
	defer p.after(p.element())
	p.addComplex("", complex128(v), 32)
}
func (p *params) AppendFloat64(v float64) { defer p.after(p.element()); p.addFloat("", v, 64) }
func (p *params) AppendFloat32(v float32) { defer p.after(p.element()); p.addFloat("", float64(v), 32) }
func (p *params) AppendInt64(v int64)     { defer p.after(p.element()); p.AddInt64("", v) }
func (p *params) AppendUint64(v uint64)   { defer p.after(p.element()); p.AddUint64("", v) }
func (p *params) AppendInt(v int)         { p.AppendInt64(int64(v)) }
func (p *params) AppendInt32(v int32)     { p.AppendInt64(int64(v)) }
func (p *params) AppendInt16(v int16)     { p.AppendInt64(int64(v)) }
func (p *params) AppendInt8(v int8)       { p.AppendInt64(int64(v)) }
func (p *params) AppendUint(v uint)       { p.AppendUint64(uint64(v)) }
func (p *params) AppendUint32(v uint32)   { p.AppendUint64(uint64(v)) }
func (p *params) AppendUint16(v uint16)   { p.AppendUint64(uint64(v)) }
func (p *params) AppendUint8(v uint8)     { p.AppendUint64(uint64(v)) }
func (p *params) AppendUintptr(v uintptr) { p.AppendUint64(uint64(v)) }

func (p *params) AppendReflected(v any) error {
	defer p.after(p.element())
	return p.AddReflected("", v)
}

func (p *params) AppendObject(m zapcore.ObjectMarshaler) error {
	defer p.after(p.element())
	return p.AddObject("", m)
}

func (p *params) AppendArray(m zapcore.ArrayMarshaler) error {
	defer p.after(p.element())
	return p.AddArray("", m)
}

// asJSON is zap's JSON encoder without anything but the fields.
var asJSON = zapcore.NewJSONEncoder(zapcore.EncoderConfig{
	EncodeDuration: zapcore.StringDurationEncoder,
	EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
	SkipLineEnding: true,
})

// addJSON appends the value of f as JSON: what zap writes for it, without the object around it.
func (p *params) addJSON(key string, f zapcore.Field) error {
	f.Key = ""
	buf, err := asJSON.EncodeEntry(zapcore.Entry{}, []zapcore.Field{f})
	if err != nil {
		return err
	}
	defer buf.Free()
	inner := strings.TrimSuffix(strings.TrimPrefix(text(buf.Bytes()), `{"":`), "}")
	p.AddString(key, inner)
	return nil
}
