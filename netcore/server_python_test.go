package netcore

import (
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// pythonLogger is a program that logs with Python's own handlers.
const pythonLogger = `
import datetime, logging, logging.handlers, sys
kind, host, port = sys.argv[1], sys.argv[2], sys.argv[3]
port = int(port) if port != "none" else None
cls = logging.handlers.SocketHandler if kind == "stream" else logging.handlers.DatagramHandler
h = cls(host, port)
log = logging.getLogger("app.db")
log.setLevel(1)
log.addHandler(h)
log.propagate = False
log.debug("hello %s, you owe %d%%", "w\u00f6rld", 7)
log.info("%(a)s mapping", {"a": "one"})
log.warning("line one\nline two \u2713 \U0001f600")
log.log(25, "a level between")
try:
    {}["missing"]
except KeyError:
    log.exception("it failed")
log.critical("stack", stack_info=True)
log.error("extras", extra={
  "text": "t\u00e9xt", "yes": True, "no": False, "nothing": None, "int": 5, "negative": -5, "big": 2**40, "huge": 10**25,
  "pi": 3.25, "inf": float("inf"), "ninf": float("-inf"), "nan": float("nan"),
  "raw": b"\x00\xff", "blank": b"", "when": datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc),
  "naive": datetime.datetime(2026, 1, 2, 3, 4, 5), "took": datetime.timedelta(seconds=1.5),
  "nested": {"list": [1, "two", {"three": 3.0}], "tuple": (1,), "set": {9}},
  "thing": logging.Handler,
})
log.info({"not": "text"})
print("done", flush=True)
`

func TestPythonReachesServer(t *testing.T) {
	for _, test := range []struct{ kind, network string }{
		{"stream", "tcp"}, {"stream", "unix"}, {"datagram", "udp"}, {"datagram", "unixgram"},
	} {
		t.Run(test.kind+" "+test.network, func(t *testing.T) {
			target, logs := observer.New(zapcore.DebugLevel)
			server := serve(t, ServerConfig{Network: test.network, Format: FormatPickle, Target: target})
			host, port, err := net.SplitHostPort(server.Addr().String())
			if err != nil {
				host, port = server.Addr().String(), "none"
			}
			start := time.Now()
			done, _ := startPython(t, pythonLogger, test.kind, host, port)
			require.Equal(t, "done", done)
			require.Eventually(t, func() bool { return logs.Len() == 8 }, soon, tick)

			all := logs.All()
			for i, want := range []struct {
				level   zapcore.Level
				message string
			}{
				{zapcore.DebugLevel, "hello wörld, you owe 7%"},
				{zapcore.InfoLevel, "one mapping"},
				{zapcore.WarnLevel, "line one\nline two ✓ 😀"},
				{zapcore.InfoLevel, "a level between"},
				{zapcore.ErrorLevel, "it failed"},
				{zapcore.DPanicLevel, "stack"},
				{zapcore.ErrorLevel, "extras"},
				{zapcore.InfoLevel, "{'not': 'text'}"},
			} {
				got := all[i]
				assert.Equal(t, want.level, got.Level, want.message)
				assert.Equal(t, want.message, got.Message)
				assert.Equal(t, "app.db", got.LoggerName)
				assert.WithinRange(t, got.Time, start.Add(-time.Minute), time.Now().Add(time.Minute))
				assert.Equal(t, "<module>", got.Caller.Function)
				assert.Equal(t, "<string>", got.Caller.File)
				assert.Positive(t, got.Caller.Line)
				fields := got.ContextMap()
				assert.Equal(t, "MainProcess", fields["processName"])
				assert.Equal(t, "MainThread", fields["threadName"])
				assert.Positive(t, fields["process"])
				assert.Positive(t, fields["thread"])
				assert.Positive(t, fields["relativeCreated"])
			}
			assert.EqualValues(t, 25, all[3].ContextMap()["levelno"])
			assert.Equal(t, "Level 25", all[3].ContextMap()["levelname"])
			assert.Regexp(t, `(?s)^Traceback \(most recent call last\):.*KeyError: 'missing'$`, all[4].Stack)
			assert.Contains(t, all[5].ContextMap()["stack_info"], "Stack (most recent call last):")

			extras := all[6].ContextMap()
			for key, want := range map[string]any{
				"text": "téxt", "yes": true, "no": false, "nothing": nil, "int": int64(5), "negative": int64(-5), "big": int64(1 << 40),
				"huge": json.RawMessage("10000000000000000000000000"), "pi": 3.25,
				"raw": []byte{0, 255}, "blank": []byte{}, "when": time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC),
				"naive": "2026-01-02T03:04:05", "took": 1500 * time.Millisecond, "thing": "<logging.Handler>",
				"nested": map[string]any{"list": []any{int64(1), "two", map[string]any{"three": 3.0}}, "tuple": []any{int64(1)}, "set": []any{int64(9)}},
			} {
				assert.Equal(t, want, extras[key], key)
			}
			assert.Equal(t, "+Inf -Inf NaN", fmt.Sprint(extras["inf"], extras["ninf"], extras["nan"]))
			for _, key := range []string{"args", "exc_info", "msecs", "levelno", "levelname", "filename", "module", "taskName"} {
				assert.NotContains(t, extras, key)
			}
			assert.Equal(t, Stats{Accepted: 8, Delivered: 8}, server.Stats().Stats)
		})
	}
}
