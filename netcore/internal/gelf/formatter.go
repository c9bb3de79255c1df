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
	head        string // of every message
	compression string
}

// The names of what a record has beside its fields, and GELF has no member for.
const (
	loggerName   = "logger"
	fileName     = "file"
	lineName     = "line"
	functionName = "function"
)

// New returns a Formatter for messages from host, compressed by "gzip" or "zlib", or not at all.
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

// Severity returns the severity of a level, by syslog's numbers: above Error critical, below Debug debug.
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
	key     string // of the value to come
	spaces  []int  // the prefixes around the namespaces that are open
	scratch []byte
	plain   []byte // what is going to be compressed
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

// message writes all of it.
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

// texts writes the first line of a message, and all of it with the stack if that is more.
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

// appendTime appends seconds since 1970, with as many digits behind the point as t has; now for no time at all, and the nearest
// of the years 0 to 9999.
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
	b[at] = '.' // the digit of 1e9
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// name writes what comes before a value.
func (w *writer) name() {
	w.out = w.names.append(append(w.out, `,"`...), w.key)
	w.out = append(w.out, `":`...)
}

// Begin implements fields.Values.
func (w *writer) Begin(key string) { w.key = key }

// Text implements fields.Values.
func (w *writer) Text(v string) { w.name(); w.out = base.AppendJSONString(w.out, v) }

// Null implements fields.Values: GELF has none.
func (w *writer) Null() {}

// Boolean implements fields.Values: GELF has none, so it is a text.
func (w *writer) Boolean(v bool) { w.Text(strconv.FormatBool(v)) }

// Integer implements fields.Values.
func (w *writer) Integer(v int64) { w.name(); w.out = strconv.AppendInt(w.out, v, 10) }

// Unsigned implements fields.Values. What an int64 cannot hold becomes a text.
func (w *writer) Unsigned(v uint64) {
	if v <= math.MaxInt64 {
		w.Integer(int64(v))
		return
	}
	w.Text(strconv.FormatUint(v, 10))
}

// Number implements fields.Values: a text of its digits.
func (w *writer) Number(text string) { w.Text(text) }

// Float implements fields.Values. What is no number becomes a text: NaN, +Inf, -Inf.
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

// Complex implements fields.Values: a text as zap's JSON has it, 1+2i.
func (w *writer) Complex(v complex128, bits int) {
	text := strconv.FormatComplex(v, 'g', -1, bits)
	w.Text(text[1 : len(text)-1])
}

// Binary implements fields.Values: a text in base64, as zap's JSON has it.
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

// JSON implements fields.Values. A list is a text of JSON.
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

// Object implements fields.Values: its members are fields, with its name before theirs.
func (w *writer) Object(walk *fields.Walker, m zapcore.ObjectMarshaler) error {
	outer := w.names.enter(w.key)
	err := walk.Level(m)
	w.names.leave(outer)
	return err
}

// Array implements fields.Values: a text of JSON.
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
