package httpcore_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// The Formatter of the Envelope leaves ids to the server, wherever else it is used.
func TestFormatterWithoutItsEnvelope(t *testing.T) {
	e := httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "logs"})
	require.Contains(t, once(t, e, zapcore.Entry{Time: noon}), `{"create":{"_index":"logs"}}`)
	own := e
	own.Formatter = httpcore.Splunk(httpcore.SplunkConfig{}).Formatter
	core, err := httpcore.New(httpcore.Config{URL: "http://h/", Envelope: own})
	require.NoError(t, err)
	require.NoError(t, core.Close())
	_, err = httpcore.New(httpcore.Config{URL: "http://h/", Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{OmitID: true, ID: func(*base.Record) string { return "" }})})
	require.ErrorContains(t, err, "ElasticsearchConfig.ID and OmitID")
}

// A request whose answer exceeds the limit is sent in halves, as often as necessary, and not again in the same way.
func TestABulkAnswerThatIsTooLong(t *testing.T) {
	words := strings.Repeat("w", 6<<20)
	server := script(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, `{"errors":true,"items":[`)
		for i := range bytes.Count(body, []byte("\n")) / 2 {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, `{"create":{"status":409,"error":{"type":"version_conflict_engine_exception","reason":%q}}}`, words)
		}
		fmt.Fprint(w, "]}")
	})
	core := lines(t, server.URL, func(cfg *httpcore.Config) {
		cfg.Encoder, cfg.Envelope = nil, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{})
		cfg.Timeout = 20 * time.Second
	})
	n, err := core.WriteBatch(batchOf(t, numbered(0, 4)...))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	bodies, _ := server.seen()
	require.Len(t, bodies, 3)
}
