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

// pickler writes fields as pickled values: zap's ObjectEncoder and ArrayEncoder at once.
type pickler struct {
	b       []byte
	plain   bool   // nothing that names a global
	top     bool   // fields are attributes of the record
	opened  int    // namespaces that are open at this level
	failure string // what the field "error" says
}

var (
	_ zapcore.ObjectEncoder = (*pickler)(nil)
	_ zapcore.ArrayEncoder  = (*pickler)(nil)

	picklers = sync.Pool{New: func() any { return new(pickler) }}
)

// key writes the name of what comes next. The name of an attribute that a LogRecord has itself gets an underscore, and so does one that
// Python looks up to do something with the record.
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

// object and array write a level of its own: a dict or a list.
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

// OpenNamespace begins a dict that ends where its level does.
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
