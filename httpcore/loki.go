package httpcore

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/fields"
	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// LokiConfig configures Loki, for Grafana Loki's push API ("https://loki.example/loki/api/v1/push").
type LokiConfig struct {
	// Labels are the same for all records. There is always a label level in addition.
	Labels map[string]string
	// LabelFields names fields that also become labels. Choose fields with few values, because each set of labels is a stream. A
	// field in a namespace is namespace.field. Characters that a label name cannot contain become underscores. The fields stay in the
	// line. A label has at most the first 2,048 bytes of a value, because Loki refuses a record with a longer one. By default Loki
	// also refuses records with more than 15 labels, level among them.
	LabelFields []string
	// Encoder makes the line. It is copied. Defaults to zap's JSON without time and level, which are sent separately.
	Encoder zapcore.Encoder
}

// Loki returns the Envelope of a push request. Times are in nanoseconds. Each record is a stream; Loki joins those with the same
// labels. A record without a time gets the time of sending. Times are clamped to what an int64 of nanoseconds holds: the years 1677
// to 2262.
//
// Loki also answers 400 if it took some of the records and found others too old. Then the request is sent in halves, down to the old
// records, and only these count as refused.
func Loki(cfg LokiConfig) Envelope {
	f := new(lokiFormatter)
	labels := map[string]bool{"level": true}
	reserved := append([]string{"level"}, storeNames...) // a receiver that parses the line has labels and fields in one place
	for _, name := range slices.Sorted(maps.Keys(cfg.Labels)) {
		if name != labelName(name) || labels[name] {
			return Envelope{err: fmt.Errorf("httpcore: LokiConfig.Labels: %q is no label name, or there twice", name)}
		}
		labels[name] = true
		reserved = append(reserved, name)
		f.labels = string(appendMember([]byte(f.labels), name, cfg.Labels[name]))
	}
	for _, field := range cfg.LabelFields {
		name := labelName(field)
		if labels[name] {
			return Envelope{err: fmt.Errorf("httpcore: LokiConfig.LabelFields: label %s is there twice", name)}
		}
		labels[name] = true
		f.fields, f.names = append(f.fields, field), append(f.names, name)
	}
	f.line = documentOf(cfg.Encoder, zapcore.EncoderConfig{
		MessageKey: "msg", NameKey: "logger", CallerKey: "caller", StacktraceKey: "stacktrace",
	}, names.Config{Reserved: reserved})
	f.writers.New = func() any { return newLokiWriter(f) }
	return Envelope{
		ContentType: "application/json",
		Before:      `{"streams":[`,
		Between:     ",",
		After:       "]}",
		Formatter:   f,
		Read:        readLoki,
		byStatus:    true,
		path:        "/loki/api/v1/push",
	}
}

func readLoki(a *Answer) error {
	if err := a.Err(); err != nil {
		return err
	}
	return a.htmlPage()
}

// labelName returns a name that Prometheus and Loki accept.
func labelName(s string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, s)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}

// maxLabel is the default of Loki's max_label_value_length, in bytes.
const maxLabel = 2048

// labelValue returns as much of text as a label may have.
func labelValue(text []byte) []byte {
	if len(text) <= maxLabel/utf8.UTFMax {
		return text
	}
	if !utf8.Valid(text) { // the replacement is longer
		text = bytes.ToValidUTF8(text, []byte("\ufffd"))
	}
	if len(text) <= maxLabel {
		return text
	}
	end := maxLabel
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// lokiFormatter makes a stream of each record: {"stream":{labels},"values":[["time","line"]]}.
type lokiFormatter struct {
	line          document
	labels        string   // the constant labels as JSON, each with a comma in front
	fields, names []string // the label fields, and their label names
	writers       sync.Pool
}

// Append implements base.Formatter.
func (f *lokiFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	ent := r.Entry()
	dst = base.AppendJSONString(append(dst, `{"stream":{"level":`...), ent.Level.String())
	dst = append(dst, f.labels...)
	if len(f.fields) > 0 {
		w := f.writers.Get().(*lokiWriter)
		dst = w.appendLabels(dst, r)
		f.writers.Put(w)
	}
	dst = append(dst, `},"values":[["`...)
	at := ent.Time
	if at.IsZero() {
		at = time.Now()
	}
	dst = append(strconv.AppendInt(dst, fields.Nanos(at), 10), `",`...)
	line := linePool.Get().(*[]byte)
	defer linePool.Put(line)
	text, err := f.line.Append((*line)[:0], r)
	if err != nil {
		return dst, err
	}
	if cap(text) <= keepLine {
		*line = text
	}
	return append(base.AppendJSONString(dst, trimLineEnd(text)), "]]}"...), nil
}

// linePool holds buffers for a line before it becomes a JSON string. keepLine is the largest buffer that is kept, in bytes.
var linePool = sync.Pool{New: func() any { return new([]byte) }}

const keepLine = 64 << 10

// lokiWriter finds the fields of a record that become labels.
type lokiWriter struct {
	texts  fields.Texts
	walk   fields.Walker
	fields []string
	names  []string
	values [][]byte // of fields; empty if the record does not have it
	at     int      // index of the field that was found last
}

func newLokiWriter(f *lokiFormatter) *lokiWriter {
	w := &lokiWriter{fields: f.fields, names: f.names, values: make([][]byte, len(f.fields))}
	w.walk.Values = &w.texts
	w.texts.Wants = w.find
	w.texts.Take = func(_, text []byte) { // the first of two fields with one name counts
		if len(w.values[w.at]) == 0 {
			w.values[w.at] = append(w.values[w.at], labelValue(text)...)
		}
	}
	return w
}

// find reports whether the field with that key, in the open namespaces, becomes a label.
func (w *lokiWriter) find(key string) bool {
	for i, field := range w.fields {
		namespace, ok := strings.CutSuffix(field, key)
		if ok && namespace == string(w.texts.Prefix) {
			w.at = i
			return true
		}
	}
	return false
}

func (w *lokiWriter) appendLabels(dst []byte, r *base.Record) []byte {
	for i := range w.values {
		w.values[i] = w.values[i][:0]
	}
	w.texts.Reset()
	_ = w.walk.Level(r) // a field that cannot be encoded is no label
	for i, value := range w.values {
		dst = appendMember(dst, w.names[i], string(value))
	}
	return dst
}
