package httpcore

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/names"
	base "example.com/zaphandlers/zapcore"
)

// ElasticsearchConfig configures Elasticsearch: for Elasticsearch, OpenSearch, and others with their _bulk API.
type ElasticsearchConfig struct {
	// Index is the index or data stream. Defaults to the one in Config.URL ("https://es.example/logs-shop/_bulk").
	Index string
	// ID returns a document's _id, by which the server recognises a record that is sent again. It runs on the goroutine that logs.
	// Ids must differ, or records are lost; "" leaves the choice to the server. Defaults to a unique id for each record, which it
	// keeps over all attempts to send it.
	ID func(r *base.Record) string
	// OmitID leaves all ids to the server, which then indexes somewhat faster. A record whose answer was lost is stored twice.
	OmitID bool
	// Encoder makes the documents: JSON on one line. It is copied. Defaults to names of the Elastic Common Schema: @timestamp,
	// message, log.level, log.logger, log.origin.file.name; error.message and error.type for zap.Error (its text, and its type as %T
	// prints it); error.stack_trace; and the record's fields.
	Encoder zapcore.Encoder
}

// Elasticsearch returns the Envelope of a _bulk request that creates a document for each record.
//
// The answer is read item by item. Items with 429, 500, 502, 503 and 504 are tried again, all other failures are refused for good. A
// 409 for a document with an ID means that it is already stored: delivered. An answer that has not one item for each record, or no
// member errors, is an error, and the records are tried again. After an answer of more than 16 MiB the request is sent in halves.
// "?filter_path=errors,error,items.*.status,items.*.error" in the URL keeps answers short; it must contain all four.
//
// A record without a time gets the time of sending, because a data stream takes no document without @timestamp. Times are clamped to
// the years 0000 to 9999.
func Elasticsearch(cfg ElasticsearchConfig) Envelope {
	action := []byte(`{"create":{`)
	if cfg.Index != "" {
		action = base.AppendJSONString(append(action, `"_index":`...), cfg.Index)
	}
	f := &bulkFormatter{
		action:  action,
		indexed: cfg.Index != "",
		id:      cfg.ID,
		document: documentOf(cfg.Encoder, zapcore.EncoderConfig{
			TimeKey: "@timestamp", MessageKey: "message", LevelKey: "log.level", NameKey: "log.logger",
			CallerKey: "log.origin.file.name", StacktraceKey: "error.stack_trace",
		}, names.Config{Error: "error.message", ErrorType: "error.type", Reserved: append(bulkNames, storeNames...)}),
	}
	e := Envelope{
		ContentType: "application/x-ndjson",
		Between:     "\n",
		After:       "\n",
		TokenScheme: "ApiKey",
		path:        "/_bulk",
		Formatter:   f,
	}
	e.err = checkEncoder("ElasticsearchConfig.Encoder", cfg.Encoder)
	if cfg.ID != nil && cfg.OmitID {
		e.err = errors.New("httpcore: ElasticsearchConfig.ID and OmitID exclude each other")
	}
	if cfg.ID == nil && !cfg.OmitID {
		identified := *f
		identified.plain = f
		e.identified = &identified
	}
	ids := !cfg.OmitID
	e.Read = func(a *Answer) error { return readBulk(a, ids) }
	return e
}

// bulkNames are reserved by Elasticsearch: it refuses a document with a member of such a name.
var bulkNames = []string{"_data_stream_timestamp", "_doc_count", "_feature", "_field_names", "_id", "_ignored", "_ignored_source",
	"_index", "_inference_fields", "_nested_path", "_routing", "_routing_hash", "_seq_no", "_size", "_source", "_tier", "_ts_routing_hash",
	"_tsid", "_type", "_version"}

// bulkFormatter makes the two lines of a document: the action and the source.
type bulkFormatter struct {
	action   []byte // up to where an _id may follow
	indexed  bool
	id       func(*base.Record) string
	document document
	plain    *bulkFormatter // the same without ids. If it is not nil, this one leaves room for the emitter's ids
}

const idMember = `"_id":"`

// idAt returns where the _id begins.
func (f *bulkFormatter) idAt() int {
	at := len(f.action) + len(idMember)
	if f.indexed {
		at++ // the comma
	}
	return at
}

// Append implements base.Formatter.
func (f *bulkFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	dst = append(dst, f.action...)
	switch {
	case f.plain != nil:
		dst = append(append(append(f.comma(dst), idMember...), noID...), '"')
	case f.id != nil:
		if id := f.id(r); id != "" {
			dst = base.AppendJSONString(append(f.comma(dst), `"_id":`...), id)
		}
	}
	dst = append(dst, "}}\n"...)
	if r.Entry().Time.IsZero() {
		return f.appendNow(dst, r)
	}
	return f.document.appendLine(dst, r)
}

func (f *bulkFormatter) comma(dst []byte) []byte {
	if f.indexed {
		return append(dst, ',')
	}
	return dst
}

// appendNow appends the document of a record without a time.
func (f *bulkFormatter) appendNow(dst []byte, r *base.Record) ([]byte, error) {
	ent := r.Entry()
	ent.Time = time.Now()
	timed := base.GetRecord()
	defer timed.Free()
	err := timed.Capture(ent, base.Context{}, []zapcore.Field{{Type: zapcore.InlineMarshalerType, Interface: r}})
	if err != nil {
		return dst, err
	}
	return f.document.appendLine(dst, timed)
}

type bulkItem struct {
	Status number `json:"status"`
	Error  any    `json:"error"` // an object with type and reason, or a string
}

func (i bulkItem) success() bool { return i.Status >= 200 && i.Status < 300 }

type bulkAnswer struct {
	Errors *boolean              `json:"errors"`
	Error  any                   `json:"error"`
	Items  []map[string]bulkItem `json:"items"`
}

func readBulk(a *Answer, ids bool) error {
	if err := a.Err(); err != nil {
		return err
	}
	if err := a.complete(); err != nil {
		if a.cut && a.Records > 1 { // conflicts are longer than their documents; fewer records make a shorter answer
			return &faultError{index: -1, err: err}
		}
		return err
	}
	if allCreated(a) {
		return nil
	}
	var answer bulkAnswer
	err := a.decode(&answer)
	switch {
	case err != nil:
		return err
	case !isNothing(answer.Error): // something cannot be taken, and what follows it was not read
		return &faultError{index: -1, err: fmt.Errorf("httpcore: %s: %s", a.target, a.bulkErrorText(answer.Error))}
	case answer.Errors == nil:
		return fmt.Errorf("httpcore: %s: an answer without errors, which no _bulk gives: %s", a.target, a.excerpt(a.Body))
	case len(answer.Items) != a.Records:
		return fmt.Errorf("httpcore: %s: %d items in the answer, for %d records", a.target, len(answer.Items), a.Records)
	}
	return judgeItems(a, answer.Items, ids, bool(*answer.Errors))
}

// allCreated reports whether all records were created, without decoding the answer, which is as long as the records were. A JSON
// string cannot contain what it searches for, because quotes in it are escaped.
func allCreated(a *Answer) bool {
	return bytes.Contains(a.Body, []byte(`"errors":false`)) && !bytes.Contains(a.Body, []byte(`"error":`)) &&
		bytes.Count(a.Body, []byte(`"status":20`)) == a.Records && bytes.Count(a.Body, []byte(`"status":`)) == a.Records &&
		bytes.HasPrefix(a.Body, []byte("{")) && bytes.HasSuffix(bytes.TrimSpace(a.Body), []byte("]}"))
}

// bulkErrorText returns the text of a member error: a string, or an object with type and reason.
func (a *Answer) bulkErrorText(said any) string {
	object, ok := said.(map[string]any)
	switch {
	case said == nil:
		return "without a reason"
	case !ok:
		return a.excerpt(fmt.Append(nil, said))
	}
	var words []string
	for _, name := range []string{"type", "reason"} {
		if word := object[name]; word != nil {
			words = append(words, fmt.Sprint(word))
		}
	}
	return a.excerpt([]byte(strings.Join(words, ": ")))
}

// isNothing reports whether a member is empty: some servers write such members instead of omitting them.
func isNothing(said any) bool {
	switch said := said.(type) {
	case map[string]any:
		return len(said) == 0
	case []any:
		return len(said) == 0
	}
	return said == nil || said == "" || said == false
}

// judgeItems returns the verdict on each record. If the answer reports no errors, an item without a status was taken.
func judgeItems(a *Answer, items []map[string]bulkItem, ids, errors bool) error {
	var rejected base.RejectedError
	again := base.RetryError{After: a.After}
	for i, item := range items {
		if len(item) != 1 {
			return fmt.Errorf("httpcore: %s: an item of the answer says nothing: %s", a.target, a.excerpt(a.Body))
		}
		for _, said := range item { // one: create
			err := fmt.Errorf("httpcore: %s: %d %s", a.target, said.Status, a.bulkErrorText(said.Error))
			switch {
			case isNothing(said.Error) && (said.success() || said.Status == 0 && !errors), ids && said.Status == http.StatusConflict:
			case !said.success() && (a.policy.again(int(said.Status)) || said.Status < 400):
				again.Indexes, again.Err = append(again.Indexes, i), firstOf(again.Err, err)
			default:
				rejected.Indexes, rejected.Err = append(rejected.Indexes, i), firstOf(rejected.Err, err)
			}
		}
	}
	return verdict(&rejected, &again)
}
