package httpcore_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

var servedEntry = zapcore.Entry{Level: zapcore.InfoLevel, Time: noon, Message: "request served"}

func copies(t testing.TB, n int) *base.Batch {
	tape := record(t, servedEntry, tenFields...)
	var batch base.Batch
	for range n {
		batch.Add(tape)
	}
	return &batch
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	envelopes := map[string]httpcore.Envelope{
		"JSON lines":    httpcore.JSONLines(),
		"JSON array":    httpcore.JSONArray(),
		"Elasticsearch": httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}),
		"Loki":          httpcore.Loki(httpcore.LokiConfig{}),
		"Splunk":        httpcore.Splunk(httpcore.SplunkConfig{}),
		"OTLP":          httpcore.OTLP(httpcore.OTLPConfig{}),
	}
	for name, envelope := range envelopes {
		t.Run(name, func(t *testing.T) {
			envelope.Read = nil // the transport below says nothing
			core, err := httpcore.New(httpcore.Config{URL: "http://h/", Envelope: envelope, Client: &http.Client{Transport: answers{204}}})
			require.NoError(t, err)
			const n = 1000
			batch := copies(t, n)
			allocs := testing.AllocsPerRun(20, func() {
				if _, err := core.WriteBatch(batch); err != nil {
					t.Error(err)
				}
			})
			t.Logf("%.0f allocations for %d records", allocs, n)
			require.LessOrEqual(t, allocs, 100.0, "what a request costs, nothing for a record")
		})
	}
	t.Run("a form by itself", func(t *testing.T) {
		core, err := httpcore.New(httpcore.Config{URL: "http://h/", Method: "POST", Client: &http.Client{Transport: answers{204}}})
		require.NoError(t, err)
		allocs := testing.AllocsPerRun(200, func() {
			if err := core.Write(servedEntry, tenFields); err != nil {
				t.Error(err)
			}
		})
		require.LessOrEqual(t, allocs, 40.0, "what a request costs net/http, nothing for the form")
	})
}
