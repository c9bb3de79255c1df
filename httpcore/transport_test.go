package httpcore_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	base "example.com/zaphandlers/zapcore"
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
	for name, change := range map[string]func(*httpcore.Config){
		"a password": func(cfg *httpcore.Config) { cfg.Credentials = url.UserPassword("u", "p") },
		"a key":      func(cfg *httpcore.Config) { cfg.Header = http.Header{"X-Api-Key": {"k"}} },
	} {
		took = nil
		_, err := lines(t, to(307).URL, func(cfg *httpcore.Config) {
			follow(cfg)
			change(cfg)
			cfg.PlaintextCredentials = true
		}).WriteBatch(batchOf(t, "a"))
		require.ErrorContains(t, err, "307", "%s is not for another host", name)
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

// A GET follows no redirect but 307 and 308 either, as to a page where one has to log in, and its record goes along as a body would.
func TestRedirectsOfAGet(t *testing.T) {
	var took []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var code int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &code); err == nil {
			w.Header().Set("Location", map[string]string{
				"bare": "/end", "own": "/end?a=b", "kept": "/end?" + r.URL.RawQuery,
			}[path.Base(r.URL.Path)])
			w.WriteHeader(code)
			return
		}
		took = append(took, r.URL.RawQuery)
	}))
	defer server.Close()
	const record = "msg=m+n&n=1"
	for _, code := range []int{301, 302, 303, 307, 308} {
		for location, want := range map[string]string{"bare": record, "own": "a=b&" + record, "kept": "key=k&" + record} {
			took = nil
			core, err := httpcore.New(httpcore.Config{URL: fmt.Sprintf("%s/%d/%s?key=k", server.URL, code, location), FollowRedirects: true,
				MapRecord: func(zapcore.Entry, []zapcore.Field) url.Values { return url.Values{"msg": {"m n"}, "n": {"1"}} }})
			require.NoError(t, err)
			err = core.Write(zapcore.Entry{}, nil)
			require.NoError(t, core.Close())
			if code < 307 {
				require.ErrorContains(t, err, strconv.Itoa(code))
				require.Empty(t, took)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, []string{want}, took, "%d, %s", code, location)
		}
	}
}

// A redirect does not tell another host the first URL: its query may contain a key, and that of a GET contains the record.
func TestARedirectHasNoReferer(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		for _, own := range []string{"", "https://shop.example/"} {
			var got []string
			end := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header["Referer"] }))
			defer end.Close()
			first := script(t, status(307, "Location", end.URL))
			cfg := httpcore.Config{URL: first.URL + "/log?key=secret", Method: method, FollowRedirects: true}
			if own != "" {
				cfg.Header = http.Header{"Referer": {own}}
			}
			core, err := httpcore.New(cfg)
			require.NoError(t, err)
			defer core.Close()
			require.NoError(t, core.Write(zapcore.Entry{Message: "private"}, nil))
			if own == "" {
				require.Empty(t, got)
			} else {
				require.Equal(t, []string{own}, got)
			}
		}
	}
}

// tick returns when the clock has moved on: on some systems that takes longer than a test's backoff.
func tick() {
	for start := time.Now(); !time.Now().After(start); {
		runtime.Gosched()
	}
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
		tick()
	}
	require.Equal(t, 20, i)
	require.Len(t, remotes, 1, "whatever the answer is, it is read to its end")
}

// A server that takes connections and reads nothing is the same as one that does not answer.
func TestServerThatNeverReads(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	core := lines(t, "http://"+l.Addr().String(), func(cfg *httpcore.Config) {
		cfg.Timeout, cfg.MaxBatchBytes, cfg.RetryStart, cfg.RetryMax = 250*time.Millisecond, 64<<20, time.Hour, time.Hour
	})
	begin := time.Now()
	n, err := core.WriteBatch(batchOf(t, strings.Repeat("x", 32<<20)))
	require.Zero(t, n)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	var retry *base.RetryError
	require.ErrorAs(t, err, &retry)
	for range 100 {
		require.ErrorContains(t, core.Write(zapcore.Entry{}, nil), "backing off")
	}
	require.Less(t, time.Since(begin), 20*time.Second, "one deadline, not a hundred and one")
}

// A server may answer early and never read the rest: what was lent to the connection comes back all the same, without a timeout.
func TestServerThatAnswersAndReadsNoMore(t *testing.T) {
	for _, answer := range []string{"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1<<10))
				_, _ = conn.Write([]byte(answer))
				defer conn.Close()
			}
		}()
		core := lines(t, "http://"+l.Addr().String(), func(cfg *httpcore.Config) { cfg.Timeout, cfg.MaxBatchBytes = -1, 64<<20 })
		for range 2 {
			n, err := core.WriteBatch(batchOf(t, strings.Repeat("x", 32<<20))) // more than the sockets hold
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}
	}
}
