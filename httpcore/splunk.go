package httpcore

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// SplunkConfig configures Splunk, for Splunk's HTTP event collector ("https://splunk.example:8088/services/collector/event").
// Config.Token is its token.
//
// A token with indexer acknowledgement needs a channel, and refuses everything without one ("Data channel is missing"): put it into
// the URL, "…/event?channel=GUID". A 200 counts as delivered even then; the indexers' acknowledgement is not queried.
type SplunkConfig struct {
	// Host, Source, SourceType and Index are the metadata of all events. They default to the token's settings.
	Host, Source, SourceType, Index string
	// Encoder makes the event: JSON. It is copied. Defaults to zap's JSON without time, which is sent separately.
	Encoder zapcore.Encoder
}

// Splunk returns the Envelope of Splunk's HTTP event collector: one event per record, with the time in nanoseconds. A record without
// a time is sent without one, and gets the collector's. A time before 1970 becomes the beginning of 1970.
//
// A 2xx answer with a code other than 0 is no success: a collector behind a gateway may answer so when it is busy. Nor is an answer
// that breaks off.
//
// If the collector names an invalid event, that event is refused for good, and the others are sent again at once. The collector does
// not say what it did with the events before it: some may arrive twice, none is lost.
func Splunk(cfg SplunkConfig) Envelope {
	var meta []byte
	meta = appendMember(meta, "host", cfg.Host)
	meta = appendMember(meta, "source", cfg.Source)
	meta = appendMember(meta, "sourcetype", cfg.SourceType)
	meta = appendMember(meta, "index", cfg.Index)
	f := splunkFormatter{
		meta: string(meta),
		event: documentOf(cfg.Encoder, zapcore.EncoderConfig{
			MessageKey: "msg", LevelKey: "level", NameKey: "logger", CallerKey: "caller", StacktraceKey: "stacktrace",
		}, names.Config{Reserved: storeNames}),
	}
	return Envelope{
		ContentType: "application/json",
		Between:     "\n",
		TokenScheme: "Splunk",
		Formatter:   f,
		Read:        readSplunk,
		path:        "/services/collector/event",
		err:         checkEncoder("SplunkConfig.Encoder", cfg.Encoder),
	}
}

type splunkFormatter struct {
	meta  string // of all events, as JSON, each with a comma in front
	event document
}

// Append implements base.Formatter.
func (f splunkFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	meta := f.meta
	dst = append(dst, '{')
	switch at := r.Entry().Time; {
	case !at.IsZero():
		dst = appendSeconds(append(dst, `"time":`...), at)
	case meta != "":
		meta = meta[1:]
	}
	dst = append(dst, meta...)
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst, err := f.event.appendLine(append(dst, `"event":`...), r)
	return append(dst, '}'), err
}

// appendSeconds appends a time as seconds since 1970 with nine decimals.
func appendSeconds(dst []byte, t time.Time) []byte {
	t = fields.Clamped(t)
	seconds, nanos := t.Unix(), int64(t.Nanosecond())
	if seconds < 0 {
		seconds, nanos = 0, 0
	}
	dst = strconv.AppendInt(dst, seconds, 10)
	point := len(dst)
	dst = strconv.AppendInt(dst, 1e9+nanos, 10)
	dst[point] = '.' // in place of the leading 1 of 1e9
	return dst
}

func readSplunk(a *Answer) error {
	err := a.Err()
	if err != nil && a.Status != http.StatusBadRequest {
		return err
	}
	if err == nil && a.failure != nil { // the code is unknown
		return a.complete()
	}
	if err == nil && a.htmlPage() != nil {
		return a.htmlPage()
	}
	var answer struct {
		Text    string  `json:"text"`
		Code    number  `json:"code"`
		Invalid *number `json:"invalid-event-number"`
	}
	switch {
	case json.Unmarshal(a.Body, &answer) != nil, err != nil && answer.Text == "": // it is not the collector's
		return err
	case err == nil && answer.Code == 0:
		return nil
	case err == nil && answer.Invalid == nil: // it is not about an event, so all may be taken another time
		return &base.RetryError{After: a.After, Err: a.err()}
	}
	fault := &faultError{index: -1, err: &StatusError{ // the same text for every event
		Target: a.target, Status: a.Status, Text: fmt.Sprintf("%s (code %d)", a.excerpt([]byte(answer.Text)), answer.Code),
	}}
	if n := answer.Invalid; n != nil && *n >= 0 && int(*n) < a.Records {
		fault.index = int(*n)
	}
	return fault
}
