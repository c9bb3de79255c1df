package httpcore_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

// 413 with Retry-After is about now (RFC 9110, section 15.5.14): no record is refused for it.
func TestTooLargeForNow(t *testing.T) {
	for _, after := range []string{"2", "Sun, 06 Nov 1994 08:49:39 GMT"} {
		s := script(t, status(413, "Retry-After", after, "Date", "Sun, 06 Nov 1994 08:49:37 GMT"), status(200))
		core := lines(t, s.URL, nil)
		err := core.Write(zapcore.Entry{Message: "one"}, nil)
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry)
		require.Equal(t, 2*time.Second, retry.After)
		require.NotErrorAs(t, err, new(*base.RejectedError))

		s = script(t, status(413), status(200), status(413, "Retry-After", after, "Date", "Sun, 06 Nov 1994 08:49:37 GMT"), status(200))
		core = lines(t, s.URL, nil)
		n, err := core.WriteBatch(batchOf(t, "one", "two"))
		require.Equal(t, 1, n, "the first was taken")
		require.ErrorAs(t, err, &retry)
		require.Equal(t, 2*time.Second, retry.After)
		require.NotErrorAs(t, err, new(*base.RejectedError))
	}
	core := lines(t, script(t, status(413, "Retry-After", "2")).URL, func(cfg *httpcore.Config) { cfg.SplitOn = []int{413} })
	require.ErrorAs(t, core.Write(zapcore.Entry{Message: "one"}, nil), new(*base.RejectedError), "as it was asked for")
}

// A server that answers 413 with Retry-After to one record each time, and takes others, does not hold up what is behind it.
func TestTooLargeForNowForEver(t *testing.T) {
	p := &picky{refuse: bad(413, "record-00007")}
	s := script(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "0")
		p.ServeHTTP(w, r)
	})
	core := lines(t, s.URL, nil)
	h := holder{core: core}
	texts := numbered(0, 100)
	tapes := tapesOf(t, texts)
	h.deliver(t, tapes)
	require.Equal(t, [][]byte{tapes[7]}, h.refused)
	took := p.all()
	slices.Sort(took)
	require.Equal(t, slices.Delete(texts, 7, 8), took, "each once")
	require.Greater(t, p.count(), 36)
}

// A 413 with Retry-After does not make later requests smaller.
func TestTooLargeForNowDoesNotMakeRequestsSmall(t *testing.T) {
	s := script(t, status(413, "Retry-After", "0"), status(413, "Retry-After", "0"), status(413, "Retry-After", "0"), status(200))
	core := lines(t, s.URL, nil)
	n, err := core.WriteBatch(batchOf(t, "one", "two", "three", "four"))
	require.Zero(t, n)
	require.ErrorAs(t, err, new(*base.RetryError))
	before, _ := s.seen()
	requireTaken(t, core, batchOf(t, "one", "two", "three", "four"))
	n, err = core.WriteBatch(batchOf(t, "five", "six", "seven", "eight"))
	require.NoError(t, err)
	require.Equal(t, 4, n)
	after, _ := s.seen()
	require.Equal(t, "five\nsix\nseven\neight\n", after[len(after)-1])
	require.LessOrEqual(t, len(after)-len(before), 5)
}

// A refusal with Retry-After is one for now only, whatever its status.
func TestRefusedForNow(t *testing.T) {
	for code, header := range map[int][]string{
		400: {"Retry-After", "1"}, 401: {"Retry-After", "1"}, 403: {"Retry-After", "1"}, 404: {"Retry-After", "1"}, 423: {"Retry-After", "1"},
		501: {"Retry-After", "1"}, 425: nil,
	} {
		core := lines(t, script(t, status(code, header...), status(200)).URL, nil)
		err := core.Write(zapcore.Entry{Message: "one"}, nil)
		var retry *base.RetryError
		require.ErrorAs(t, err, &retry, "%d", code)
		require.Equal(t, len(header) > 0, retry.After == time.Second)
		require.NotErrorAs(t, err, new(*base.RejectedError))
	}
	core := lines(t, script(t, status(403, "Retry-After", "0"), status(200)).URL, nil)
	n, err := core.WriteBatch(batchOf(t, "one", "two"))
	require.Zero(t, n)
	require.ErrorAs(t, err, new(*base.RetryError))
	requireTaken(t, core, batchOf(t, "one", "two"))
}

// One that is so each time there is one record in the request, and not otherwise, is a refusal of that record.
func TestRefusedForNowForEver(t *testing.T) {
	for _, code := range []int{400, 403} {
		p := &picky{refuse: bad(code, "record-00007")}
		s := script(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0")
			p.ServeHTTP(w, r)
		})
		h := holder{core: lines(t, s.URL, nil)}
		texts := numbered(0, 100)
		tapes := tapesOf(t, texts)
		h.deliver(t, tapes)
		require.Equal(t, [][]byte{tapes[7]}, h.refused)
		took := p.all()
		slices.Sort(took)
		require.Equal(t, slices.Delete(texts, 7, 8), took, "each once")
	}
}
