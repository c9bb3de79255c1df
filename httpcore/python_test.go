package httpcore_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/peers"
)

// pythonSends sends one record by the real HTTPHandler. With "same" it leaves out what zap's records do not have.
const pythonSends = `
import json, logging, logging.handlers, sys
spec = json.load(sys.stdin)
absent = {'args', 'exc_info', 'exc_text', 'relativeCreated', 'thread', 'threadName', 'processName', 'process', 'taskName'}
class Handler(logging.handlers.HTTPHandler):
    def mapLogRecord(self, record):
        have = super().mapLogRecord(record)
        if not spec['same']:
            return have
        return {k: v for k, v in have.items() if k not in absent and (k != 'stack_info' or v is not None)}
credentials = spec['credentials'] and tuple(spec['credentials'])
handler = Handler(spec['host'], spec['url'], spec['method'], credentials=credentials)
handler.handle(logging.makeLogRecord(spec['record']))
`

// request is what a server saw.
type request struct {
	Method, Target, Body string
	Header               http.Header
}

// capture starts a server that keeps the requests, to be read from the channel.
func capture(t *testing.T) (*httptest.Server, <-chan request) {
	seen := make(chan request, 16)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		header := http.Header{"Host": {r.Host}}
		for _, name := range []string{"Authorization", "Content-Type", "Content-Length"} {
			if v := r.Header[name]; v != nil {
				header[name] = v
			}
		}
		seen <- request{r.Method, r.RequestURI, string(body), header}
	}))
	t.Cleanup(server.Close)
	return server, seen
}

func TestSameRequestAsPython(t *testing.T) {
	python := peers.Python(t, "")
	const created = 1795428672.25
	at := time.Unix(1795428672, 250e6).UTC()
	plain := zapcore.Entry{Level: zapcore.WarnLevel, Time: at, LoggerName: "shop.orders", Message: "order 7 is late",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/shop/orders.go", Line: 42, Function: "example.com/shop.deliver"}}
	plainDict := map[string]any{"name": "shop.orders", "msg": "order 7 is late", "levelname": "WARNING", "levelno": 30,
		"pathname": "/src/shop/orders.go", "filename": "orders.go", "module": "orders", "lineno": 42, "funcName": "deliver",
		"created": created, "msecs": json.Number("250.0")}
	with := func(more map[string]any) map[string]any {
		all := map[string]any{}
		for k, v := range plainDict {
			all[k] = v
		}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	unicode := plain
	unicode.Message = "späte Lieferung ✓ 🚚 a&b=c+d %41 \r\n~_.-"
	stack := plain
	stack.Stack = "deliver\n\t/src/shop/orders.go:42"
	tests := []struct {
		name        string
		url, method string
		credentials []string
		ent         zapcore.Entry
		fields      []zapcore.Field
		dict        map[string]any
	}{
		{"GET", "/log", "GET", nil, plain, nil, plainDict},
		{"POST", "/log", "POST", nil, plain, nil, plainDict},
		{"lower case method", "/log", "post", nil, plain, nil, plainDict},
		{"GET with a query", "/log?source=web", "GET", nil, plain, nil, plainDict},
		{"GET with an empty query", "/log?", "GET", nil, plain, nil, plainDict},
		{"POST with a query", "/log?source=web", "POST", nil, plain, nil, plainDict},
		{"escapes in the path", "/l%20og/%C3%A4?x=%2B", "GET", nil, plain, nil, plainDict},
		{"credentials", "/log", "POST", []string{"user", "pass: wörd"}, plain, nil, plainDict},
		{"credentials with GET", "/log", "GET", []string{"user", ""}, plain, nil, plainDict},
		{"unicode and what must be escaped", "/log", "GET", nil, unicode, nil, with(map[string]any{"msg": unicode.Message})},
		{"the same by POST", "/log", "POST", nil, unicode, nil, with(map[string]any{"msg": unicode.Message})},
		{"a stack", "/log", "POST", nil, stack, nil, with(map[string]any{"stack_info": stack.Stack})},
		{"a text", "/log", "POST", nil, plain, []zapcore.Field{zap.String("ä b", "c d")}, with(map[string]any{"ä b": "c d"})},
		{"true", "/log", "POST", nil, plain, []zapcore.Field{zap.Bool("ok", true)}, with(map[string]any{"ok": true})},
		{"none", "/log", "POST", nil, plain, []zapcore.Field{zap.Any("no", nil)}, with(map[string]any{"no": nil})},
		{"an integer", "/log", "POST", nil, plain, []zapcore.Field{zap.Int("n", -7)}, with(map[string]any{"n": -7})},
		{"a float", "/log", "POST", nil, plain, []zapcore.Field{zap.Float64("f", 0.1)}, with(map[string]any{"f": 0.1})},
		{"a large float", "/log", "POST", nil, plain, []zapcore.Field{zap.Float64("f", 1.5e300)}, with(map[string]any{"f": 1.5e300})},
		{"a small float", "/log", "POST", nil, plain, []zapcore.Field{zap.Float64("f", 1.5e-7)}, with(map[string]any{"f": 1.5e-7})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server, seen := capture(t)
			host := strings.TrimPrefix(server.URL, "http://")
			cfg := httpcore.Config{Host: host, URL: test.url, Method: test.method, PlaintextCredentials: true}
			if test.credentials != nil {
				cfg.Credentials = url.UserPassword(test.credentials[0], test.credentials[1])
			}
			core, err := httpcore.New(cfg)
			require.NoError(t, err)
			defer core.Close()
			require.NoError(t, core.Write(test.ent, test.fields))
			ours := <-seen

			spec := map[string]any{"host": host, "url": test.url, "method": test.method, "credentials": test.credentials,
				"record": test.dict, "same": true}
			runPython(t, python, spec)
			require.Equal(t, <-seen, ours, "the same request")

			spec["same"] = false
			runPython(t, python, spec)
			all, few := formOf(t, <-seen), formOf(t, ours)
			for name, value := range few {
				assert.Equal(t, all[name], value, "of all that Python sends, what we send too is the same: %s", name)
			}
		})
	}
}

func runPython(t *testing.T, python string, spec any) {
	t.Helper()
	stdin, err := json.Marshal(spec)
	require.NoError(t, err)
	cmd := exec.Command(python, "-c", pythonSends)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out), "Python had no trouble")
}

func formOf(t *testing.T, r request) url.Values {
	text := r.Body
	if r.Method == http.MethodGet {
		_, text, _ = strings.Cut(r.Target, "?")
	}
	values, err := url.ParseQuery(text)
	require.NoError(t, err)
	return values
}
