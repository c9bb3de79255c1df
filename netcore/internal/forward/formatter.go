package forward

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	"example.com/zaphandlers/netcore/internal/msgpack"
	base "example.com/zaphandlers/zapcore"
)

// Formatter makes an entry of a record. It implements base.Formatter.
type Formatter struct{}

// The names of what a record has besides its fields.
const (
	levelName   = "level"
	loggerName  = "logger"
	callerName  = "caller"
	messageName = "message"
	stackName   = "stacktrace"
)

// rule also avoids log, the name under which receivers expect Fluent Bit's message.
var rule = names.New(names.Config{
	Reserved: []string{levelName, loggerName, callerName, messageName, stackName},
	Names:    []string{"log"},
})

// Append implements base.Formatter.
func (Formatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	named := rule.Distinct(r)
	if named != r {
		defer named.Free()
	}
	ent := r.Entry()
	w := writers.Get().(*writer)
	w.begin(AppendTime(append(dst, 0x92), ent.Time))
	w.text(levelName, ent.Level.String())
	if ent.LoggerName != "" {
		w.text(loggerName, ent.LoggerName)
	}
	if ent.Caller.Defined {
		w.caller(&ent.Caller)
	}
	w.text(messageName, ent.Message)
	err := w.walk.Level(named)
	if ent.Stack != "" {
		w.text(stackName, ent.Stack)
	}
	return w.end(), err
}

// AppendTime appends t as an event time. It clamps t to what 32 bits of seconds hold; the zero time is now.
func AppendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		t = time.Now()
	}
	seconds, nanos := t.Unix(), t.Nanosecond()
	switch {
	case seconds < 0:
		seconds, nanos = 0, 0
	case seconds > math.MaxUint32:
		seconds, nanos = math.MaxUint32, 999_999_999
	}
	b = append(b, 0xd7, 0) // extension 0 of eight bytes
	b = binary.BigEndian.AppendUint32(b, uint32(seconds))
	return binary.BigEndian.AppendUint32(b, uint32(nanos))
}

// writer writes the values of one record. It implements fields.Values.
type writer struct {
	out     []byte
	key     string // of the next value
	in      level
	outer   []level
	scratch []byte
	walk    fields.Walker
}

// level is a map or an array being written.
type level struct {
	container msgpack.Container
	count     int
	array     bool
}

const (
	keepLevels  = 1 << 10  // of nesting
	keepScratch = 64 << 10 // bytes
	// fieldsRoom is the size of a record's field count, in bytes. In 1 byte it ends at 15, which is too few for some records.
	fieldsRoom = 3
)

var writers = sync.Pool{New: func() any {
	w := new(writer)
	w.walk.Values = w
	return w
}}

// begin begins the map of a record.
func (w *writer) begin(dst []byte) {
	w.outer, w.in = w.outer[:0], level{}
	w.out, w.in.container = msgpack.OpenMap(dst, fieldsRoom)
}

// end ends the map and returns w to the pool.
func (w *writer) end() []byte {
	out := w.in.container.Close(w.out, w.in.count)
	w.out, w.key = nil, ""
	if cap(w.outer) <= keepLevels && cap(w.scratch) <= keepScratch {
		writers.Put(w)
	}
	return out
}

// value begins a value: in a map it writes the key.
func (w *writer) value() {
	w.in.count++
	if !w.in.array {
		w.out = msgpack.AppendText(w.out, w.key)
	}
}

// text writes a text that is no field. Invalid UTF-8 becomes U+FFFD.
func (w *writer) text(key, v string) {
	if !utf8.ValidString(v) {
		v = strings.ToValidUTF8(v, "\ufffd")
	}
	w.key = key
	w.value()
	w.out = msgpack.AppendText(w.out, v)
}

// caller writes the last folder, the file and the line, like zapcore.ShortCallerEncoder.
func (w *writer) caller(c *zapcore.EntryCaller) {
	file := c.File
	if at := strings.LastIndexByte(file, '/'); at > 0 {
		file = file[strings.LastIndexByte(file[:at], '/')+1:]
	}
	if !utf8.ValidString(file) {
		file = strings.ToValidUTF8(file, "\ufffd")
	}
	w.scratch = append(append(w.scratch[:0], file...), ':')
	w.scratch = strconv.AppendInt(w.scratch, int64(c.Line), 10)
	w.key = callerName
	w.value()
	w.out = msgpack.AppendText(w.out, w.scratch)
}

// Begin implements fields.Values.
func (w *writer) Begin(key string) { w.key = key }

// Text implements fields.Values. A text that is not UTF-8 becomes binary.
func (w *writer) Text(v string) {
	w.value()
	if fields.IsASCII(v) || utf8.ValidString(v) {
		w.out = msgpack.AppendText(w.out, v)
	} else {
		w.out = msgpack.AppendBytes(w.out, v)
	}
}

// Null implements fields.Values.
func (w *writer) Null() { w.value(); w.out = msgpack.AppendNil(w.out) }

// Boolean implements fields.Values.
func (w *writer) Boolean(v bool) { w.value(); w.out = msgpack.AppendBool(w.out, v) }

// Integer implements fields.Values.
func (w *writer) Integer(v int64) { w.value(); w.out = msgpack.AppendInt(w.out, v) }

// Unsigned implements fields.Values.
func (w *writer) Unsigned(v uint64) { w.value(); w.out = msgpack.AppendUint(w.out, v) }

// Number implements fields.Values: a text of its digits.
func (w *writer) Number(text string) { w.Text(text) }

// Float implements fields.Values.
func (w *writer) Float(v float64, bits int) {
	w.value()
	if bits == 32 {
		w.out = msgpack.AppendFloat32(w.out, float32(v))
	} else {
		w.out = msgpack.AppendFloat64(w.out, v)
	}
}

// Complex implements fields.Values: a text as in zap's JSON, 1+2i.
func (w *writer) Complex(v complex128, bits int) {
	text := strconv.FormatComplex(v, 'g', -1, bits)
	w.Text(text[1 : len(text)-1])
}

// Binary implements fields.Values.
func (w *writer) Binary(v []byte) { w.value(); w.out = msgpack.AppendBytes(w.out, v) }

// Moment implements fields.Values: a text by RFC 3339.
func (w *writer) Moment(v time.Time) {
	w.scratch = fields.Writable(v).AppendFormat(w.scratch[:0], time.RFC3339Nano)
	w.value()
	w.out = msgpack.AppendText(w.out, w.scratch)
}

// Span implements fields.Values: seconds.
func (w *writer) Span(v time.Duration) { w.Float(v.Seconds(), 64) }

// JSON implements fields.Values.
func (w *writer) JSON(walk *fields.Walker, v []byte) error { return walk.Reflected(v) }

// Object implements fields.Values.
func (w *writer) Object(walk *fields.Walker, m zapcore.ObjectMarshaler) error {
	w.open(false)
	err := walk.Level(m)
	w.close()
	return err
}

// Array implements fields.Values.
func (w *writer) Array(walk *fields.Walker, m zapcore.ArrayMarshaler) error {
	w.open(true)
	err := m.MarshalLogArray(walk)
	w.close()
	return err
}

// Namespace implements fields.Values.
func (w *writer) Namespace(key string) {
	w.key = key
	w.open(false)
}

// Leave implements fields.Values.
func (w *writer) Leave() { w.close() }

func (w *writer) open(array bool) {
	w.value()
	w.outer = append(w.outer, w.in)
	w.in = level{array: array}
	if array {
		w.out, w.in.container = msgpack.OpenArray(w.out, 1)
	} else {
		w.out, w.in.container = msgpack.OpenMap(w.out, 1)
	}
}

func (w *writer) close() {
	w.out = w.in.container.Close(w.out, w.in.count)
	last := len(w.outer) - 1
	w.in, w.outer = w.outer[last], w.outer[:last]
}
