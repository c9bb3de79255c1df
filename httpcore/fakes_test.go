package httpcore_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
	cfg := httpcore.Config{Encoder: messages(), URL: target, RetryStart: time.Microsecond, RetryMax: time.Microsecond}
	if change != nil {
		change(&cfg)
	}
	core, err := httpcore.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, core.Close()) })
	return core
}

func unique(texts []string) map[string]bool {
	set := map[string]bool{}
	for _, text := range texts {
		set[text] = true
	}
	return set
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

func answering(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }
}
