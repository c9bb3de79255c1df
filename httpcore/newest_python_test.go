package httpcore_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore"
	"example.com/zaphandlers/internal/cpython"
)

// fakeHTTP has HTTPHandler send records over fake sockets, only the attributes that zap's records have, and prints the requests. It reads
// the bodies that we have sent, too, and prints what they say.
const fakeHTTP = `
import base64, json, logging, logging.handlers, sys, urllib.parse, wires
sockets = wires.web()
given = json.load(sys.stdin)
for spec in given["specs"]:
    class Handler(logging.handlers.HTTPHandler):
        def mapLogRecord(self, record):
            return {k: v for k, v in super().mapLogRecord(record).items() if k in spec["record"]}
    credentials = spec["credentials"] and tuple(spec["credentials"])
    handler = Handler(spec["host"], spec["url"], spec["method"], credentials=credentials)
    handler.handle(logging.makeLogRecord(spec["record"]))
print(json.dumps([base64.b64encode(s.sent).decode() for s in sockets]))
print(json.dumps([dict(urllib.parse.parse_qsl(form, keep_blank_values=True, strict_parsing=True)) for form in given["forms"]]))
`

func TestSameRequestAsTheNewestPython(t *testing.T) {
	message := "späte Lieferung ✓ 🚚 a&b=c+d %41 \r\n~_.-"
	ent := zapcore.Entry{Level: zapcore.WarnLevel, Time: time.Unix(1795428672, 250e6).UTC(), LoggerName: "shop.orders", Message: message,
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/shop/orders.go", Line: 42, Function: "example.com/shop.deliver"}}
	record := map[string]any{"name": "shop.orders", "msg": message, "levelname": "WARNING", "levelno": 30,
		"pathname": "/src/shop/orders.go", "filename": "orders.go", "module": "orders", "lineno": 42, "funcName": "deliver",
		"created": 1795428672.25, "msecs": json.Number("250.0"), "ä b": "c d", "f": 0.1, "ok": true}
	fields := []zapcore.Field{zap.Float64("f", 0.1), zap.Bool("ok", true), zap.String("ä b", "c d")}

	server, seen := capture(t)
	host := strings.TrimPrefix(server.URL, "http://")
	var specs []any
	var ours []request
	var forms []string
	for _, test := range []struct {
		url, method string
		credentials []string
	}{
		{"/log", "GET", nil}, {"/log?source=web", "GET", nil}, {"/log", "POST", nil}, {"/log?source=web", "POST", []string{"user", "pass: wörd"}},
	} {
		cfg := httpcore.Config{Host: host, URL: test.url, Method: test.method, PlaintextCredentials: true}
		if test.credentials != nil {
			cfg.Credentials = url.UserPassword(test.credentials[0], test.credentials[1])
		}
		core, err := httpcore.New(cfg)
		require.NoError(t, err)
		require.NoError(t, core.Write(ent, fields))
		require.NoError(t, core.Close())
		specs = append(specs, map[string]any{"host": host, "url": test.url, "method": test.method, "credentials": test.credentials, "record": record})
		ours = append(ours, <-seen)
		forms = append(forms, formOf(t, ours[len(ours)-1]).Encode())
	}
	stdin, err := json.Marshal(map[string]any{"specs": specs, "forms": forms})
	require.NoError(t, err)
	cpython.EachNewest(t, func(t *testing.T, py cpython.Interpreter) {
		out := json.NewDecoder(bytes.NewReader(py.Run(t, cpython.Program{Source: fakeHTTP, Stdin: stdin})))
		var sent [][]byte
		require.NoError(t, out.Decode(&sent))
		require.Len(t, sent, len(ours))
		for i, raw := range sent {
			assert.Equal(t, parsed(t, raw), ours[i])
		}
		var read []map[string]string
		require.NoError(t, out.Decode(&read))
		for _, form := range read {
			assert.Equal(t, message, form["msg"])
			assert.Equal(t, "c d", form["ä b"])
		}
		require.Len(t, read, len(ours))
	})
}

// parsed reads a request as capture's server does.
func parsed(t *testing.T, raw []byte) request {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	header := http.Header{"Host": {r.Host}}
	for _, name := range []string{"Authorization", "Content-Type", "Content-Length"} {
		if v := r.Header[name]; v != nil {
			header[name] = v
		}
	}
	return request{r.Method, r.RequestURI, string(body), header}
}
