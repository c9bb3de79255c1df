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

// LokiConfig is for Grafana Loki's push API ("https://loki.example/loki/api/v1/push").
type LokiConfig struct {
	// Labels are the same for all records. The label level is always there.
	Labels map[string]string
	// LabelFields names fields that become labels too: those with few values, since each set of labels is a stream of its
	// own. A field in a namespace is namespace.field. Characters that a label cannot have become underscores. The fields
	// stay in the line; a label is the first 2,048 bytes of a value at most, because Loki refuses the record of a longer one. It
	// refuses one of more than 15 labels, too, level among them, unless it is told otherwise.
	LabelFields []string
	// Encoder makes the line. It is copied. Defaults to zap's JSON without time and level, which are sent beside it.
	Encoder zapcore.Encoder
}

// Loki returns the Envelope of a push request: times in nanoseconds, a stream for each record, which Loki joins where the
// labels are the same. A record without a time has that of its sending; one that an int64 of nanoseconds cannot hold (years 1677
// to 2262) has the nearest. Loki answers 400 also if it took some of the records and found others too old: the request goes in halves then,
// down to those, and only they count as refused.
func Loki(cfg LokiConfig) Envelope {
	f := new(lokiFormatter)
	labels := map[string]bool{"level": true}
	reserved := append([]string{"level"}, storeNames...) // a receiver that reads the line finds labels and fields in one place
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
	return a.page()
}

// labelName makes a name that Prometheus and Loki accept.
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

// maxLabel is Loki's max_label_value_length, in bytes, unless it is configured.
const maxLabel = 2048

// labelValue returns as much of a text as a label may have.
func labelValue(text []byte) []byte {
	if len(text) <= maxLabel/utf8.UTFMax {
		return text
	}
	if !utf8.Valid(text) { // what takes its place is longer
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
	labels        string   // of all records, as JSON, each behind a comma
	fields, names []string // that become labels, and as which
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

// linePool holds memory for a line before it becomes a JSON string; keepLine is the most of it, in bytes, that is kept.
var linePool = sync.Pool{New: func() any { return new([]byte) }}

const keepLine = 64 << 10

// lokiWriter finds the fields of a record that become labels.
type lokiWriter struct {
	texts  fields.Texts
	walk   fields.Walker
	fields []string
	names  []string
	values [][]byte // of fields; empty if the record has none
	at     int      // the field that was found last
}

func newLokiWriter(f *lokiFormatter) *lokiWriter {
	w := &lokiWriter{fields: f.fields, names: f.names, values: make([][]byte, len(f.fields))}
	w.walk.Values = &w.texts
	w.texts.Wants = w.find
	w.texts.Take = func(_, text []byte) { // of two fields of a name the first keeps it
		if len(w.values[w.at]) == 0 {
			w.values[w.at] = append(w.values[w.at], labelValue(text)...)
		}
	}
	return w
}

// find tells whether the field with that key, in the namespaces that are open, becomes a label.
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
