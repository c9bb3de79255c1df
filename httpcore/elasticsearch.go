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

// ElasticsearchConfig is for Elasticsearch, OpenSearch and what else speaks their _bulk API.
type ElasticsearchConfig struct {
	// Index is the index or data stream. Defaults to the one in Config.URL ("https://es.example/logs-shop/_bulk").
	Index string
	// ID gives a document its _id, from which the server tells a record that is sent again. It runs on the goroutine that logs.
	// It must differ for each record, or records are lost; "" leaves the choice to the server. Defaults to an id for each
	// record that it keeps over all attempts to send it, unlike that of any other record of any process.
	ID func(r *base.Record) string
	// OmitID leaves all ids to the server, which indexes somewhat faster then. A record of which the answer was lost is stored
	// twice.
	OmitID bool
	// Encoder makes the documents, JSON on one line. It is copied. Defaults to the names of the Elastic Common Schema:
	// @timestamp, message, log.level, log.logger, log.origin.file.name, error.message and error.type for zap.Error (what it says, and its
	// type as %T has it), error.stack_trace, and the record's fields.
	Encoder zapcore.Encoder
}

// Elasticsearch returns the Envelope of a _bulk request that creates a document of each record. Its answer is read item by
// item: 429, 500, 502, 503 and 504 are to be tried again, all other failures are refused for good. 409 for a document with an
// ID means that it is there already: delivered. An answer that has fewer items than there were records, or says nothing of
// errors, is none, whatever else it says; one of more than 16 MiB has the request sent in halves.
// "?filter_path=errors,error,items.*.status,items.*.error" in the URL keeps the answer short; all four must be in it.
//
// A record without a time gets that of its sending, because a data stream takes no document without @timestamp; years are 0000
// to 9999, the nearest where a time has another.
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

// bulkNames are those that Elasticsearch keeps for itself: a document that has one as a member is refused.
var bulkNames = []string{"_data_stream_timestamp", "_doc_count", "_feature", "_field_names", "_id", "_ignored", "_ignored_source",
	"_index", "_inference_fields", "_nested_path", "_routing", "_routing_hash", "_seq_no", "_size", "_source", "_tier", "_ts_routing_hash",
	"_tsid", "_type", "_version"}

// bulkFormatter makes the two lines of a document: the action, the source.
type bulkFormatter struct {
	action   []byte // up to where an _id may follow
	indexed  bool
	id       func(*base.Record) string
	document document
	plain    *bulkFormatter // the same without ids; not nil: this one leaves room for the emitter to put one
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

// appendNow appends the document of a record that has no time.
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
	Error  any    `json:"error"` // an object with type and reason, or a text
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
		if a.cut && a.Records > 1 { // conflicts have more words than their documents; fewer have fewer
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
	case !isNothing(answer.Error): // something in the request cannot be taken, and what follows it was not read
		return &faultError{index: -1, err: fmt.Errorf("httpcore: %s: %s", a.target, a.bulkWords(answer.Error))}
	case answer.Errors == nil:
		return fmt.Errorf("httpcore: %s: an answer without errors, which no _bulk gives: %s", a.target, a.firstWords(a.Body))
	case len(answer.Items) != a.Records:
		return fmt.Errorf("httpcore: %s: %d items in the answer, for %d records", a.target, len(answer.Items), a.Records)
	}
	return judgeItems(a, answer.Items, ids, bool(*answer.Errors))
}

// allCreated tells whether an answer is that of a request without any failure, without decoding it: it is as long as the records
// were. A text of JSON cannot hold what is looked for: its quotes are escaped.
func allCreated(a *Answer) bool {
	return bytes.Contains(a.Body, []byte(`"errors":false`)) && !bytes.Contains(a.Body, []byte(`"error":`)) &&
		bytes.Count(a.Body, []byte(`"status":20`)) == a.Records && bytes.Count(a.Body, []byte(`"status":`)) == a.Records &&
		bytes.HasPrefix(a.Body, []byte("{")) && bytes.HasSuffix(bytes.TrimSpace(a.Body), []byte("]}"))
}

// bulkWords are the words of a member error: a text, or an object with type and reason.
func (a *Answer) bulkWords(said any) string {
	object, ok := said.(map[string]any)
	switch {
	case said == nil:
		return "without a reason"
	case !ok:
		return a.firstWords(fmt.Append(nil, said))
	}
	var words []string
	for _, name := range []string{"type", "reason"} {
		if word := object[name]; word != nil {
			words = append(words, fmt.Sprint(word))
		}
	}
	return a.firstWords([]byte(strings.Join(words, ": ")))
}

// isNothing tells whether a member says nothing, as where a server leaves none out.
func isNothing(said any) bool {
	switch said := said.(type) {
	case map[string]any:
		return len(said) == 0
	case []any:
		return len(said) == 0
	}
	return said == nil || said == "" || said == false
}

// judgeItems says what became of each record. Where there were no errors, an item without a status says that it was taken too.
func judgeItems(a *Answer, items []map[string]bulkItem, ids, errors bool) error {
	var rejected base.RejectedError
	again := base.RetryError{After: a.After}
	for i, item := range items {
		if len(item) != 1 {
			return fmt.Errorf("httpcore: %s: an item of the answer says nothing: %s", a.target, a.firstWords(a.Body))
		}
		for _, said := range item { // one: create
			err := fmt.Errorf("httpcore: %s: %d %s", a.target, said.Status, a.bulkWords(said.Error))
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
