package sysloghandler

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"
)

// The rest of zapcore.ObjectEncoder. The width of a number does not matter in text.

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

// appendInt is strconv.AppendInt, faster for numbers of three digits, such as an HTTP status.
func appendInt(dst []byte, v int64) []byte {
	if v < 100 || v > 999 {
		return strconv.AppendInt(dst, v, 10)
	}
	n := int(v)
	return append(dst, '0'+byte(n/100), '0'+byte(n/10%10), '0'+byte(n%10))
}

// The methods of zapcore.ArrayEncoder. An element is a parameter whose name ends in its index.

// element appends the index to the prefix, and returns the argument for after.
func (p *params) element() []byte {
	outer := p.prefix
	p.prefix = strconv.AppendInt(p.prefix, int64(p.index), 10)
	p.index++
	return outer
}

// after ends an element: it restores the prefix.
func (p *params) after(outer []byte) { p.prefix = p.prefix[:len(outer)] }

func (p *params) AppendString(v string) {
	outer := p.element() // no user code runs here, so no defer is needed
	p.AddString("", v)
	p.after(outer)
}
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

// asJSON is zap's JSON encoder for fields only.
var asJSON = zapcore.NewJSONEncoder(zapcore.EncoderConfig{
	EncodeDuration: zapcore.StringDurationEncoder,
	EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
	SkipLineEnding: true,
})

// addJSON appends the value of f as zap writes it in JSON, without the object around it.
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

// lastTwo returns the last folder and the file of path, as zapcore.EntryCaller.TrimmedPath does.
func lastTwo(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		if j := strings.LastIndexByte(path[:i], '/'); j >= 0 {
			return path[j+1:]
		}
	}
	return path
}

// hashBit returns one of 64 bits, selected by the top of the hash.
func hashBit(hash uint32) uint64 { return 1 << (hash >> 26) }

// nameSpan is the position of a name in the message, and its hash.
type nameSpan struct {
	hash       uint32
	start, end int
}

// makeUnique appends a number to the name at the end of dst, which begins at start, if the message has the name already. The result
// has at most limit bytes.
func (p *params) makeUnique(start, limit int) {
	base, hash := len(p.dst), foldedHash(p.dst[start:])
	for n := 2; p.isKnown(p.dst[start:], hash); n++ {
		var digits [20]byte
		number := strconv.AppendInt(digits[:0], int64(n), 10)
		p.dst = append(p.dst[:min(base, start+limit-1-len(number))], '_')
		p.dst = append(p.dst, number...)
		hash = foldedHash(p.dst[start:])
	}
	p.rememberName(start, hash)
}

// forgetNames begins a message, at start in dst.
func (p *params) forgetNames(start int) { p.names, p.nameBits, p.nameBase = p.names[:0], 0, start }

// rememberName remembers the name at the end of dst, which begins at start.
func (p *params) rememberName(start int, hash uint32) {
	p.names = append(p.names, nameSpan{hash, start - p.nameBase, len(p.dst) - p.nameBase})
	p.nameBits |= hashBit(hash)
}

// isKnown reports whether the message already has a name with that hash, ignoring case.
func (p *params) isKnown(name []byte, hash uint32) bool {
	if p.nameBits&hashBit(hash) == 0 {
		return false
	}
	for _, known := range p.names {
		if known.hash == hash && bytes.EqualFold(p.dst[p.nameBase+known.start:p.nameBase+known.end], name) {
			return true
		}
	}
	return false
}

// foldedHash returns the fnv32a of the name in capitals.
func foldedHash(name []byte) uint32 {
	h := uint32(fnvBasis)
	for _, c := range name {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		h = (h ^ uint32(c)) * fnvPrime
	}
	return h
}
