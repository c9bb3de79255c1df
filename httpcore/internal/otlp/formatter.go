package otlp

import (
	"strings"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// Formatter makes a LogRecord of a record. It implements base.Formatter.
type Formatter struct {
	// Trace and Span name the fields whose texts, of 32 and 16 hexadecimal digits, become the record's ids.
	Trace, Span string
	// JSON selects protobuf's JSON instead of protobuf.
	JSON bool
}

// The attributes that a record has besides its fields.
const (
	loggerName     = "logger.name"
	filePath       = "code.file.path"
	lineNumber     = "code.line.number"
	functionName   = "code.function.name"
	codeStack      = "code.stacktrace"
	exceptionStack = "exception.stacktrace"
	exceptionType  = "exception.type"

	// ExceptionMessage is the name for the text of zap.Error.
	ExceptionMessage = "exception.message"
)

// resourceRule is for the attributes of a Resource.
var resourceRule = names.New(names.Config{})

// rule also keeps attributes from having the names under which VictoriaLogs stores things that are no attributes.
var rule = names.New(names.Config{
	Reserved: []string{loggerName, filePath, lineNumber, functionName, codeStack, exceptionStack,
		"_msg", "_time", "_stream", "_stream_id", "severity_text", "severity_number"},
	Error:     ExceptionMessage,
	ErrorType: exceptionType,
})

// Append implements base.Formatter.
func (f Formatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	named := rule.Distinct(r)
	if named != r {
		defer named.Free()
	}
	if f.JSON {
		return f.appendJSON(dst, named)
	}
	return f.appendProto(dst, named)
}

// head is the state that both encodings share while they write a record.
type head struct {
	key     string // of the next value
	depth   int    // objects, arrays and namespaces around the value
	inArray bool
	trace   id
	span    id
	failed  bool // there was an error among the fields
}

// The sizes of a trace id and a span id, in bytes (W3C Trace Context).
const (
	traceSize = 16
	spanSize  = 8
)

// id is a field that becomes an id of the record.
type id struct {
	field string
	hex   [32]byte // lower case; a span id uses the first half
	found bool
}

func (h *head) begin(f *Formatter) {
	h.depth, h.inArray, h.failed = 0, false, false
	h.trace.field, h.trace.found = f.Trace, false
	h.span.field, h.span.found = f.Span, false
}

// takeID makes a text an id of the record, if it is one, and reports whether it was. It also notes an error among the fields.
func (h *head) takeID(v string) bool {
	if h.depth > 0 || h.inArray {
		return false
	}
	if h.key == ExceptionMessage {
		h.failed = true
	}
	if len(v) != 2*traceSize && len(v) != 2*spanSize {
		return false // most
	}
	return h.trace.take(h.key, v, 2*traceSize) || h.span.take(h.key, v, 2*spanSize)
}

func (i *id) take(key, v string, digits int) bool {
	if i.found || key != i.field || !isHex(v, digits) {
		return false
	}
	copy(i.hex[:], v)
	for n := range digits {
		i.hex[n] |= 0x20 // a digit has that bit anyway
	}
	i.found = true
	return true
}

// isHex reports whether s is an id of that many digits. Only zeros are no id (W3C Trace Context).
func isHex(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0") != "" &&
		!strings.ContainsFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdefABCDEF", r) })
}

// writer writes the attributes of a record in either encoding.
type writer interface {
	fields.Values
	state() *head
	encoder() zapcore.ObjectEncoder // for the fields of the first level
}

// attributes writes the attributes of a record: the parts of the entry that have no other place in OTLP, and the fields.
func attributes(w *fields.Walker, to writer, ent *zapcore.Entry, r *base.Record) error {
	if ent.LoggerName != "" {
		w.AddString(loggerName, ent.LoggerName)
	}
	if c := &ent.Caller; c.Defined {
		w.AddString(filePath, c.File)
		w.AddInt(lineNumber, c.Line)
		w.AddString(functionName, c.Function)
	}
	err := w.LevelBy(to.encoder(), r)
	switch {
	case ent.Stack == "":
	case to.state().failed: // the error occurred where the record was logged
		w.AddString(exceptionStack, ent.Stack)
	default:
		w.AddString(codeStack, ent.Stack)
	}
	return err
}

// unixNano returns t in nanoseconds since 1970, at most what an int64 holds. A time before 1970 is 0, OTLP's "unknown".
func unixNano(t time.Time) uint64 { return uint64(max(0, fields.Nanos(t))) }

// times returns a record's time and its observed time. For a record without a time the latter is now.
func times(t time.Time) (nanos, observed uint64) {
	if nanos = unixNano(t); nanos > 0 {
		return nanos, nanos
	}
	return 0, unixNano(time.Now())
}

// Severity returns a level's number (Logs Data Model, SeverityNumber) and text.
func Severity(l zapcore.Level) (int, string) {
	switch {
	case l >= zapcore.DPanicLevel:
		return 21 + min(3, int(l)-int(zapcore.DPanicLevel)), l.String()
	case l >= zapcore.DebugLevel:
		return 9 + 4*int(l), l.String()
	default: // finer than Debug: TRACE4 to TRACE
		return max(1, 6+int(l)), l.String()
	}
}

var (
	protoWriters = sync.Pool{New: func() any { return newProtoWriter() }}
	jsonWriters  = sync.Pool{New: func() any { return newJSONWriter() }}
)
