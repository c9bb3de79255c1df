package httpcore_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
)

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

func TestOneRecordIsOneRecord(t *testing.T) {
	server := script(t, status(204))
	core := lines(t, server.URL, nil)
	requireTaken(t, core, batchOf(t, "one\n{\"forged\":true}", "two"))
	bodies, _ := server.seen()
	require.Equal(t, []string{"one {\"forged\":true}\ntwo\n"}, bodies)
}

// texts is a Formatter that makes the message, whatever is in it, and adds no newline.
type texts struct{}

func (texts) Append(dst []byte, r *base.Record) ([]byte, error) {
	return append(dst, r.Entry().Message...), nil
}

// keeps is a transport that keeps the last body.
type keeps struct{ body []byte }

func (k *keeps) RoundTrip(r *http.Request) (*http.Response, error) {
	var err error
	k.body, err = readBody(r)
	return &http.Response{StatusCode: 204, Body: http.NoBody}, err
}

// FuzzLines: n records are n lines, whatever an encoder makes of them.
func FuzzLines(f *testing.F) {
	for _, s := range []string{"", "\n", "a\n", "a\nb", "\r\n\r\n", "\n\na", "{}\n"} {
		f.Add(s, "plain", s)
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var sent keeps
		core, err := httpcore.New(httpcore.Config{URL: "http://h/", Formatter: texts{}, Client: &http.Client{Transport: &sent}})
		require.NoError(t, err)
		defer core.Close()
		n, err := core.WriteBatch(batchOf(t, a, b, c))
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Equal(t, 3, bytes.Count(sent.body, []byte("\n")), "%q", sent.body)
		require.True(t, bytes.HasSuffix(sent.body, []byte("\n")))
	})
}
