package httpcore

import (
	"fmt"
	"slices"
	"strconv"
	"sync"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// OTLPConfig is for OpenTelemetry collectors and what else takes logs by OTLP over HTTP ("http://localhost:4318/v1/logs").
type OTLPConfig struct {
	// Resource says what logs: zap.String("service.name", "shop").
	Resource []zapcore.Field
	// Scope and ScopeVersion are those of the instrumentation scope. Default to "".
	Scope, ScopeVersion string
	// TraceField and SpanField name the fields whose texts, 32 and 16 digits of hex, become the record's trace id and span
	// id instead of attributes. Default to trace_id and span_id.
	TraceField, SpanField string
}

// OTLP returns the Envelope of an OTLP export of logs in its JSON encoding (OTLP 1.x, Logs Data Model). The message is the
// body, fields are attributes with their types: integers, doubles, booleans, bytes, arrays and objects stay what they are,
// durations and times become nanoseconds, complex numbers an r and an i. Integers beyond int64 become texts. Beside the fields
// there are the attributes logger.name, code.file.path, code.line.number, code.function.name and code.stacktrace; the text of
// zap.Error is exception.message, and the stack of such a record exception.stacktrace. Severities: Debug is DEBUG, Info INFO,
// Warn WARN, Error ERROR, and DPanic, Panic and Fatal are FATAL, FATAL2 and FATAL3. All this is as OpenTelemetry's bridge for zap
// has it, but for the name of the logger, the large integers, and the type of an error, which a record does not keep.
//
// A collector that takes only a part says how many records it refused, not which: the last ones are named as refused, and
// none is sent again, as the specification demands.
func OTLP(cfg OTLPConfig) Envelope {
	if cfg.TraceField == "" {
		cfg.TraceField = "trace_id"
	}
	if cfg.SpanField == "" {
		cfg.SpanField = "span_id"
	}
	return Envelope{
		ContentType: "application/json",
		Before:      otlpBefore(&cfg),
		Between:     ",",
		After:       "]}]}]}",
		Formatter:   otlpFormatter{trace: cfg.TraceField, span: cfg.SpanField},
		Read:        readOTLP,
	}
}

func otlpBefore(cfg *OTLPConfig) string {
	w := newOTLPWriter()
	w.values.out = append(w.values.out, `{"resourceLogs":[{"resource":{"attributes":[`...)
	_ = w.walk.level(fields(cfg.Resource)) // zap's fields report their errors as fields
	b := append(w.values.out, `]},"scopeLogs":[{"scope":{"name":`...)
	b = base.AppendJSONString(b, cfg.Scope)
	b = appendMember(b, "version", cfg.ScopeVersion)
	return string(append(b, `},"logRecords":[`...))
}

// fields is a list of fields as an object.
type fields []zapcore.Field

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (f fields) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := range f {
		f[i].AddTo(enc)
	}
	return nil
}

// otlpFormatter makes one LogRecord of OTLP.
type otlpFormatter struct{ trace, span string }

// otlpWriter writes the values of one LogRecord.
type otlpWriter struct {
	values otlpValues
	walk   walker
}

func newOTLPWriter() *otlpWriter {
	w := new(otlpWriter)
	w.walk.values = &w.values
	return w
}

var otlpWriters = sync.Pool{New: func() any { return newOTLPWriter() }}

// Append implements base.Formatter.
func (f otlpFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	w := otlpWriters.Get().(*otlpWriter)
	v := &w.values
	v.ids[0] = otlpID{f.trace, 32, v.ids[0].value[:0]}
	v.ids[1] = otlpID{f.span, 16, v.ids[1].value[:0]}
	ent := r.Entry()
	nanos := strconv.AppendInt(v.scratch[:0], ent.Time.UnixNano(), 10)
	number, text := severity(ent.Level)

	dst = append(append(dst, `{"timeUnixNano":"`...), nanos...)
	dst = append(append(dst, `","observedTimeUnixNano":"`...), nanos...)
	dst = strconv.AppendInt(append(dst, `","severityNumber":`...), int64(number), 10)
	dst = base.AppendJSONString(append(dst, `,"severityText":`...), text)
	dst = base.AppendJSONString(append(dst, `,"body":{"stringValue":`...), ent.Message)
	v.out, v.scratch = append(dst, `},"attributes":[`...), nanos
	v.failed = false
	w.attributes(&ent)
	err := w.walk.level(r)
	w.stack(ent.Stack)
	dst = append(v.out, ']')
	dst = appendMember(dst, "traceId", string(v.ids[0].value))
	dst = appendMember(dst, "spanId", string(v.ids[1].value))
	v.out = nil
	otlpWriters.Put(w)
	return append(dst, '}'), err
}

// attributes writes what zap knows of a record and OTLP has no other place for.
func (w *otlpWriter) attributes(ent *zapcore.Entry) {
	if ent.LoggerName != "" {
		w.walk.AddString("logger.name", ent.LoggerName)
	}
	if c := &ent.Caller; c.Defined {
		w.walk.AddString("code.file.path", c.File)
		w.walk.AddInt("code.line.number", c.Line)
		w.walk.AddString("code.function.name", c.Function)
	}
}

// stack writes where the record was logged, which is where its error was met if it has one.
func (w *otlpWriter) stack(stack string) {
	switch {
	case stack == "":
	case w.values.failed:
		w.walk.AddString("exception.stacktrace", stack)
	default:
		w.walk.AddString("code.stacktrace", stack)
	}
}

// severity returns a level's number (Logs Data Model, SeverityNumber) and text.
func severity(l zapcore.Level) (int, string) {
	switch {
	case l >= zapcore.DPanicLevel:
		return 21 + min(3, int(l-zapcore.DPanicLevel)), l.String()
	case l >= zapcore.DebugLevel:
		return 9 + 4*int(l), l.String()
	default: // finer than Debug: TRACE4 to TRACE
		return max(1, 6+int(l)), l.String()
	}
}

func readOTLP(a *Answer) error {
	if err := a.Err(); err != nil {
		return err
	}
	if len(a.Body) == 0 {
		return nil
	}
	var answer struct {
		PartialSuccess struct {
			Rejected otlpCount `json:"rejectedLogRecords"`
			Message  string    `json:"errorMessage"`
		} `json:"partialSuccess"`
	}
	if err := a.decode(&answer); err != nil {
		return nil // the status says that the records are taken, and nothing says that some are not
	}
	n := min(int(answer.PartialSuccess.Rejected), a.Records)
	if n <= 0 {
		return nil
	}
	err := a.Reject(fmt.Errorf("httpcore: %s: %d of %d records refused: %s", a.target, n, a.Records,
		firstWords([]byte(answer.PartialSuccess.Message))))
	err.Indexes = slices.Clone(err.Indexes[a.Records-n:])
	return err
}

// otlpCount is an int64 of JSON in protobuf's way: a number or a text.
type otlpCount int64

// UnmarshalJSON implements json.Unmarshaler.
func (c *otlpCount) UnmarshalJSON(b []byte) error {
	if len(b) > 1 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	*c = otlpCount(n)
	return err
}
