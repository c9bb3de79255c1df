package httpcore

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore/internal/otlp"
)

// OTLPConfig configures OTLP, for OpenTelemetry collectors and others that take logs by OTLP over HTTP
// ("http://localhost:4318/v1/logs").
type OTLPConfig struct {
	// Resource describes the program: zap.String("service.name", "shop").
	Resource []zapcore.Field
	// Scope and ScopeVersion are the name and version of the instrumentation scope. They default to "".
	Scope, ScopeVersion string
	// TraceField and SpanField name the fields whose strings, of 32 and 16 hexadecimal digits, become the record's trace id and span
	// id instead of attributes. They default to trace_id and span_id.
	TraceField, SpanField string
	// JSON sends protobuf's JSON. Defaults to protobuf, which every receiver takes, and which takes half the time to make.
	JSON bool
}

// OTLP returns the Envelope of an OTLP export of logs (OTLP 1.x over HTTP, Logs Data Model), as protobuf or as JSON.
//
// The message is the body. Fields are attributes and keep their types: integers, doubles, booleans, bytes, arrays and objects.
// Durations and times become nanoseconds, complex numbers an object of r and i. By the specification's mapping of arbitrary data,
// integers beyond int64 become strings and, in protobuf, a string that is not UTF-8 becomes bytes.
//
// Further attributes are logger.name, code.file.path, code.line.number, code.function.name and code.stacktrace. The text of zap.Error
// is exception.message, its type (as %T prints it) exception.type, and the stack of such a record exception.stacktrace. Severities:
// Debug is DEBUG, Info INFO, Warn WARN, Error ERROR, and DPanic, Panic and Fatal are FATAL, FATAL2 and FATAL3. All this is as in
// OpenTelemetry's bridge for zap, except for the logger's name and the large integers.
//
// The observed time is the record's time. A record without a time, or from before 1970, which OTLP cannot express, has no time, and
// its observed time is that of sending. A time after the year 2262 becomes the latest that there is.
//
// 3xx, 429, 502, 503 and 504 are tried again, after Retry-After. Everything else but 2xx is final, as the specification demands,
// including 500. A collector that takes only some records says how many it refused, but not which: the last ones are named as
// refused, and none is sent again.
func OTLP(cfg OTLPConfig) Envelope {
	f := otlp.Formatter{Trace: cfg.TraceField, Span: cfg.SpanField, JSON: cfg.JSON}
	if f.Trace == "" {
		f.Trace = "trace_id"
	}
	if f.Span == "" {
		f.Span = "span_id"
	}
	e := Envelope{
		ContentType: "application/x-protobuf",
		Formatter:   f,
		Read:        readOTLP,
		byStatus:    true,
		retries:     otlpRetries,
		errorText:   otlpErrorText,
		path:        "/v1/logs",
	}
	if cfg.JSON {
		e.ContentType = "application/json"
		e.Before, e.Between, e.After = otlp.JSONHead(cfg.Resource, cfg.Scope, cfg.ScopeVersion), ",", otlp.JSONTail
		return e
	}
	e.head = otlp.NewRequest(cfg.Resource, cfg.Scope, cfg.ScopeVersion).Head
	return e
}

// otlpRetries reports whether a request with that status may be sent again (OTLP 1.x, "Retryable Response Codes").
func otlpRetries(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return status < 400
}

// otlpErrorText returns the text of a failed answer.
func otlpErrorText(a *Answer) string {
	said, ok := otlp.ReadAnswer(a.Header.Get("Content-Type"), a.Status, a.Body)
	if !ok {
		return a.excerpt(a.Body)
	}
	return a.excerpt([]byte(said.Message))
}

func readOTLP(a *Answer) error {
	if err := a.Err(); err != nil {
		return err
	}
	if err := a.htmlPage(); err != nil {
		return err
	}
	said, _ := otlp.ReadAnswer(a.Header.Get("Content-Type"), http.StatusOK, a.Body)
	n := int(min(said.Rejected, int64(a.Records)))
	if n <= 0 { // also if the answer cannot be read: the status says that the records were taken
		return nil
	}
	text := a.excerpt([]byte(said.Message))
	if text == "" {
		text = "no reason given"
	}
	err := a.Reject(fmt.Errorf("httpcore: %s: partial success: %w", a.target, errors.New(text)))
	err.Indexes = slices.Clone(err.Indexes[a.Records-n:])
	return err
}
