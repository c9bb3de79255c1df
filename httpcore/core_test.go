package httpcore_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

// serve puts a web server in front of dst: it answers 204 when dst took the body (or the query), and hangs up when it did
// not. While dst stalls it does not answer.
func serve(t *testing.T, dst *coretest.Destination) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := readBody(r)
		if err == nil {
			err = dst.Emitter().Emit(zapcore.Entry{}, append(text, '\n'))
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	return server
}

// readBody returns what a request brought, readable: a form without its escapes, a compressed body plain.
func readBody(r *http.Request) ([]byte, error) {
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(r.Body); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(body)
	if r.Method == http.MethodGet {
		text = []byte(r.URL.RawQuery)
	} else if r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		return text, err
	}
	plain, escape := url.QueryUnescape(string(text))
	if err == nil {
		err = escape
	}
	return []byte(plain), err
}

func TestConforms(t *testing.T) {
	tests := []struct {
		name string
		cfg  httpcore.Config
	}{
		{"Python's GET", httpcore.Config{}},
		{"Python's POST", httpcore.Config{Method: "post"}},
		{"JSON lines", httpcore.Config{Envelope: httpcore.JSONLines()}},
		{"JSON array, compressed", httpcore.Config{Envelope: httpcore.JSONArray(), Gzip: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			coretest.Run(t, coretest.Harness{
				Deadline: sockets.Brief, // 100 requests one after the other have half of it
				New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
					cfg := test.cfg
					cfg.Level, cfg.OnError, cfg.Timeout, cfg.RetryStart = opts.Level, opts.OnError, dst.Deadline, opts.RetryStart
					cfg.URL = serve(t, dst).URL + "/log"
					core, err := httpcore.New(cfg)
					require.NoError(t, err)
					return core
				},
				Skip: map[string]string{"allocations": "net/http allocates, here and in the server; see TestAllocations"},
			})
		})
	}
}

// answers is a transport that answers without a network.
type answers struct{ status int }

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{StatusCode: a.status, Body: http.NoBody, Header: http.Header{}, Request: r}, nil
}

// record returns the tape of a record.
func record(t testing.TB, ent zapcore.Entry, fields ...zapcore.Field) []byte {
	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, fields))
	return bytes.Clone(r.Bytes())
}

var tenFields = []zapcore.Field{
	zap.String("method", "GET"), zap.String("path", "/api/v1/orders/12345"), zap.Int("status", 200),
	zap.Int64("bytes", 51234), zap.Duration("elapsed", 1234567), zap.String("remote", "192.0.2.17:51234"),
	zap.String("request_id", "6f1c2a4e-9b1d"), zap.String("agent", "curl/8.5.0"), zap.Bool("cached", true),
	zap.Float64("load", 0.75),
}
