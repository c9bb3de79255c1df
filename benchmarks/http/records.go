package http

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123456789, time.UTC)

var entry = zapcore.Entry{Level: zapcore.InfoLevel, Time: noon, Message: "request served"}

// fields are those of request i, as the access log of a web service has them.
func fields(i int) []zapcore.Field {
	return []zapcore.Field{
		zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
		zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
		zap.String("request_id", fmt.Sprintf("6f1c2a4e-%04x", i)), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
		zap.Float64("load", 0.75),
	}
}

// recorded returns n records as a queue holds them.
func recorded(n int) (*base.Batch, error) {
	var batch base.Batch
	var r base.Record
	for i := range n {
		if err := r.Capture(entry, base.Context{}, fields(i)); err != nil {
			return nil, err
		}
		batch.Add(append([]byte(nil), r.Bytes()...))
	}
	return &batch, nil
}

// serve returns a server that reads everything and gives the same answer each time; "" is 204.
func serve(answer string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if answer == "" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
}

// bulkAnswer is what Elasticsearch answers when it has created n documents.
func bulkAnswer(n int) string {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"create":{"_index":"shop","_id":"h3JkQ5MBq%011d","_version":1,"result":"created",`+
			`"_shards":{"total":2,"successful":1,"failed":0},"_seq_no":%d,"_primary_term":1,"status":201}}`, i, i))
	}
	return `{"took":30,"errors":false,"items":[` + strings.Join(items, ",") + `]}`
}

// bodyOf returns what a core posts for batch.
func bodyOf(cfg httpcore.Config, batch *base.Batch) (body []byte, err error) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	cfg.URL, cfg.Envelope.Read = server.URL, nil
	core, err := httpcore.New(cfg)
	if err != nil {
		return nil, err
	}
	if _, err := core.WriteBatch(batch); err != nil {
		return nil, err
	}
	return body, core.Close()
}
