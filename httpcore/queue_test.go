package httpcore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	base "example.com/zaphandlers/zapcore"
)

// errorsOf collects what OnError is told.
type errorsOf struct {
	mu  sync.Mutex // guards all
	all []error
}

func (e *errorsOf) add(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, err)
}

func (e *errorsOf) any() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.all) > 0
}

func (e *errorsOf) recoveries() (n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, err := range e.all {
		var recovered *base.RecoveredError
		if errors.As(err, &recovered) {
			n++
		}
	}
	return n
}

// A server that refuses everything does not work again with each refusal.
func TestRejectionIsNoRecovery(t *testing.T) {
	server := httptest.NewServer(status(401))
	defer server.Close()
	var told errorsOf
	core := lines(t, server.URL, nil)
	queue, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(core), OnError: told.add})
	require.NoError(t, err)
	log := zap.New(queue)
	for range 5 {
		log.Info("order taken")
		require.NoError(t, queue.Sync())
	}
	require.NoError(t, queue.Close())
	require.GreaterOrEqual(t, core.Stats().Refused, uint64(5))
	require.NotEmpty(t, told.all)
	require.Zero(t, told.recoveries(), "%v", told.all)
}

// bulkWithIDs stores documents by their _id, as Elasticsearch does. It is slow: it answers after the client has given up, for as long
// as it is asked to.
type bulkWithIDs struct {
	mu       sync.Mutex // guards the fields below
	docs     map[string]string
	requests int
	slow     time.Duration
}

func (b *bulkWithIDs) setSlow(d time.Duration) { b.mu.Lock(); b.slow = d; b.mu.Unlock() }

func (b *bulkWithIDs) count() (requests, docs int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests, len(b.docs)
}

func (b *bulkWithIDs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	b.requests++
	slow := b.slow
	var items []string
	linesOf := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	for i := 0; i < len(linesOf); i += 2 {
		var action struct {
			Create struct {
				ID string `json:"_id"`
			}
		}
		_ = json.Unmarshal([]byte(linesOf[i]), &action)
		status := 201
		if _, there := b.docs[action.Create.ID]; there || action.Create.ID == "" {
			status = 409
		}
		b.docs[action.Create.ID] = linesOf[i+1]
		items = append(items, fmt.Sprintf(`{"create":{"status":%d}}`, status))
	}
	b.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-r.Context().Done():
			return
		}
	}
	fmt.Fprintf(w, `{"errors":%v,"items":[%s]}`, strings.Contains(strings.Join(items, ""), "409"), strings.Join(items, ","))
}

// A server that needs longer than Timeout for a batch gets more time with each attempt, and no document twice.
func TestSlowServerGetsMoreTime(t *testing.T) {
	const timeout = 60 * time.Millisecond
	es := &bulkWithIDs{docs: map[string]string{}, slow: 3 * timeout}
	server := httptest.NewServer(es)
	defer server.Close()
	core := post(t, server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{}), func(cfg *httpcore.Config) { cfg.Timeout = timeout })
	h := holder{core: core}
	h.deliver(t, orders(t, 100))
	require.Empty(t, h.refused)
	requests, docs := es.count()
	require.Equal(t, 100, docs, "each document once, whatever got lost")
	require.LessOrEqual(t, requests, 4, "60 ms, 120 ms, 240 ms: the third attempt is answered")

	h.deliver(t, orders(t, 100))
	more, docs := es.count()
	require.LessOrEqual(t, more, requests+2, "a server that is always slow keeps its time")
	require.Equal(t, 200, docs, "two records that are the same are two")

	es.setSlow(0)
	h.deliver(t, orders(t, 1))
	es.setSlow(3 * timeout)
	requests, _ = es.count()
	h.deliver(t, orders(t, 1))
	more, _ = es.count()
	require.Greater(t, more, requests+1, "one that was quick since has Timeout again")
}

// What was asked to be tried again, item by item, keeps its id; so do records that come again in another batch.
func TestIDsAreKept(t *testing.T) {
	var seen [][]string
	answer := `{"errors":true,"items":[{"create":{"status":201}},{"create":{"status":504}},{"create":{"status":503}}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var ids []string
		for line := range strings.Lines(string(body)) {
			if _, id, ok := strings.Cut(line, `"_id":"`); ok {
				id, _, _ = strings.Cut(id, `"`)
				ids = append(ids, id)
			}
		}
		seen = append(seen, ids)
		if len(seen) == 1 {
			_, _ = io.WriteString(w, answer)
			return
		}
		fmt.Fprintf(w, `{"errors":false,"items":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"create":{"status":201}},`, len(ids)), ","))
	}))
	defer server.Close()
	core := post(t, server, httpcore.Elasticsearch(httpcore.ElasticsearchConfig{Index: "logs-shop"}), nil)
	h := holder{core: core}
	h.deliver(t, [][]byte{record(t, zapcore.Entry{Message: "a"}), record(t, zapcore.Entry{Message: "b"}), record(t, zapcore.Entry{Message: "b"})})
	require.Len(t, seen, 2)
	require.Len(t, unique(append(seen[0], "x")), 4, "each has its own")
	require.Equal(t, seen[0][1:], seen[1])
}
