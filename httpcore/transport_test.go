package httpcore_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/httpcore"
)

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
