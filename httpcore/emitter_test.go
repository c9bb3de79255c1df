package httpcore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// messages is an encoder that makes the message and nothing else.
func messages() zapcore.Encoder {
	return zapcore.NewConsoleEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
}

func batchOf(t testing.TB, texts ...string) *base.Batch {
	var b base.Batch
	for _, text := range texts {
		b.Add(record(t, zapcore.Entry{Message: text}))
	}
	return &b
}

func numbered(from, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf("record-%05d", from+i)
	}
	return texts
}

// scripted is a server that answers as its handlers say, one after another; the last one stays.
type scripted struct {
	*httptest.Server
	mu     sync.Mutex // guards the fields below
	script []http.HandlerFunc
	bodies []string
	keys   []string
}

func script(t *testing.T, handlers ...http.HandlerFunc) *scripted {
	s := &scripted{script: handlers}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := readBody(r)
	s.mu.Lock()
	s.bodies = append(s.bodies, string(body))
	s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
	handler := s.script[0]
	if len(s.script) > 1 {
		s.script = s.script[1:]
	}
	s.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	handler(w, r)
}

func (s *scripted) seen() (bodies, keys []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.bodies...), append([]string(nil), s.keys...)
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		if code >= 300 {
			fmt.Fprintf(w, "the server\nsaid %d", code)
		}
	}
}

// hangUp ends the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// lines returns a core that posts a message a line; change may change its Config.
func lines(t testing.TB, target string, change func(*httpcore.Config)) *httpcore.Core {
	cfg := httpcore.Config{Encoder: messages(), URL: target, RetryStart: time.Nanosecond, RetryMax: time.Nanosecond}
	if change != nil {
		change(&cfg)
	}
	core, err := httpcore.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, core.Close()) })
	return core
}

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
				cfg.Timeout, cfg.MaxRetryAfter, cfg.PlaintextCredentials = 100*time.Millisecond, time.Minute, true
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

func TestBatchesAreSplitByBytes(t *testing.T) {
	server := script(t, status(204))
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.MaxBatchBytes = 48 })
	texts := append(numbered(0, 9), strings.Repeat("x", 100), "last")
	n, err := core.WriteBatch(batchOf(t, texts...))
	require.NoError(t, err)
	require.Equal(t, len(texts), n)
	bodies, keys := server.seen()
	require.Equal(t, strings.Join(texts, "\n")+"\n", strings.Join(bodies, ""), "all records, in order, each once")
	require.Len(t, bodies, 5)
	for i, body := range bodies {
		assert.True(t, len(body) <= 48 || strings.Count(body, "\n") == 1, "body %d: a large record goes alone: %q", i, body)
	}
	require.Len(t, unique(keys), 5, "each request has a key of its own")
}

func unique(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		set[text] = true
	}
	return set
}

// atMost answers 413 to what is larger than limit.
func atMost(limit int, took *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > limit {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		*took = append(*took, strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")...)
	}
}

func TestTooLargeIsHalved(t *testing.T) {
	var took []string
	server := script(t, atMost(100, &took))
	core := lines(t, server.URL, nil)
	texts := numbered(0, 50)
	texts[20] = strings.Repeat("x", 200)
	n, err := core.WriteBatch(batchOf(t, texts...))
	require.Equal(t, 50, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{20}, rejected.Indexes, "what is too large alone is refused, and named")
	require.Equal(t, append(texts[:20:20], texts[21:]...), took, "all others arrive, in order, each once")
	require.Equal(t, base.Stats{Accepted: 49, Delivered: 49, Refused: 1}, core.Stats())

	bodies, _ := server.seen()
	before := len(bodies)
	_, err = core.WriteBatch(batchOf(t, numbered(100, 50)...))
	require.NoError(t, err)
	bodies, _ = server.seen()
	for _, body := range bodies[before:] {
		assert.LessOrEqual(t, len(body), 100, "the limit is kept in mind")
	}
}

func TestFailedRequestStopsTheBatch(t *testing.T) {
	server := script(t, status(204), status(503), status(204))
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.MaxBatchBytes = 30 })
	batch := batchOf(t, numbered(0, 6)...)
	n, err := core.WriteBatch(batch)
	require.Equal(t, 2, n, "what came before is delivered, what comes behind does not overtake")
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	var rest base.Batch
	rest.Slice(batch, n, batch.Len())
	requireTaken(t, core, &rest)
	bodies, keys := server.seen()
	require.Equal(t, []string{"record-00000\nrecord-00001\n", "record-00002\nrecord-00003\n", "record-00002\nrecord-00003\n",
		"record-00004\nrecord-00005\n"}, bodies)
	require.Equal(t, keys[1], keys[2], "what is sent again has the same key")
	require.Len(t, unique(keys), 3)
}

// requireTaken writes batch until all of it is taken.
func requireTaken(t *testing.T, core *httpcore.Core, batch *base.Batch) {
	t.Helper()
	n := 0
	require.Eventually(t, func() bool {
		var rest base.Batch
		rest.Slice(batch, n, batch.Len())
		more, err := core.WriteBatch(&rest)
		n += more
		var rejected *base.RejectedError
		if !assert.False(t, errors.As(err, &rejected), "%v", err) {
			return true
		}
		return err == nil
	}, 5*time.Second, time.Millisecond)
}

func TestKeyIsKeptWhenTheHolderAddsRecords(t *testing.T) {
	server := script(t, hangUp, status(204))
	core := lines(t, server.URL, nil)
	_, err := core.WriteBatch(batchOf(t, "a", "b"))
	require.Error(t, err)
	requireTaken(t, core, batchOf(t, "a", "b", "c"))
	requireTaken(t, core, batchOf(t, "a", "b"))
	bodies, keys := server.seen()
	require.Equal(t, []string{"a\nb\n", "a\nb\n", "c\n", "a\nb\n"}, bodies)
	require.Equal(t, keys[0], keys[1], "the same request")
	require.Len(t, unique(keys), 3, "new records, and the same texts logged anew, are another")
}

func TestKeyCanBeLeftOut(t *testing.T) {
	server := script(t, status(204))
	requireTaken(t, lines(t, server.URL, func(cfg *httpcore.Config) { cfg.OmitIdempotencyKey = true }), batchOf(t, "a"))
	_, keys := server.seen()
	require.Equal(t, []string{""}, keys)
}

func TestGzip(t *testing.T) {
	encodings := make(chan string, 2)
	var took []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		encodings <- r.Header.Get("Content-Encoding")
		body, err := readBody(r)
		assert.NoError(t, err)
		took = append(took, strings.Fields(string(body))...)
	}))
	defer server.Close()
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.Gzip = true })
	for i := range 3 {
		requireTaken(t, core, batchOf(t, numbered(1000*i, 1000)...))
		require.Equal(t, "gzip", <-encodings)
	}
	requireTaken(t, core, batchOf(t, "small"))
	require.Empty(t, <-encodings, "a small body is not worth it")
	require.Equal(t, append(append(append(numbered(0, 1000), numbered(1000, 1000)...), numbered(2000, 1000)...), "small"), took)
}

// An answer that comes before the body has been read leaves the transport reading; the memory must not be used again under it.
func TestEarlyAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.MaxBatchBytes = 8 << 20 })
	batch := batchOf(t, strings.Repeat("x", 4<<20), strings.Repeat("y", 1<<20))
	for range 20 {
		n, err := core.WriteBatch(batch)
		require.Zero(t, n)
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry)
	}
}

func TestRedirects(t *testing.T) {
	var took []string
	end := httptest.NewServer(atMost(100, &took))
	defer end.Close()
	to := func(code int) *scripted { return script(t, status(code, "Location", end.URL)) }
	follow := func(cfg *httpcore.Config) { cfg.FollowRedirects = true }
	for _, code := range []int{307, 308} {
		took = nil
		core := lines(t, to(code).URL, follow)
		requireTaken(t, core, batchOf(t, "a", "b"))
		require.Equal(t, []string{"a", "b"}, took, "%d keeps method and body", code)
	}
	for _, code := range []int{301, 302, 303} {
		took = nil
		_, err := lines(t, to(code).URL, follow).WriteBatch(batchOf(t, "a"))
		require.Error(t, err, "%d would become a GET without the records, and a 200", code)
		require.Empty(t, took)
	}
	secure := httptest.NewTLSServer(status(307, "Location", end.URL))
	defer secure.Close()
	_, err := lines(t, secure.URL, func(cfg *httpcore.Config) {
		follow(cfg)
		cfg.Client = secure.Client()
	}).WriteBatch(batchOf(t, "a"))
	require.ErrorContains(t, err, "307", "never from https to http")
	require.Empty(t, took)
}

func TestConnectionIsKept(t *testing.T) {
	remotes := map[string]bool{}
	answers := []http.HandlerFunc{status(204), status(200), status(503), status(400), func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(make([]byte, 10<<10))
	}}
	i := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remotes[r.RemoteAddr] = true
		answers[i%len(answers)](w, r)
		i++
	}))
	defer server.Close()
	core := lines(t, server.URL, nil)
	for range 20 {
		_, _ = core.WriteBatch(batchOf(t, "a"))
	}
	require.Equal(t, 20, i)
	require.Len(t, remotes, 1, "whatever the answer is, it is read to its end")
}

func TestCloseEndsTheRequestUnderWay(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		close(arrived)
		<-r.Context().Done()
	}))
	defer server.Close()
	core := lines(t, server.URL, func(cfg *httpcore.Config) { cfg.Timeout = -1 })
	done := make(chan error, 1)
	go func() {
		_, err := core.WriteBatch(batchOf(t, "a"))
		done <- err
	}()
	<-arrived
	require.NoError(t, core.Close())
	err := <-done
	require.ErrorIs(t, err, httpcore.ErrClosed)
	var retry *base.RetryError
	require.False(t, errors.As(err, &retry), "there is nothing to retry on a closed core")
}

func TestOneRecordIsOneRecord(t *testing.T) {
	server := script(t, status(204))
	core := lines(t, server.URL, nil)
	requireTaken(t, core, batchOf(t, "one\n{\"forged\":true}", "two"))
	bodies, _ := server.seen()
	require.Equal(t, []string{"one {\"forged\":true}\ntwo\n"}, bodies)
}

func TestHugeRecord(t *testing.T) {
	var took []string
	server := script(t, atMost(1<<20, &took))
	core := lines(t, server.URL, nil)
	n, err := core.WriteBatch(batchOf(t, "a", strings.Repeat("x", 10<<20), "b"))
	require.Equal(t, 3, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	require.Equal(t, []int{1}, rejected.Indexes)
	require.Equal(t, []string{"a", "b"}, took)
}

func TestMapRecord(t *testing.T) {
	server, seen := capture(t)
	core, err := httpcore.New(httpcore.Config{URL: server.URL + "/log", MapRecord: func(ent zapcore.Entry, fields []zapcore.Field) url.Values {
		return url.Values{"text": {ent.Message + "!"}, "field": {fields[0].Key}}
	}})
	require.NoError(t, err)
	defer core.Close()
	require.NoError(t, core.Write(zapcore.Entry{Message: "a b"}, []zapcore.Field{zap.Int("n", 1)}))
	require.Equal(t, "/log?field=n&text=a+b%21", (<-seen).Target)
}

func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}
