package http_test

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
