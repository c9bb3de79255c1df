package httpcore_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

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

func TestCloseLetsAWorkingServerAnswer(t *testing.T) {
	arrived, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-answer
	}))
	defer server.Close()
	core := lines(t, server.URL, nil)
	done := make(chan error, 1)
	go func() { done <- core.Write(zapcore.Entry{}, nil) }()
	<-arrived
	closed := make(chan error, 1)
	go func() { closed <- core.Close() }()
	select {
	case err := <-done:
		require.Fail(t, "Close ended a request that was on its way", "%v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(answer)
	require.NoError(t, <-done, "what the server took is delivered, and said to be")
	require.NoError(t, <-closed)
	require.Equal(t, uint64(1), core.Stats().Delivered)
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
