package httpcore_test

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
)

// storm is a server that fails in every way it can, before and after it stored what it got. It keeps what it stored by key,
// as a server that knows idempotency keys does.
type storm struct {
	mu     sync.Mutex // guards the fields below
	chance *rand.Rand
	stored map[string][]string // by key
	order  []string            // keys, as first stored
	twice  int                 // requests with a known key
	bare   []string            // records, with all copies
	ways   map[string]int
}

func (s *storm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client gave up
	}
	s.mu.Lock()
	way := [...]string{"429", "503", "reset", "timeout", "stored, then reset", "stored, then half an answer", "stored, then 503", "", "", ""}[s.chance.IntN(10)]
	s.ways[way]++
	if way == "" || strings.HasPrefix(way, "stored") {
		key := r.Header.Get("Idempotency-Key")
		records := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
		if _, known := s.stored[key]; known {
			s.twice++
		} else {
			s.order = append(s.order, key)
		}
		s.stored[key] = records
		s.bare = append(s.bare, records...)
	}
	s.mu.Unlock()
	switch way {
	case "429":
		w.WriteHeader(http.StatusTooManyRequests)
	case "503", "stored, then 503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "reset", "stored, then reset":
		panic(http.ErrAbortHandler)
	case "timeout":
		<-r.Context().Done()
	case "stored, then half an answer":
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = conn.Write([]byte("HTTP/1.1 200 O"))
			conn.Close()
		}
	}
}

func TestStorm(t *testing.T) {
	s := &storm{chance: rand.New(rand.NewPCG(1, 2)), stored: map[string][]string{}, ways: map[string]int{}}
	server := httptest.NewServer(s)
	defer server.Close()
	core := lines(t, server.URL, func(cfg *httpcore.Config) {
		cfg.Timeout, cfg.MaxBatchBytes = 20*time.Millisecond, 500
		cfg.SplitAfter = -1 // a record in another request has another key
	})
	const total = 4000
	texts := numbered(0, total)
	h := holder{core: core}
	for from := 0; from < total; from += 400 {
		var tapes [][]byte
		for _, text := range texts[from : from+400] {
			tapes = append(tapes, record(t, zapcore.Entry{Message: text}))
		}
		h.deliver(t, tapes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var once []string
	for _, key := range s.order {
		once = append(once, s.stored[key]...)
	}
	require.Equal(t, texts, once, "with keys: all of them, in order, each once")
	require.Empty(t, h.refused)
	require.Equal(t, uint64(total), core.Stats().Delivered)
	require.Len(t, s.ways, 8, "every way of failing happened")
	require.Positive(t, s.twice, "and some requests came twice")
	t.Logf("%d records in %d requests, %d of them sent again, %d calls; without keys %d copies",
		total, len(s.order)+s.twice, s.twice, h.calls, len(s.bare)-total)
}

func TestRetryAfterIsObeyed(t *testing.T) {
	var mu sync.Mutex
	var asked time.Time
	var late []time.Duration
	i := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !asked.IsZero() {
			late = append(late, time.Since(asked)-time.Second)
			asked = time.Time{}
		}
		if i++; i%2 == 1 && i < 5 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			asked = time.Now()
		}
	}))
	defer server.Close()
	core := lines(t, server.URL, nil)
	h := holder{core: core}
	h.deliver(t, [][]byte{record(t, zapcore.Entry{Message: "a"})})
	h.deliver(t, [][]byte{record(t, zapcore.Entry{Message: "b"})})
	require.Len(t, late, 2)
	for _, l := range late {
		assert.GreaterOrEqual(t, l, -10*time.Millisecond, "not earlier than asked for")
		assert.Less(t, l, time.Second, "nor much later")
	}

	fail := httptest.NewServer(status(503, "Retry-After", "3600"))
	defer fail.Close()
	core = lines(t, fail.URL, nil)
	first := core.Write(zapcore.Entry{Message: "a"}, nil)
	require.ErrorContains(t, first, "503")
	begin := time.Now()
	second, third := core.Write(zapcore.Entry{Message: "b"}, nil), core.Write(zapcore.Entry{Message: "c"}, nil)
	require.ErrorContains(t, second, "backing off")
	require.Same(t, second, third, "meanwhile writes fail at once, with one and the same error")
	require.Less(t, time.Since(begin), 100*time.Millisecond)
}
