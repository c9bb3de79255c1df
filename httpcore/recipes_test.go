package httpcore_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// datadog is the intake of Datadog's logs as its documentation has it: an array of at most 1,000 entries and 5 MB, the key in a
// header. It cuts an entry of more than 1 MB.
func datadog(took *int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var entries []json.RawMessage
		switch {
		case r.Header.Get("DD-API-KEY") != "key":
			w.WriteHeader(http.StatusForbidden)
		case len(body) > 5_000_000:
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		case json.Unmarshal(body, &entries) != nil || len(entries) > 1000:
			w.WriteHeader(http.StatusBadRequest)
		default:
			*took += len(entries)
			w.WriteHeader(http.StatusAccepted)
		}
	}
}

func datadogConfig(url string) httpcore.Config {
	return httpcore.Config{
		URL:             url + "/api/v2/logs?ddsource=zap&service=shop",
		Header:          http.Header{"DD-API-KEY": {"key"}},
		Envelope:        httpcore.JSONArray(),
		Encoder:         zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "message", LevelKey: "status", TimeKey: "timestamp", NameKey: "logger.name", EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeTime: zapcore.EpochMillisTimeEncoder}),
		MaxBatchRecords: 1000,
		MaxBatchBytes:   5_000_000,
		MaxRecordBytes:  1_000_000,
	}
}

// Datadog: at most 1,000 entries and 5 MB a request, 1 MB an entry.
func ExampleConfig_datadog() {
	took := 0
	server := httptest.NewServer(datadog(&took))
	defer server.Close()
	cfg := datadogConfig(server.URL) // over https the next line is not wanted
	cfg.PlaintextCredentials = true
	core, err := httpcore.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	zap.New(core).Info("order taken", zap.String("status", "paid"))
	fmt.Println(took, "entry")
	// Output: 1 entry
}

// Loggly: one event a line, the token in the path, at most 5 MB a request and 1 MB an event.
func ExampleConfig_loggly() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println(r.URL.Path, r.Header.Get("Content-Type"), strings.Count(string(body), "\n"), "event")
	}))
	defer server.Close()
	core, err := httpcore.New(httpcore.Config{
		URL:            server.URL + "/bulk/TOKEN/tag/shop/",
		Envelope:       httpcore.JSONLines(),
		Header:         http.Header{"Content-Type": {"text/plain"}},
		MaxBatchBytes:  5 << 20,
		MaxRecordBytes: 1 << 20,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer core.Close()
	zap.New(core).Info("order taken")
	// Output: /bulk/TOKEN/tag/shop/ text/plain 1 event
}

// Honeycomb takes OTLP; its key is in a header of its own, which does not go over http unless it is asked to.
func ExampleConfig_honeycomb() {
	_, err := httpcore.New(httpcore.Config{
		URL:      "http://api.honeycomb.example/v1/logs",
		Header:   http.Header{"X-Honeycomb-Team": {"key"}},
		Envelope: httpcore.OTLP(httpcore.OTLPConfig{Resource: []zapcore.Field{zap.String("service.name", "shop")}}),
	})
	fmt.Println(err)
	// Output: httpcore: the header X-Honeycomb-Team may be a credential, and over http it would be sent in clear: use https, or set Config.PlaintextCredentials
}

func TestDatadogsLimits(t *testing.T) {
	took := 0
	server := httptest.NewServer(datadog(&took))
	defer server.Close()
	cfg := datadogConfig(server.URL)
	cfg.PlaintextCredentials = true
	core, err := httpcore.New(cfg)
	require.NoError(t, err)
	defer core.Close()
	texts := numbered(0, 4000)
	for i := range 8 {
		texts[i*500] = strings.Repeat("x", 900_000)
	}
	texts[7] = strings.Repeat("x", 1_100_000)
	h := holder{core: core}
	var tapes [][]byte
	for _, text := range texts {
		tapes = append(tapes, record(t, zapcore.Entry{Time: noon, Message: text}, zap.String("message", "forged")))
	}
	h.deliver(t, tapes)
	require.Equal(t, [][]byte{tapes[7]}, h.refused)
	require.Equal(t, 3999, took)
}
