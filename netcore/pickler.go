package netcore

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/pickle"
)

// pickler writes fields as pickled values. It is zap's ObjectEncoder and ArrayEncoder in one.
type pickler struct {
	b       []byte
	plain   bool   // name no globals
	top     bool   // fields are attributes of the record
	opened  int    // namespaces open at this level
	failure string // the text of the field "error"
}

var (
	_ zapcore.ObjectEncoder = (*pickler)(nil)
	_ zapcore.ArrayEncoder  = (*pickler)(nil)

	picklers = sync.Pool{New: func() any { return new(pickler) }}
)

// key writes the name of the next value. A name that a LogRecord uses itself gets an underscore, and so does one that Python looks up
// when it handles the record.
func (p *pickler) key(key string) {
	if p.top && p.opened == 0 && (attributes[key] || strings.HasPrefix(key, "__") && strings.HasSuffix(key, "__")) {
		p.b = pickle.AppendTexts(p.b, key, "_")
		return
	}
	p.text(key)
}

func (p *pickler) none(key string) { p.key(key); p.b = pickle.AppendNone(p.b) }

func (p *pickler) text(s string)   { p.b = pickle.AppendText(p.b, s) }
func (p *pickler) int(v int64)     { p.b = pickle.AppendInt(p.b, v) }
func (p *pickler) uint(v uint64)   { p.b = pickle.AppendUint(p.b, v) }
func (p *pickler) bool(v bool)     { p.b = pickle.AppendBool(p.b, v) }
func (p *pickler) float(v float64) { p.b = pickle.AppendFloat(p.b, v) }

func (p *pickler) complex(v complex128) {
	if p.plain {
		p.text(strconv.FormatComplex(v, 'g', -1, 128))
		return
	}
	p.b = pickle.AppendComplex(p.b, v)
}

func (p *pickler) bytes(v []byte) {
	if p.plain {
		p.text(base64.StdEncoding.EncodeToString(v))
		return
	}
	p.b = pickle.AppendBytes(p.b, v)
}

func (p *pickler) duration(v time.Duration) {
	if p.plain {
		p.float(v.Seconds())
		return
	}
	p.b = pickle.AppendDuration(p.b, v)
}

func (p *pickler) time(t time.Time) {
	if p.plain {
		p.text(t.Format(time.RFC3339Nano))
		return
	}
	p.b = pickle.AppendTime(p.b, t)
}

// object writes a dict as a level of its own, and array a list.
func (p *pickler) object(m zapcore.ObjectMarshaler) error {
	top, opened := p.top, p.opened
	p.top, p.opened = false, 0
	p.b = pickle.BeginDict(p.b)
	err := m.MarshalLogObject(p)
	p.closeNamespaces(0)
	p.top, p.opened = top, opened
	p.b = pickle.EndDict(p.b)
	return err
}

func (p *pickler) array(m zapcore.ArrayMarshaler) error {
	top, opened := p.top, p.opened
	p.top, p.opened = false, 0
	p.b = pickle.BeginList(p.b)
	err := m.MarshalLogArray(p)
	p.closeNamespaces(0)
	p.top, p.opened = top, opened
	p.b = pickle.EndList(p.b)
	return err
}

// OpenNamespace begins a dict that ends with its level.
func (p *pickler) OpenNamespace(key string) {
	p.key(key)
	p.b = pickle.BeginDict(p.b)
	p.opened++
}

func (p *pickler) closeNamespaces(n int) {
	for ; p.opened > n; p.opened-- {
		p.b = pickle.EndDict(p.b)
	}
}

// reflected writes the JSON of a value.
func (p *pickler) reflected(v any) error {
	text, ok := v.(json.RawMessage)
	if !ok {
		var err error
		if text, err = json.Marshal(v); err != nil {
			return err
		}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return nil // the end: the text is valid JSON
		}
		p.token(token)
	}
}

func (p *pickler) token(token json.Token) {
	switch v := token.(type) {
	case json.Delim:
		switch v {
		case '{':
			p.b = pickle.BeginDict(p.b)
		case '}':
			p.b = pickle.EndDict(p.b)
		case '[':
			p.b = pickle.BeginList(p.b)
		case ']':
			p.b = pickle.EndList(p.b)
		}
	case string:
		p.text(v)
	case bool:
		p.bool(v)
	case json.Number:
		if i, err := v.Int64(); err == nil {
			p.int(i)
		} else if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64() // out of range is an infinity
			p.float(f)
		} else {
			p.b = pickle.AppendDigits(p.b, v.String())
		}
	default:
		p.b = pickle.AppendNone(p.b)
	}
}

// The methods of zapcore.ObjectEncoder.

// AddString keeps the text of zap.Error's field, which goes into exc_text as well.
func (p *pickler) AddString(key, v string) {
	p.key(key)
	p.text(v)
	if p.top && p.opened == 0 && key == "error" {
		p.failure = v
	}
}

func (p *pickler) AddObject(key string, m zapcore.ObjectMarshaler) error {
	p.key(key)
	return p.object(m)
}

func (p *pickler) AddArray(key string, m zapcore.ArrayMarshaler) error {
	p.key(key)
	return p.array(m)
}

// AddReflected writes nothing if it fails.
func (p *pickler) AddReflected(key string, v any) error {
	start := len(p.b)
	p.key(key)
	err := p.reflected(v)
	if err != nil {
		p.b = p.b[:start]
	}
	return err
}

func (p *pickler) AddBinary(key string, v []byte)          { p.key(key); p.bytes(v) }
func (p *pickler) AddByteString(key string, v []byte)      { p.key(key); p.text(string(v)) }
func (p *pickler) AddBool(key string, v bool)              { p.key(key); p.bool(v) }
func (p *pickler) AddTime(key string, v time.Time)         { p.key(key); p.time(v) }
func (p *pickler) AddDuration(key string, v time.Duration) { p.key(key); p.duration(v) }
func (p *pickler) AddComplex128(key string, v complex128)  { p.key(key); p.complex(v) }
func (p *pickler) AddComplex64(key string, v complex64)    { p.key(key); p.complex(complex128(v)) }
func (p *pickler) AddFloat64(key string, v float64)        { p.key(key); p.float(v) }
func (p *pickler) AddFloat32(key string, v float32)        { p.key(key); p.float(float64(v)) }
func (p *pickler) AddInt(key string, v int)                { p.key(key); p.int(int64(v)) }
func (p *pickler) AddInt64(key string, v int64)            { p.key(key); p.int(v) }
func (p *pickler) AddInt32(key string, v int32)            { p.key(key); p.int(int64(v)) }
func (p *pickler) AddInt16(key string, v int16)            { p.key(key); p.int(int64(v)) }
func (p *pickler) AddInt8(key string, v int8)              { p.key(key); p.int(int64(v)) }
func (p *pickler) AddUint(key string, v uint)              { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUint64(key string, v uint64)          { p.key(key); p.uint(v) }
func (p *pickler) AddUint32(key string, v uint32)          { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUint16(key string, v uint16)          { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUint8(key string, v uint8)            { p.key(key); p.uint(uint64(v)) }
func (p *pickler) AddUintptr(key string, v uintptr)        { p.key(key); p.uint(uint64(v)) }

// The methods of zapcore.ArrayEncoder.

func (p *pickler) AppendObject(m zapcore.ObjectMarshaler) error { return p.object(m) }
func (p *pickler) AppendArray(m zapcore.ArrayMarshaler) error   { return p.array(m) }
func (p *pickler) AppendReflected(v any) error                  { return p.reflected(v) }
func (p *pickler) AppendString(v string)                        { p.text(v) }
func (p *pickler) AppendByteString(v []byte)                    { p.text(string(v)) }
func (p *pickler) AppendBool(v bool)                            { p.bool(v) }
func (p *pickler) AppendTime(v time.Time)                       { p.time(v) }
func (p *pickler) AppendDuration(v time.Duration)               { p.duration(v) }
func (p *pickler) AppendComplex128(v complex128)                { p.complex(v) }
func (p *pickler) AppendComplex64(v complex64)                  { p.complex(complex128(v)) }
func (p *pickler) AppendFloat64(v float64)                      { p.float(v) }
func (p *pickler) AppendFloat32(v float32)                      { p.float(float64(v)) }
func (p *pickler) AppendInt(v int)                              { p.int(int64(v)) }
func (p *pickler) AppendInt64(v int64)                          { p.int(v) }
func (p *pickler) AppendInt32(v int32)                          { p.int(int64(v)) }
func (p *pickler) AppendInt16(v int16)                          { p.int(int64(v)) }
func (p *pickler) AppendInt8(v int8)                            { p.int(int64(v)) }
func (p *pickler) AppendUint(v uint)                            { p.uint(uint64(v)) }
func (p *pickler) AppendUint64(v uint64)                        { p.uint(v) }
func (p *pickler) AppendUint32(v uint32)                        { p.uint(uint64(v)) }
func (p *pickler) AppendUint16(v uint16)                        { p.uint(uint64(v)) }
func (p *pickler) AppendUint8(v uint8)                          { p.uint(uint64(v)) }
func (p *pickler) AppendUintptr(v uintptr)                      { p.uint(uint64(v)) }
