package http

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/queuecore"
)

// storm is a server that knows idempotency keys and fails in every way it can, before and after it stored what it got.
type storm struct {
	mu     sync.Mutex // guards the fields below
	chance *rand.Rand
	keys   map[string]bool
	lines  []string // stored, without what came again under the same key
	twice  int      // requests that came again after they had been stored
	fails  map[string]int
}

func (s *storm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mu.Lock()
	mood := [...]string{"429", "503", "reset", "timeout", "stored, then reset", "stored, then 503", "", "", "", ""}[s.chance.IntN(10)]
	s.fails[mood]++
	if mood == "" || strings.HasPrefix(mood, "stored") {
		key := r.Header.Get("Idempotency-Key")
		if s.keys[key] {
			s.twice++
		} else {
			s.keys[key] = true
			s.lines = append(s.lines, strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")...)
		}
	}
	s.mu.Unlock()
	switch mood {
	case "429":
		w.WriteHeader(http.StatusTooManyRequests)
	case "503", "stored, then 503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "reset", "stored, then reset":
		panic(http.ErrAbortHandler)
	case "timeout":
		<-r.Context().Done()
	}
}

// A storm in front of which a queue has room costs nothing: every record arrives, in order, and what comes twice has the same
// key.
func TestStormBehindAQueue(t *testing.T) {
	s := &storm{chance: rand.New(rand.NewPCG(3, 4)), keys: map[string]bool{}, fails: map[string]int{}}
	server := httptest.NewServer(s)
	defer server.Close()
	encoder := zap.NewProductionEncoderConfig()
	encoder.TimeKey, encoder.LevelKey = "", ""
	core, err := httpcore.New(httpcore.Config{
		URL: server.URL, Encoder: zapcore.NewJSONEncoder(encoder), Timeout: 20 * time.Millisecond, MaxBatchBytes: 2 << 10,
		RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: func(error) {},
		SplitAfter: -1, // else halves of a request that failed six times in a row go under keys of their own
	})
	require.NoError(t, err)
	queue, err := queuecore.New(queuecore.Config{
		Targets: []queuecore.TargetConfig{{Core: core, RetryStart: time.Millisecond, RetryMax: time.Millisecond}},
		OnError: func(error) {}, DrainTimeout: time.Minute,
	})
	require.NoError(t, err)
	const total = 5_000
	logger := zap.New(queue)
	var want []string
	for i := range total {
		logger.Info("record", zap.Int("i", i))
		want = append(want, fmt.Sprintf(`{"msg":"record","i":%d}`, i))
	}
	require.NoError(t, queue.Close())
	require.NoError(t, core.Close())
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Equal(t, want, s.lines)
	require.Equal(t, uint64(total), queue.Stats().Delivered)
	require.Len(t, s.fails, 7, "every way of failing happened")
	t.Logf("%d records, %d requests, %d of them again: %v", total, len(s.keys)+s.twice, s.twice, s.fails)
}

// Elasticsearch judges each document by itself: the queue sends again those it was too busy for, and no other.
func TestPartialSuccessBehindAQueue(t *testing.T) {
	const total = 2000
	chance := rand.New(rand.NewPCG(5, 6))
	stored := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
		var items []string
		for i := 1; i < len(lines); i += 2 {
			code := 201
			if chance.IntN(4) == 0 {
				code = 429
			} else {
				stored[lines[i]]++
			}
			items = append(items, fmt.Sprintf(`{"create":{"status":%d}}`, code))
		}
		fmt.Fprintf(w, `{"errors":true,"items":[%s]}`, strings.Join(items, ","))
	}))
	defer server.Close()
	core, err := httpcore.New(httpcore.Config{URL: server.URL + "/_bulk", Envelope: httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}),
		RetryStart: time.Millisecond, RetryMax: time.Millisecond})
	require.NoError(t, err)
	queue, err := queuecore.New(queuecore.Config{
		Targets: []queuecore.TargetConfig{{Core: core, RetryStart: time.Millisecond, RetryMax: time.Millisecond}},
		OnError: func(error) {}, DrainTimeout: time.Minute,
	})
	require.NoError(t, err)
	logger := zap.New(queue)
	for i := range total {
		logger.Info("record", zap.Int("i", i))
	}
	require.NoError(t, queue.Close())
	require.NoError(t, core.Close())
	require.Len(t, stored, total)
	for doc, copies := range stored {
		require.Equal(t, 1, copies, doc)
	}
	require.Equal(t, uint64(total), queue.Stats().Delivered)
}
