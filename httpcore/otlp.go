package httpcore

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore/internal/otlp"
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
	// JSON sends protobuf's JSON. Defaults to protobuf, which every receiver takes, and which is half as long to make.
	JSON bool
}

// OTLP returns the Envelope of an OTLP export of logs (OTLP 1.x over HTTP, Logs Data Model), as protobuf or as JSON.
//
// The message is the body, fields are attributes with their types: integers, doubles, booleans, bytes, arrays and objects stay what
// they are, durations and times become nanoseconds, complex numbers an r and an i. As the specification maps arbitrary data,
// integers beyond int64 become texts, and in protobuf a text that is no UTF-8 becomes bytes. Beside the fields there are the
// attributes logger.name, code.file.path, code.line.number, code.function.name and code.stacktrace; the text of zap.Error is
// exception.message, its type (as %T has it) exception.type, and the stack of such a record exception.stacktrace. Severities: Debug
// is DEBUG, Info INFO, Warn WARN, Error ERROR, and DPanic, Panic and Fatal are FATAL, FATAL2 and FATAL3. All this is as
// OpenTelemetry's bridge for zap has it, but for the name of the logger and the large integers.
//
// A record was observed when it was made. One without a time, or with one before 1970, which OTLP has none for, has no time and is
// observed when it is sent; one after the year 2262 has the last that there is.
//
// 3xx, 429, 502, 503 and 504 are tried again, after Retry-After; everything else but 2xx is final, as the specification demands, 500
// too. A collector that takes only a part says how many records it refused, not which: the last ones are named as refused, and
// none is sent again.
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
		words:       otlpWords,
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

// otlpRetries tells whether a request with that answer may be sent again (OTLP 1.x, "Retryable Response Codes").
func otlpRetries(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return status < 400
}

// otlpWords returns what an answer says to people.
func otlpWords(a *Answer) string {
	said, ok := otlp.ReadAnswer(a.Header.Get("Content-Type"), a.Status, a.Body)
	if !ok {
		return a.firstWords(a.Body)
	}
	return a.firstWords([]byte(said.Message))
}

func readOTLP(a *Answer) error {
	if err := a.Err(); err != nil {
		return err
	}
	if err := a.page(); err != nil {
		return err
	}
	said, _ := otlp.ReadAnswer(a.Header.Get("Content-Type"), http.StatusOK, a.Body)
	n := int(min(said.Rejected, int64(a.Records)))
	if n <= 0 { // also where the answer cannot be read: the status says that the records are taken
		return nil
	}
	words := a.firstWords([]byte(said.Message))
	if words == "" {
		words = "no reason given"
	}
	err := a.Reject(fmt.Errorf("httpcore: %s: partial success: %w", a.target, errors.New(words)))
	err.Indexes = slices.Clone(err.Indexes[a.Records-n:])
	return err
}
