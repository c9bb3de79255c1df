package netcore

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"
)

// The opcodes of protocol 1 that Python's pickler writes, and what it reads besides.
const (
	opMark       = '('
	opStop       = '.'
	opNone       = 'N'
	opInt        = 'I'
	opBinInt     = 'J'
	opBinInt1    = 'K'
	opBinInt2    = 'M'
	opLong       = 'L'
	opBinFloat   = 'G'
	opBinUnicode = 'X'
	opEmptyDict  = '}'
	opSetItems   = 'u'
	opEmptyList  = ']'
	opAppends    = 'e'
	opTuple      = 't'
	opGlobal     = 'c'
	opReduce     = 'R'
)

// pickler writes fields as pickled values: zap's ObjectEncoder and ArrayEncoder at once.
type pickler struct {
	b       []byte
	top     bool   // fields are attributes of the record
	opened  int    // namespaces that are open at this level
	failure string // what the field "error" says
}

var (
	_ zapcore.ObjectEncoder = (*pickler)(nil)
	_ zapcore.ArrayEncoder  = (*pickler)(nil)

	picklers = sync.Pool{New: func() any { return new(pickler) }}
)

// key writes the name of what comes next.
func (p *pickler) key(key string) {
	if p.top && p.opened == 0 && attributes[key] {
		p.text(key, "_")
		return
	}
	p.text(key)
}

// text writes its parts as one string. Python's strings hold no broken UTF-8.
func (p *pickler) text(parts ...string) {
	p.b = append(p.b, opBinUnicode, 0, 0, 0, 0)
	start := len(p.b)
	for _, part := range parts {
		if utf8.ValidString(part) {
			p.b = append(p.b, part...)
			continue
		}
		for _, r := range part {
			p.b = utf8.AppendRune(p.b, r)
		}
	}
	binary.LittleEndian.PutUint32(p.b[start-4:], uint32(len(p.b)-start))
}

func (p *pickler) none(key string) { p.key(key); p.b = append(p.b, opNone) }

func (p *pickler) int(v int64) {
	switch {
	case v >= 0 && v < 1<<8:
		p.b = append(p.b, opBinInt1, byte(v))
	case v >= 0 && v < 1<<16:
		p.b = binary.LittleEndian.AppendUint16(append(p.b, opBinInt2), uint16(v))
	case v == int64(int32(v)):
		p.b = binary.LittleEndian.AppendUint32(append(p.b, opBinInt), uint32(v))
	default:
		p.b = append(strconv.AppendInt(append(p.b, opLong), v, 10), 'L', '\n')
	}
}

func (p *pickler) uint(v uint64) {
	if v <= math.MaxInt64 {
		p.int(int64(v))
		return
	}
	p.b = append(strconv.AppendUint(append(p.b, opLong), v, 10), 'L', '\n')
}

func (p *pickler) bool(v bool) {
	digit := byte('0')
	if v {
		digit = '1'
	}
	p.b = append(p.b, opInt, '0', digit, '\n')
}

func (p *pickler) float(v float64) {
	p.b = binary.BigEndian.AppendUint64(append(p.b, opBinFloat), math.Float64bits(v))
}

// call begins a call of a global; its arguments and shut follow.
func (p *pickler) call(module, name string) {
	p.b = append(append(append(append(p.b, opGlobal), module...), '\n'), name...)
	p.b = append(p.b, '\n', opMark)
}

func (p *pickler) shut() { p.b = append(p.b, opTuple, opReduce) }

func (p *pickler) complex(v complex128) {
	p.call("__builtin__", "complex")
	p.float(real(v))
	p.float(imag(v))
	p.shut()
}

// bytes writes what Python writes for bytes: each as a rune, to be encoded as Latin-1.
func (p *pickler) bytes(v []byte) {
	p.call("_codecs", "encode")
	p.b = append(p.b, opBinUnicode, 0, 0, 0, 0)
	start := len(p.b)
	for _, c := range v {
		p.b = utf8.AppendRune(p.b, rune(c))
	}
	binary.LittleEndian.PutUint32(p.b[start-4:], uint32(len(p.b)-start))
	p.text("latin1")
	p.shut()
}

func (p *pickler) duration(v time.Duration) {
	p.call("datetime", "timedelta")
	days := v / (24 * time.Hour)
	v -= days * 24 * time.Hour
	p.int(int64(days))
	p.int(int64(v / time.Second))
	p.int(int64(v % time.Second / time.Microsecond))
	p.shut()
}

// time writes an aware datetime, or a text for a year that Python has none for.
func (p *pickler) time(t time.Time) {
	year, month, day := t.Date()
	if year < 1 || year > 9999 {
		p.text(t.Format(time.RFC3339Nano))
		return
	}
	micro := t.Nanosecond() / 1000
	_, offset := t.Zone()
	p.call("datetime", "datetime")
	p.bytes([]byte{byte(year >> 8), byte(year), byte(month), byte(day), byte(t.Hour()), byte(t.Minute()), byte(t.Second()),
		byte(micro >> 16), byte(micro >> 8), byte(micro)})
	p.call("datetime", "timezone")
	p.duration(time.Duration(offset) * time.Second)
	p.shut()
	p.shut()
}

// object and array write a level of its own: a dict or a list.
func (p *pickler) object(m zapcore.ObjectMarshaler) error {
	top, opened := p.top, p.opened
	p.top, p.opened = false, 0
	p.b = append(p.b, opEmptyDict, opMark)
	err := m.MarshalLogObject(p)
	p.closeNamespaces(0)
	p.top, p.opened = top, opened
	p.b = append(p.b, opSetItems)
	return err
}

func (p *pickler) array(m zapcore.ArrayMarshaler) error {
	top, opened := p.top, p.opened
	p.top, p.opened = false, 0
	p.b = append(p.b, opEmptyList, opMark)
	err := m.MarshalLogArray(p)
	p.closeNamespaces(0)
	p.top, p.opened = top, opened
	p.b = append(p.b, opAppends)
	return err
}

// OpenNamespace begins a dict that ends where its level does.
func (p *pickler) OpenNamespace(key string) {
	p.key(key)
	p.b = append(p.b, opEmptyDict, opMark)
	p.opened++
}

func (p *pickler) closeNamespaces(n int) {
	for ; p.opened > n; p.opened-- {
		p.b = append(p.b, opSetItems)
	}
}

// reflected writes what JSON says of a value.
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
		p.b = append(p.b, map[json.Delim]string{'{': "}(", '}': "u", '[': "](", ']': "e"}[v]...)
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
			p.b = append(append(append(p.b, opLong), v...), 'L', '\n')
		}
	default:
		p.b = append(p.b, opNone)
	}
}
