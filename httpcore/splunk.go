package httpcore

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// SplunkConfig is for Splunk's HTTP event collector ("https://splunk.example:8088/services/collector/event"). Config.Token is
// its token.
type SplunkConfig struct {
	// Host, Source, SourceType and Index are the metadata of all events. Default to what the token says.
	Host, Source, SourceType, Index string
	// Encoder makes the event, JSON. It is copied. Defaults to zap's JSON without time, which is sent beside it.
	Encoder zapcore.Encoder
}

// Splunk returns the Envelope of Splunk's HTTP event collector: one event a record, with the time in microseconds.
//
// If the collector names an invalid event, that one is refused for good. It does not say what it did with the events before it,
// so the others are to be tried again: some may arrive twice, none is lost.
func Splunk(cfg SplunkConfig) Envelope {
	var meta []byte
	meta = appendMember(meta, "host", cfg.Host)
	meta = appendMember(meta, "source", cfg.Source)
	meta = appendMember(meta, "sourcetype", cfg.SourceType)
	meta = appendMember(meta, "index", cfg.Index)
	f := splunkFormatter{
		meta: string(meta),
		encoder: documentEncoder(cfg.Encoder, zapcore.EncoderConfig{
			MessageKey: "msg", LevelKey: "level", NameKey: "logger", CallerKey: "caller", StacktraceKey: "stacktrace",
		}),
	}
	return Envelope{
		ContentType: "application/json",
		Between:     "\n",
		TokenScheme: "Splunk",
		Formatter:   f,
		Read:        readSplunk,
	}
}

type splunkFormatter struct {
	meta    string // of all events, as JSON, each behind a comma
	encoder zapcore.Encoder
}

// Append implements base.Formatter.
func (f splunkFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	dst = appendSeconds(append(dst, `{"time":`...), r.Entry().Time.UnixMicro())
	dst = append(append(dst, f.meta...), `,"event":`...)
	dst, err := appendLine(dst, r, f.encoder)
	return append(dst, '}'), err
}

// appendSeconds appends a time in microseconds as seconds with six decimals.
func appendSeconds(dst []byte, micro int64) []byte {
	n := uint64(micro)
	if micro < 0 {
		dst, n = append(dst, '-'), -n
	}
	dst = strconv.AppendUint(dst, n/1e6, 10)
	point := len(dst)
	dst = strconv.AppendUint(dst, 1e6+n%1e6, 10)
	dst[point] = '.' // where the million's 1 was
	return dst
}

func readSplunk(a *Answer) error {
	err := a.Err()
	if a.Status != http.StatusBadRequest {
		return err
	}
	var answer struct {
		Text    string `json:"text"`
		Invalid *int   `json:"invalid-event-number"`
	}
	if json.Unmarshal(a.Body, &answer) != nil || answer.Invalid == nil || *answer.Invalid < 0 || *answer.Invalid >= a.Records {
		return err
	}
	bad := *answer.Invalid
	why := fmt.Errorf("httpcore: %s: %s, event %d", a.target, firstWords([]byte(answer.Text)), bad)
	again := base.RetryError{After: a.After, Err: why}
	for i := range a.Records {
		if i != bad {
			again.Indexes = append(again.Indexes, i)
		}
	}
	return verdict(&base.RejectedError{Indexes: []int{bad}, Err: why}, &again)
}
