package httpcore_test

import (
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

type verdict int

const (
	delivered verdict = iota
	again
	refused
)

func TestAnswersAreClassified(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   verdict
		after  time.Duration
		text   string
	}{
		{"200", status(200), delivered, 0, ""},
		{"202", status(202), delivered, 0, ""},
		{"204", status(204), delivered, 0, ""},
		{"a 2xx whose body breaks off is delivered all the same: its status said so", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "half")
		}, delivered, 0, ""},
		{"301 is not followed", status(301, "Location", "/other"), again, 0, "301 Moved Permanently"},
		{"307 is not followed", status(307, "Location", "/other"), again, 0, "307 Temporary Redirect"},
		{"400", status(400), refused, 0, "400 Bad Request: the server said 400"},
		{"401", status(401), refused, 0, "401 Unauthorized"},
		{"404", status(404), refused, 0, "404 Not Found"},
		{"408", status(408), again, 0, "408 Request Timeout"},
		{"413 of one record", status(413), refused, 0, "413 Request Entity Too Large"},
		{"429", status(429), again, 0, "429 Too Many Requests"},
		{"429 with seconds", status(429, "Retry-After", "7"), again, 7 * time.Second, ""},
		{"429 with far too many seconds", status(429, "Retry-After", "99999999999999999999"), again, time.Minute, ""},
		{"429 with a date", status(429, "Date", "Sun, 22 Nov 2026 10:00:00 GMT", "Retry-After", "Sun, 22 Nov 2026 10:00:09 GMT"),
			again, 9 * time.Second, ""},
		{"429 with a date that is over", status(429, "Date", "Sun, 22 Nov 2026 10:00:00 GMT", "Retry-After", "Sun, 22 Nov 2026 09:00:00 GMT"),
			again, 0, ""},
		{"429 with nonsense", status(429, "Retry-After", "soon"), again, 0, ""},
		{"500", status(500), again, 0, "500 Internal Server Error"},
		{"501", status(501), refused, 0, "501 Not Implemented"},
		{"502", status(502), again, 0, "502 Bad Gateway"},
		{"503 with seconds", status(503, "Retry-After", "2"), again, 2 * time.Second, ""},
		{"no answer", hangUp, again, 0, "EOF"},
		{"no answer in time", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, again, 0, "deadline exceeded"},
		{"half a header", func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Le")
				conn.Close()
			}
		}, again, 0, "connection broken"},
		{"nonsense", func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				fmt.Fprint(conn, "220 mail.example ESMTP\r\n")
				conn.Close()
			}
		}, again, 0, "malformed HTTP"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := script(t, test.answer)
			target := strings.Replace(server.URL, "http://", "http://user:secret@", 1) + "/log?key=secret"
			core := lines(t, target, func(cfg *httpcore.Config) {
				cfg.Timeout, cfg.MaxRetryAfter, cfg.PlaintextCredentials = 500*time.Millisecond, time.Minute, true
			})
			err := core.Write(zapcore.Entry{Message: "one"}, nil)
			n, batchErr := core.WriteBatch(batchOf(t, "two"))
			var retry *base.RetryError
			var rejected *base.RejectedError
			switch test.want {
			case delivered:
				require.NoError(t, err)
				require.NoError(t, batchErr)
				require.Equal(t, 1, n)
				require.Equal(t, base.Stats{Accepted: 2, Delivered: 2}, core.Stats())
				return
			case again:
				require.ErrorAs(t, err, &retry)
				require.Equal(t, test.after, retry.After)
				require.Zero(t, n)
				require.ErrorAs(t, batchErr, &retry)
			case refused:
				require.ErrorAs(t, err, &rejected)
				require.Equal(t, []int{0}, rejected.Indexes)
				require.Equal(t, 1, n)
				require.ErrorAs(t, batchErr, &rejected)
			}
			require.ErrorContains(t, err, test.text)
			require.ErrorContains(t, err, "httpcore: POST "+server.URL+"/log: ")
			for _, err := range []error{err, batchErr} {
				require.NotContains(t, err.Error(), "secret", "no credentials and no query in an error")
				require.NotContains(t, err.Error(), "\n")
			}
			require.Zero(t, core.Stats().Accepted)
		})
	}
}

func TestStatusErrorIsFound(t *testing.T) {
	server := script(t, status(404))
	err := lines(t, server.URL+"/log", nil).Write(zapcore.Entry{}, nil)
	var status *httpcore.StatusError
	require.ErrorAs(t, err, &status)
	require.Equal(t, httpcore.StatusError{Target: "POST " + server.URL + "/log", Status: 404, Text: "the server said 404"}, *status)
}

// What a server or a proxy has compressed, though nobody asked for it, is read: the words of an error, and the items of a _bulk.
func TestAnAnswerMayBeCompressed(t *testing.T) {
	zipped := func(status int, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.WriteHeader(status)
			zip := gzip.NewWriter(w)
			_, _ = io.WriteString(zip, text)
			_ = zip.Close()
		}
	}
	err := lines(t, script(t, zipped(403, "key expired")).URL, nil).Write(zapcore.Entry{}, nil)
	require.ErrorContains(t, err, "403 Forbidden: key expired")

	envelope := func(cfg *httpcore.Config) {
		cfg.Encoder, cfg.Envelope = nil, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "i"})
	}
	core := lines(t, script(t, zipped(200, `{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":400,"error":{"type":"t","reason":"bad"}}}]}`)).URL, envelope)
	n, err := core.WriteBatch(batchOf(t, "one", "two"))
	require.Equal(t, 2, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1}, rejected.Indexes)

	// One that is not what it says, or has no end, is none.
	for _, answer := range []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, `{"errors":false}`)
		},
		zipped(200, strings.Repeat(" ", 17<<20)+`{"errors":false,"items":[{"create":{"status":201}}]}`),
	} {
		err := lines(t, script(t, answer).URL, envelope).Write(zapcore.Entry{}, nil)
		require.ErrorAs(t, err, new(*base.RetryError))
	}
}

// Errors show no secret of either side, neither from a server that repeats what it was sent, nor from a redirect's target.
func TestAnAnswerThatRepeatsASecret(t *testing.T) {
	repeat := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			user, password, _ := r.BasicAuth()
			fmt.Fprintf(w, "%s %s %q %q %s", strings.Repeat(" ", 300), r.URL, r.Header, user, password)
		}
	}
	for name, change := range map[string]func(*httpcore.Config){
		"a token":           func(cfg *httpcore.Config) { cfg.Token = "hunter2" },
		"a password":        func(cfg *httpcore.Config) { cfg.Credentials = url.UserPassword("ops", "hunter2") },
		"a vendor's header": func(cfg *httpcore.Config) { cfg.Header = http.Header{"X-Api-Key": {"hunter2"}} },
		"a query":           func(cfg *httpcore.Config) { cfg.URL += "?key=hunter2&x=1" },
		"a key in the path": func(cfg *httpcore.Config) { cfg.URL += "/bulk/a7hunter2a7hunter2a7/tag/shop" },
		"an escaped query":  func(cfg *httpcore.Config) { cfg.URL += "?key=hunter2%20hunter2" },
	} {
		t.Run(name, func(t *testing.T) {
			for _, answer := range []http.HandlerFunc{repeat(401), repeat(503), repeat(200), status(307, "Location", "http://[hunter2")} {
				core := lines(t, script(t, answer).URL+"/log", func(cfg *httpcore.Config) {
					cfg.PlaintextCredentials, cfg.FollowRedirects = true, true
					cfg.Encoder, cfg.Envelope = nil, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{})
					change(cfg)
				})
				err := core.Write(zapcore.Entry{}, nil)
				require.Error(t, err)
				require.NotContains(t, err.Error(), "hunter2")
				require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("ops:hunter2")))
				require.Less(t, len(err.Error()), 600)
			}
		})
	}
}

// Servers that write JSON as a text, or with a mark before it, are understood.
func TestAnAnswerOfOtherTypes(t *testing.T) {
	bulk, splunk := httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), httpcore.Splunk(httpcore.SplunkConfig{})
	for _, test := range []struct {
		name     string
		envelope httpcore.Envelope
		status   int
		body     string
		want     verdict
	}{
		{"a status that is a text", bulk, 200, `{"errors":"false","items":[{"create":{"status":"201"}}]}`, delivered},
		{"a refusal that is a text", bulk, 200, `{"errors":"true","items":[{"create":{"status":"400","error":"no"}}]}`, refused},
		{"a status with a point", bulk, 200, `{"errors":true,"items":[{"create":{"status":429.0}}]}`, again},
		{"errors that are a number", bulk, 200, `{"errors":0,"items":[{"create":{"status":201}}]}`, delivered},
		{"errors that are another number", bulk, 200, `{"errors":1,"items":[{"create":{"status":400,"error":"no"}}]}`, refused},
		{"an error that is empty", bulk, 200, `{"errors":false,"items":[{"create":{"status":201,"error":""}}]}`, delivered},
		{"an error that has no members", bulk, 200, `{"errors":false,"error":{},"items":[{"create":{"status":201,"error":{}}}]}`, delivered},
		{"an error of all that is empty", bulk, 200, `{"errors":false,"error":"","items":[{"create":{"status":201}}]}`, delivered},
		{"an item without a status", bulk, 200, `{"errors":false,"items":[{"create":{"result":"created"}}]}`, delivered},
		{"an item without a status among errors", bulk, 200, `{"errors":true,"items":[{"create":{"result":"created"}}]}`, again},
		{"an item with an error and without a status", bulk, 200, `{"errors":false,"items":[{"create":{"error":{"type":"t"}}}]}`, again},
		{"an empty error and a bad status", bulk, 200, `{"errors":true,"items":[{"create":{"status":400,"error":""}}]}`, refused},
		{"a mark before it", bulk, 200, "\ufeff" + `{"errors":false,"items":[{"create":{"status":201}}]}`, delivered},
		{"a status that is none", bulk, 200, `{"errors":false,"items":[{"create":{"status":"yes"}}]}`, again},
		{"a status that is half", bulk, 200, `{"errors":true,"items":[{"create":{"status":400.5}}]}`, again},
		{"a code that is a text", splunk, 200, `{"text":"Server is busy","code":"9"}`, again},
		{"a code without a text", splunk, 200, `{"code":9}`, again},
		{"success without a text", splunk, 200, `{"code":0}`, delivered},
		{"success that is a text", splunk, 200, `{"text":"Success","code":"0"}`, delivered},
		{"an event that is a text", splunk, 400, `{"text":"Incorrect index","code":"7","invalid-event-number":"0"}`, refused},
		{"an answer that breaks off before its code", splunk, 200, `{"text":"Server is bu`, again},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := script(t, func(w http.ResponseWriter, _ *http.Request) {
				if strings.HasSuffix(test.body, "bu") {
					w.Header().Set("Content-Length", "1000")
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			err := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.Encoder, cfg.Envelope = nil, test.envelope }).Write(zapcore.Entry{}, nil)
			switch test.want {
			case delivered:
				require.NoError(t, err)
			case again:
				require.ErrorAs(t, err, new(*base.RetryError))
			case refused:
				require.ErrorAs(t, err, new(*base.RejectedError))
			}
		})
	}
}
