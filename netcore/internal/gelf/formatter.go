package gelf

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	base "example.com/zaphandlers/zapcore"
)

// Formatter makes the message of a record. It implements base.Formatter.
type Formatter struct {
	head        string // the same for every message
	compression string
}

// The names of what a record has besides its fields and GELF has no member for.
const (
	loggerName   = "logger"
	fileName     = "file"
	lineName     = "line"
	functionName = "function"
)

// New returns a Formatter for messages from host. compression is "gzip", "zlib", or "" for none.
func New(host, compression string) Formatter {
	head := base.AppendJSONString([]byte(`{"version":"1.1","host":`), host)
	return Formatter{head: string(head) + `,"short_message":`, compression: compression}
}

// Append implements base.Formatter.
func (f Formatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := writers.Get().(*writer)
	defer w.free()
	if f.compression == "" {
		w.out = dst
		err := w.message(f.head, r)
		return w.out, err
	}
	w.out = w.plain[:0]
	err := w.message(f.head, r)
	w.plain = w.out
	if err != nil {
		return dst, err
	}
	return appendCompressed(dst, w.plain, f.compression)
}

// Severity returns syslog's number for a level: critical above Error, debug below Debug.
func Severity(l zapcore.Level) byte {
	switch {
	case l <= zapcore.DebugLevel:
		return 7
	case l == zapcore.InfoLevel:
		return 6
	case l == zapcore.WarnLevel:
		return 4
	case l == zapcore.ErrorLevel:
		return 3
	default:
		return 2
	}
}

// writer writes the members of one message. It implements fields.Values.
type writer struct {
	out     []byte
	names   names
	key     string // of the next value
	spaces  []int  // the prefix lengths outside the open namespaces
	scratch []byte
	plain   []byte // the message before compression
	walk    fields.Walker
}

const keepBytes = 64 << 10 // of each buffer, in the pool

var writers = sync.Pool{New: func() any {
	w := new(writer)
	w.walk.Values = w
	return w
}}

func (w *writer) free() {
	w.out, w.key = nil, ""
	if cap(w.scratch) <= keepBytes && cap(w.plain) <= keepBytes && w.names.small() {
		writers.Put(w)
	}
}

// message writes the whole message.
func (w *writer) message(head string, r *base.Record) error {
	w.names.reset()
	w.spaces = w.spaces[:0]
	ent := r.Entry()
	w.out = append(w.out, head...)
	w.texts(ent.Message, ent.Stack)
	w.out = appendTime(append(w.out, `,"timestamp":`...), ent.Time)
	w.out = append(append(w.out, `,"level":`...), '0'+Severity(ent.Level))
	if ent.LoggerName != "" {
		w.out = base.AppendJSONString(append(w.out, `,"_`+loggerName+`":`...), ent.LoggerName)
	}
	if c := &ent.Caller; c.Defined {
		w.out = base.AppendJSONString(append(w.out, `,"_`+fileName+`":`...), c.File)
		w.out = strconv.AppendInt(append(w.out, `,"_`+lineName+`":`...), int64(c.Line), 10)
		if c.Function != "" {
			w.out = base.AppendJSONString(append(w.out, `,"_`+functionName+`":`...), c.Function)
		}
	}
	err := w.walk.Level(r)
	w.out = append(w.out, '}')
	return err
}

// texts writes the first line of a message as short_message, and everything with the stack as full_message if that is more.
func (w *writer) texts(message, stack string) {
	short, _, more := strings.Cut(message, "\n")
	if strings.TrimSpace(short) == "" {
		more = more || short != ""
		short = "-"
	}
	w.out = base.AppendJSONString(w.out, short)
	if !more && stack == "" {
		return
	}
	w.scratch = append(w.scratch[:0], message...)
	if message != "" && stack != "" {
		w.scratch = append(w.scratch, '\n')
	}
	w.scratch = append(w.scratch, stack...)
	w.out = base.AppendJSONString(append(w.out, `,"full_message":`...), w.scratch)
}

// appendTime appends seconds since 1970 with all digits of the fraction that t has, clamped to the years 0 to 9999. The zero time is
// now.
func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		t = time.Now()
	}
	t = fields.Clamped(t)
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	if seconds < 0 {
		b = append(b, '-')
		if seconds = -seconds; nanos > 0 {
			seconds, nanos = seconds-1, 1e9-nanos
		}
	}
	b = strconv.AppendInt(b, seconds, 10)
	if nanos == 0 {
		return b
	}
	at := len(b)
	b = strconv.AppendInt(b, 1e9+nanos, 10)
	b[at] = '.' // in place of the leading 1 of 1e9
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// name begins a value: it writes the name.
func (w *writer) name() {
	w.out = w.names.append(append(w.out, `,"`...), w.key)
	w.out = append(w.out, `":`...)
}

// Begin implements fields.Values.
func (w *writer) Begin(key string) { w.key = key }

// Text implements fields.Values.
func (w *writer) Text(v string) { w.name(); w.out = base.AppendJSONString(w.out, v) }

// Null implements fields.Values: GELF has no null, so nothing is written.
func (w *writer) Null() {}

// Boolean implements fields.Values: a string, as GELF has no booleans.
func (w *writer) Boolean(v bool) { w.Text(strconv.FormatBool(v)) }

// Integer implements fields.Values.
func (w *writer) Integer(v int64) { w.name(); w.out = strconv.AppendInt(w.out, v, 10) }

// Unsigned implements fields.Values: a string if an int64 cannot hold it.
func (w *writer) Unsigned(v uint64) {
	if v <= math.MaxInt64 {
		w.Integer(int64(v))
		return
	}
	w.Text(strconv.FormatUint(v, 10))
}

// Number implements fields.Values: a text of its digits.
func (w *writer) Number(text string) { w.Text(text) }

// Float implements fields.Values: a string for NaN, +Inf and -Inf.
func (w *writer) Float(v float64, bits int) {
	switch abs := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0):
		w.Text(strconv.FormatFloat(v, 'g', -1, bits))
	case abs != 0 && (abs < 1e-6 || abs >= 1e21):
		w.name()
		w.out = strconv.AppendFloat(w.out, v, 'e', -1, bits)
	default:
		w.name()
		w.out = strconv.AppendFloat(w.out, v, 'f', -1, bits)
	}
}

// Complex implements fields.Values: a string as in zap's JSON, 1+2i.
func (w *writer) Complex(v complex128, bits int) {
	text := strconv.FormatComplex(v, 'g', -1, bits)
	w.Text(text[1 : len(text)-1])
}

// Binary implements fields.Values: a string in base64, as in zap's JSON.
func (w *writer) Binary(v []byte) {
	w.name()
	w.out = base64.StdEncoding.AppendEncode(append(w.out, '"'), v)
	w.out = append(w.out, '"')
}

// Moment implements fields.Values: a text by RFC 3339.
func (w *writer) Moment(v time.Time) {
	w.name()
	w.out = fields.Writable(v).AppendFormat(append(w.out, '"'), time.RFC3339Nano)
	w.out = append(w.out, '"')
}

// Span implements fields.Values: seconds.
func (w *writer) Span(v time.Duration) { w.Float(v.Seconds(), 64) }

// JSON implements fields.Values. An array becomes a string of JSON.
func (w *writer) JSON(walk *fields.Walker, v []byte) error {
	for _, c := range v {
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '[':
			w.name()
			w.out = base.AppendJSONString(w.out, v)
			return nil
		}
		break
	}
	return walk.Reflected(v)
}

// Object implements fields.Values: its members become fields, with its name before theirs.
func (w *writer) Object(walk *fields.Walker, m zapcore.ObjectMarshaler) error {
	outer := w.names.enter(w.key)
	err := walk.Level(m)
	w.names.leave(outer)
	return err
}

// Array implements fields.Values: a string of JSON.
func (w *writer) Array(_ *fields.Walker, m zapcore.ArrayMarshaler) (err error) {
	if w.scratch, err = fields.AppendArray(w.scratch[:0], m); err != nil {
		return err
	}
	w.name()
	w.out = base.AppendJSONString(w.out, w.scratch)
	return nil
}

// Namespace implements fields.Values.
func (w *writer) Namespace(key string) { w.spaces = append(w.spaces, w.names.enter(key)) }

// Leave implements fields.Values.
func (w *writer) Leave() {
	last := len(w.spaces) - 1
	w.names.leave(w.spaces[last])
	w.spaces = w.spaces[:last]
}
