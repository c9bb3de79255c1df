package sysloghandler

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"
)

// params appends fields as SD-PARAMs (RFC 5424 section 6.3.3), in order and directly to the message:
//
//	zap.Int("status", 200), zap.Dict("client", zap.String("ip", "::1")), zap.Strings("tags", []string{"a", "b"})
//	 status="200"           client.ip="::1"                               tags.0="a" tags.1="b"
//
// Like zap's JSON encoder it is an ObjectEncoder and an ArrayEncoder in one, for one goroutine at a time. What does not fit is cut: a
// text then ends in "...", and truncated="true" at the end stands for the missing parameters.
type params struct {
	*escaping
	nestedJSON bool
	separator  byte // replaces dots in names; 0: a dot
	native     bool // write fields of the journal's protocol
	unique     bool // number a name that exists already

	names    []nameSpan // if unique: the names so far
	nameBits uint64     // bits of their hashes: a name whose bit is not set is new
	nameBase int        // where the message begins in dst

	dst    []byte
	limit  int  // where the last parameter must end in dst, so that truncated="true" still fits
	full   bool // no more parameters fit
	prefix []byte
	index  int // of the next element of the open array
}

var (
	_ zapcore.ObjectEncoder = (*params)(nil)
	_ zapcore.ArrayEncoder  = (*params)(nil)
)

// truncated says that parameters are missing.
const truncated = ` truncated="true"`

// begin makes p append to dst, up to limit.
func (p *params) begin(dst []byte, limit int, e *escaping, nestedJSON bool) {
	p.escaping, p.nestedJSON = e, nestedJSON
	p.dst, p.limit = dst, limit-len(truncated)
	p.full = len(dst) > p.limit
	p.prefix, p.index = p.prefix[:0], 0
}

// end returns dst with everything that p appended.
func (p *params) end() []byte {
	dst := p.dst
	switch {
	case !p.full || len(dst) > p.limit:
	case p.native:
		dst = append(dst, "TRUNCATED=true\n"...)
	default:
		dst = append(dst, truncated...)
	}
	p.dst = nil
	return dst
}

// entry appends the rest of the zap entry, under the keys of zap's production encoder.
func (p *params) entry(ent *zapcore.Entry) {
	p.prefix = p.prefix[:0]
	if ent.Caller.Defined {
		if start, ok := p.open("caller"); ok {
			dst, _ := p.escaping.append(p.dst, lastTwo(ent.Caller.File), p.limit)
			p.dst = strconv.AppendInt(append(dst, ':'), int64(ent.Caller.Line), 10)
			p.close(start)
		}
	}
	if ent.Stack != "" {
		p.AddString("stacktrace", ent.Stack)
	}
}

// open appends the name and the opening quote of a parameter, and returns where it begins. ok is false if it does not fit.
func (p *params) open(key string) (start int, ok bool) {
	if p.native {
		if start, ok = p.openNative(key); ok {
			p.dst = append(p.dst, '=')
		}
		return start, ok
	}
	if p.full {
		return 0, false
	}
	start = len(p.dst)
	if room := 1 + len(key) + 2; len(p.prefix) == 0 && !p.unique && p.separator == 0 && cap(p.dst)-start >= room && isName(key) {
		dst := p.dst[start : start+room]
		dst[0], dst[room-2], dst[room-1] = ' ', '=', '"'
		copy(dst[1:], key)
		p.dst = p.dst[:start+room]
		return start, true
	}
	dst := append(p.dst, ' ')
	if len(p.prefix) == 0 && isName(key) {
		dst = append(dst, key...)
	} else {
		dst = appendName(dst, p.prefix, key)
	}
	if p.separator != 0 {
		replaceDots(dst[start:], p.separator)
	}
	if p.unique {
		p.dst = dst
		p.makeUnique(start+1, maxName)
		dst = p.dst
	}
	p.dst = append(dst, '=', '"')
	return start, true
}

// close appends the closing quote. A parameter that is too long is removed.
func (p *params) close(start int) {
	last := byte('"')
	if p.native {
		last = '\n'
	}
	if p.dst = append(p.dst, last); len(p.dst) > p.limit {
		p.dst, p.full = p.dst[:start], true
	}
}

// AddString implements zapcore.ObjectEncoder.
func (p *params) AddString(key, value string) {
	if p.native {
		if start, ok := p.openNative(key); ok {
			p.addNativeValue(start, value)
		}
		return
	}
	start, ok := p.open(key)
	if !ok {
		return
	}
	values := len(p.dst)
	if values+len(value) < p.limit && p.run(value) == len(value) {
		p.dst = append(append(p.dst, value...), '"')
		return
	}
	if p.dst, ok = p.appendUpTo(p.dst, value, p.limit-1); !ok && len(p.dst) == values {
		p.dst, p.full = p.dst[:start], true
		return
	}
	p.close(start)
	p.full = p.full || !ok
}

// AddByteString implements zapcore.ObjectEncoder.
func (p *params) AddByteString(key string, value []byte) { p.AddString(key, text(value)) }

// AddBinary appends value in base64, like zap's JSON encoder.
func (p *params) AddBinary(key string, value []byte) {
	start, ok := p.open(key)
	if !ok {
		return
	}
	if fits := (p.limit - len(p.dst)) / 4 * 3; len(value) > fits {
		value = value[:max(0, fits-len(marker))]
		p.dst = append(base64.StdEncoding.AppendEncode(p.dst, value), marker...)
		p.close(start)
		p.full = true
		return
	}
	p.dst = base64.StdEncoding.AppendEncode(p.dst, value)
	p.close(start)
}

// AddBool implements zapcore.ObjectEncoder.
func (p *params) AddBool(key string, value bool) {
	if start, ok := p.open(key); ok {
		p.dst = strconv.AppendBool(p.dst, value)
		p.close(start)
	}
}

// AddInt64 implements zapcore.ObjectEncoder.
func (p *params) AddInt64(key string, value int64) {
	if start, ok := p.open(key); ok {
		p.dst = appendInt(p.dst, value)
		p.close(start)
	}
}

// AddUint64 implements zapcore.ObjectEncoder.
func (p *params) AddUint64(key string, value uint64) {
	if start, ok := p.open(key); ok {
		p.dst = strconv.AppendUint(p.dst, value, 10)
		p.close(start)
	}
}

func (p *params) addFloat(key string, value float64, bits int) {
	if start, ok := p.open(key); ok {
		p.dst = appendFloat(p.dst, value, bits)
		p.close(start)
	}
}

// appendFloat writes a number like encoding/json: with an exponent only if it has many digits without. Unlike JSON it has NaN, +Inf
// and -Inf.
func appendFloat(dst []byte, value float64, bits int) []byte {
	form := byte('f')
	if abs := math.Abs(value); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(dst, value, form, -1, bits)
}

func (p *params) addComplex(key string, value complex128, bits int) {
	if start, ok := p.open(key); ok {
		p.dst = appendFloat(p.dst, real(value), bits)
		if im := imag(value); im >= 0 && !math.IsInf(im, 1) || math.IsNaN(im) {
			p.dst = append(p.dst, '+')
		}
		p.dst = append(appendFloat(p.dst, imag(value), bits), 'i')
		p.close(start)
	}
}

// AddDuration appends value in Go's notation: 1.5s.
func (p *params) AddDuration(key string, value time.Duration) {
	if start, ok := p.open(key); ok {
		p.dst = append(p.dst, value.String()...)
		p.close(start)
	}
}

// AddTime appends value by RFC 3339, to the nanosecond.
func (p *params) AddTime(key string, value time.Time) {
	if start, ok := p.open(key); ok {
		p.dst = appendTime(p.dst, value)
		p.close(start)
	}
}

// AddReflected appends value as JSON text.
func (p *params) AddReflected(key string, value any) error {
	raw, ok := value.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(value); err != nil {
			return err
		}
	}
	p.AddByteString(key, raw)
	return nil
}

// OpenNamespace puts key and a dot before the names that follow.
func (p *params) OpenNamespace(key string) { p.prefix = append(append(p.prefix, key...), '.') }

// AddObject appends the fields of an object, each with the object's key and a dot before its name; with nestedJSON, the object as
// JSON.
func (p *params) AddObject(key string, m zapcore.ObjectMarshaler) error {
	if p.full {
		return nil
	}
	if p.nestedJSON {
		return p.addJSON(key, zapcore.Field{Key: key, Type: zapcore.ObjectMarshalerType, Interface: m})
	}
	outer, start := len(p.prefix), len(p.dst)
	p.OpenNamespace(key)
	err := m.MarshalLogObject(p)
	p.prefix = p.prefix[:outer]
	p.noteEmpty(key, "{}", start, err)
	return err
}

// AddArray appends the elements of an array, each under the array's key, a dot and its index; with nestedJSON, the array as JSON.
func (p *params) AddArray(key string, m zapcore.ArrayMarshaler) error {
	if p.full {
		return nil
	}
	if p.nestedJSON {
		return p.addJSON(key, zapcore.Field{Key: key, Type: zapcore.ArrayMarshalerType, Interface: m})
	}
	outer, index, start := len(p.prefix), p.index, len(p.dst)
	p.OpenNamespace(key)
	p.index = 0
	err := m.MarshalLogArray(p)
	p.prefix, p.index = p.prefix[:outer], index
	p.noteEmpty(key, "[]", start, err)
	return err
}

// noteEmpty appends an object or array that turned out to be empty.
func (p *params) noteEmpty(key, empty string, start int, err error) {
	if err == nil && len(p.dst) == start {
		p.AddString(key, empty)
	}
}
