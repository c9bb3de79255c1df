package httpcore

import (
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// form is the Formatter of Form.
type form struct{}

// Append implements base.Formatter.
func (form) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := formWriters.Get().(*formWriter)
	defer w.free()
	w.out, w.first = dst, true
	w.attributes(r)
	named := formRule.Distinct(r)
	err := w.walk.Level(named)
	if named != r {
		named.Free()
	}
	return w.out, err
}

// formRule keeps fields from having the name of an attribute or of another field.
var formRule = names.New(names.Config{Reserved: []string{"name", "msg", "levelname", "levelno", "pathname", "filename", "module",
	"stack_info", "lineno", "funcName", "created", "msecs"}})

// formWriter writes one form.
type formWriter struct {
	out   []byte
	first bool // the next value is the first of the form
	texts fields.Texts
	walk  fields.Walker
}

var formWriters = sync.Pool{New: func() any {
	w := new(formWriter)
	w.texts.Take = w.field
	w.walk.Values = &w.texts
	return w
}}

func (w *formWriter) free() {
	w.out = nil
	if w.texts.Reset() {
		formWriters.Put(w)
	}
}

// attributes writes the attributes of every record, with Python's names and in Python's order.
func (w *formWriter) attributes(r *base.Record) {
	ent := r.Entry()
	name := ent.LoggerName
	if name == "" {
		name = "root"
	}
	levelName, level := pythonLevel(ent.Level)
	w.text("name", name)
	w.text("msg", ent.Message)
	w.text("levelname", levelName)
	w.integer("levelno", level)
	if c := ent.Caller; c.Defined {
		file := path.Base(strings.ReplaceAll(c.File, `\`, "/"))
		w.text("pathname", c.File)
		w.text("filename", file)
		w.text("module", strings.TrimSuffix(file, path.Ext(file)))
	}
	if ent.Stack != "" {
		w.text("stack_info", ent.Stack)
	}
	if c := ent.Caller; c.Defined {
		w.integer("lineno", c.Line)
		w.text("funcName", functionName(c.Function))
	}
	at := pythonTime(ent.Time)
	w.float("created", float64(at.Unix())+float64(at.Nanosecond())/1e9)
	w.float("msecs", float64(at.Nanosecond()/int(time.Millisecond)))
}

// pythonTime returns t, clamped to what Python's datetime can show in every zone; the zero time is now.
func pythonTime(t time.Time) time.Time {
	const first, last = -62_135_510_400, 253_402_214_400 // 0001-01-02, 9999-12-31
	switch s := t.Unix(); {
	case t.IsZero():
		return time.Now()
	case s < first:
		return time.Unix(first, 0)
	case s > last:
		return time.Unix(last, 0)
	}
	return t
}

func (w *formWriter) begin(name string) {
	w.and()
	w.out = append(appendQuoted(w.out, name), '=')
}

// and separates a value from the previous one.
func (w *formWriter) and() {
	if !w.first {
		w.out = append(w.out, '&')
	}
	w.first = false
}

func (w *formWriter) text(name, v string) {
	w.begin(name)
	w.out = appendQuoted(w.out, v)
}

func (w *formWriter) integer(name string, v int) {
	w.begin(name)
	w.out = strconv.AppendInt(w.out, int64(v), 10)
}

func (w *formWriter) float(name string, v float64) {
	w.begin(name)
	w.out = fields.AppendPythonFloat(w.out, v, 64)
}

// field writes a field of the record.
func (w *formWriter) field(name, text []byte) {
	w.and()
	w.out = appendQuoted(w.out, name)
	w.out = appendQuoted(append(w.out, '='), text)
}

// pythonLevel returns Python's name and number for a level. All levels above Error are CRITICAL.
func pythonLevel(l zapcore.Level) (string, int) {
	switch {
	case l > zapcore.ErrorLevel:
		return "CRITICAL", 50
	case l == zapcore.ErrorLevel:
		return "ERROR", 40
	case l == zapcore.WarnLevel:
		return "WARNING", 30
	case l == zapcore.InfoLevel:
		return "INFO", 20
	case l == zapcore.DebugLevel:
		return "DEBUG", 10
	}
	n := max(1, 11+int(l)) // finer than Debug: 9, 8, ...
	return "Level " + strconv.Itoa(n), n
}

// functionName returns a function's name without its package's path: "(*Server).Serve".
func functionName(function string) string {
	name := function[strings.LastIndexByte(function, '/')+1:]
	if _, after, found := strings.Cut(name, "."); found {
		return after
	}
	return name
}

// unreserved holds the bytes that are not encoded in a form.
var unreserved = func() (table [256]bool) {
	for c := range table {
		table[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-' || c == '~'
	}
	return table
}()

// appendQuoted appends s like Python's urllib.parse.quote_plus: letters, digits and _.-~ stay, a space becomes a plus sign,
// everything else is percent-encoded byte by byte. Invalid UTF-8 is kept.
func appendQuoted[T string | []byte](dst []byte, s T) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case unreserved[c]:
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

// mappedForm makes forms with Config.MapRecord.
type mappedForm struct {
	mapRecord func(zapcore.Entry, []zapcore.Field) url.Values
}

// Append implements base.Formatter. The hook gets a copy of the record, because it may keep it.
func (f mappedForm) Append(dst []byte, r *base.Record) ([]byte, error) {
	own := r.Clone()
	return append(dst, f.mapRecord(own.Entry(), own.AppendFields(nil)).Encode()...), nil
}
