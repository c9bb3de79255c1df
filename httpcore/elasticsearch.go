package httpcore

import (
	"fmt"
	"net/http"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// ElasticsearchConfig is for Elasticsearch, OpenSearch and what else speaks their _bulk API.
type ElasticsearchConfig struct {
	// Index is the index or data stream. Defaults to the one in Config.URL ("https://es.example/logs-shop/_bulk").
	Index string
	// ID gives a document its _id, from which the server tells a record that is sent again. It runs on the goroutine that logs.
	// It must differ for each record, or records are lost; "" leaves the choice to the server. Defaults to that for all.
	ID func(r *base.Record) string
	// Encoder makes the documents, JSON on one line. It is copied. Defaults to the names of the Elastic Common Schema:
	// @timestamp, message, log.level, log.logger, log.origin.file.name, error.stack_trace, and the record's fields.
	Encoder zapcore.Encoder
}

// Elasticsearch returns the Envelope of a _bulk request that creates a document of each record. Its answer is read item by
// item: 429 and 503 are to be tried again, all other failures are refused for good. 409 for a document with an ID means that
// it is there already: delivered. "?filter_path=errors,items.*.status,items.*.error" in the URL keeps the answer short; all
// three must be in it.
func Elasticsearch(cfg ElasticsearchConfig) Envelope {
	action := []byte(`{"create":{`)
	if cfg.Index != "" {
		action = base.AppendJSONString(append(action, `"_index":`...), cfg.Index)
	}
	f := &bulkFormatter{
		action:  action,
		indexed: cfg.Index != "",
		id:      cfg.ID,
		encoder: documentEncoder(cfg.Encoder, zapcore.EncoderConfig{
			TimeKey: "@timestamp", MessageKey: "message", LevelKey: "log.level", NameKey: "log.logger",
			CallerKey: "log.origin.file.name", StacktraceKey: "error.stack_trace",
		}),
	}
	return Envelope{
		ContentType: "application/x-ndjson",
		Between:     "\n",
		After:       "\n",
		TokenScheme: "ApiKey",
		Formatter:   f,
		Read:        func(a *Answer) error { return readBulk(a, cfg.ID != nil) },
	}
}

// bulkFormatter makes the two lines of a document: the action, the source.
type bulkFormatter struct {
	action  []byte // up to where an _id may follow
	indexed bool
	id      func(*base.Record) string
	encoder zapcore.Encoder
}

// Append implements base.Formatter.
func (f *bulkFormatter) Append(dst []byte, r *base.Record) ([]byte, error) {
	dst = append(dst, f.action...)
	if f.id != nil {
		if id := f.id(r); id != "" {
			if f.indexed {
				dst = append(dst, ',')
			}
			dst = base.AppendJSONString(append(dst, `"_id":`...), id)
		}
	}
	return appendLine(append(dst, "}}\n"...), r, f.encoder)
}

type bulkItem struct {
	Status int `json:"status"`
	Error  struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	} `json:"error"`
}

func readBulk(a *Answer, ids bool) error {
	if err := a.Err(); err != nil {
		return err
	}
	if err := a.complete(); err != nil {
		return err
	}
	said, err := member(a.Body, "errors") // behind it are the items, which are as long as the records
	if err != nil {
		return a.malformed(err)
	}
	switch failed, ok := said.(bool); {
	case !ok:
		return fmt.Errorf("httpcore: %s: an answer without errors, which no _bulk gives: %s", a.target, firstWords(a.Body))
	case !failed:
		return nil
	}
	var answer struct {
		Items []map[string]bulkItem `json:"items"`
	}
	if err := a.decode(&answer); err != nil || len(answer.Items) != a.Records {
		return fmt.Errorf("httpcore: %s: errors, and %d items for %d records (%v)", a.target, len(answer.Items), a.Records, err)
	}
	var rejected base.RejectedError
	again := base.RetryError{After: a.After}
	for i, item := range answer.Items {
		for _, said := range item { // one: create
			err := fmt.Errorf("httpcore: %s: %d %s: %s", a.target, said.Status, said.Error.Type, firstWords([]byte(said.Error.Reason)))
			switch {
			case said.Status >= 200 && said.Status < 300, ids && said.Status == http.StatusConflict:
			case said.Status == http.StatusTooManyRequests || said.Status == http.StatusServiceUnavailable:
				again.Indexes, again.Err = append(again.Indexes, i), firstOf(again.Err, err)
			default:
				rejected.Indexes, rejected.Err = append(rejected.Indexes, i), firstOf(rejected.Err, err)
			}
		}
	}
	return verdict(&rejected, &again)
}

// verdict joins what is not empty.
func verdict(rejected *base.RejectedError, again *base.RetryError) (err error) {
	if len(rejected.Indexes) > 0 {
		err = rejected
	}
	if len(again.Indexes) > 0 {
		err = multierr.Append(err, again)
	}
	return err
}

func firstOf(first, err error) error {
	if first != nil {
		return first
	}
	return err
}
