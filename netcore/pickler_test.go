package netcore

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/internal/sockets"
	base "example.com/zaphandlers/zapcore"
)

// cookbook is the receiver of Python's logging cookbook on the real pickle.loads and logging.makeLogRecord. It prints its
// address, and then each record as JSON, with values of which JSON knows too little as their repr.
const cookbook = `
import json, logging, pickle, socketserver, struct, sys
def show(v):
    if isinstance(v, dict): return {k: show(x) for k, x in v.items()}
    if isinstance(v, list): return [show(x) for x in v]
    if v is None or isinstance(v, (str, bool)): return v
    return repr(v)
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            chunk = self.connection.recv(4)
            if len(chunk) < 4: break
            slen = struct.unpack('>L', chunk)[0]
            chunk = self.connection.recv(slen)
            while len(chunk) < slen:
                chunk = chunk + self.connection.recv(slen - len(chunk))
            record = logging.makeLogRecord(pickle.loads(chunk))
            d = show(record.__dict__)
            d["FORMATTED"] = logging.Formatter("%(levelname)s %(name)s %(message)s").format(record)
            print(json.dumps(d), flush=True)
server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
print("127.0.0.1:%d" % server.server_address[1], flush=True)
server.handle_request()
`

// startPython runs a program and returns its first line and a channel of the others.
func startPython(t testing.TB, program string, args ...string) (string, <-chan string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), peers.Python(t, ""), append([]string{"-c", program}, args...)...)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	require.NoError(t, cmd.Start())
	rest := make(chan string, 1000)
	first := make(chan string, 1)
	go func() {
		s := bufio.NewScanner(out)
		s.Buffer(nil, 1<<20)
		s.Scan()
		first <- s.Text()
		for s.Scan() {
			rest <- s.Text()
		}
		close(rest)
	}()
	t.Cleanup(func() {
		_ = cmd.Wait()
		assert.Empty(t, stderr.String())
	})
	return sockets.Receive(t, first), rest
}

func TestPickleReachesPython(t *testing.T) {
	address, got := startPython(t, cookbook)
	core := newCore(t, Config{Address: address, Formatter: Pickle(), OnError: never(t)})
	at := time.Date(2026, 2, 3, 4, 5, 6, 789123456, time.FixedZone("X", -5*3600-1800))
	ent := zapcore.Entry{
		Level: zapcore.ErrorLevel, Time: at, LoggerName: "app.db", Message: "späm ✓ %s\x00\n",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/app/db.go", Line: 42, Function: "example.com/app.(*DB).Query"},
		Stack:  "goroutine 1\n\tmain.go:1",
	}
	fields := []zapcore.Field{
		zap.String("text", "é\xff😀"), zap.Bool("yes", true), zap.Bool("no", false),
		zap.Int("zero", 0), zap.Int("byte", 255), zap.Int("short", 65535), zap.Int("int", 65536), zap.Int("negative", -1),
		zap.Int64("big", 1<<31), zap.Int64("lowest", math.MinInt64), zap.Uint64("highest", math.MaxUint64),
		zap.Float64("float", 0.1), zap.Float64("inf", math.Inf(1)), zap.Float64("nan", math.NaN()), zap.Float32("f32", 0.5),
		zap.Complex128("complex", complex(1, -2)), zap.Binary("binary", []byte{0, 0x7f, 0x80, 0xff}), zap.Binary("empty", nil),
		zap.ByteString("bytestring", []byte("abc")), zap.Time("time", at), zap.Time("ancient", time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)),
		zap.Duration("duration", -(26*time.Hour + 1500*time.Millisecond)), zap.Strings("list", []string{"a", "b"}),
		zap.Any("json", map[string]any{"n": nil, "big": json.Number("123456789012345678901234567890"), "f": 1.5, "l": []any{1, true, "x"}}),
		zap.Dict("object", zap.Int("a", 1), zap.Namespace("inner"), zap.Int("b", 2)),
		zap.String("msg", "collides"), zap.Error(errors.New("it broke")),
		zap.Namespace("ns"), zap.String("name", "free here"),
	}
	require.NoError(t, core.Write(ent, fields))
	require.NoError(t, core.Close())
	var record map[string]any
	require.NoError(t, json.Unmarshal([]byte(sockets.Receive(t, got)), &record))

	want := map[string]any{
		"name": "app.db", "msg": "späm ✓ %s\x00\n", "args": nil, "levelname": "ERROR", "levelno": "40",
		"pathname": "/src/app/db.go", "filename": "db.go", "module": "db", "lineno": "42", "funcName": "Query",
		"exc_info": nil, "exc_text": "it broke\ngoroutine 1\n\tmain.go:1", "stack_info": nil,
		"created": fmt.Sprint(float64(at.UnixMicro())/1e6 + 0), "msecs": "789.0", "thread": nil, "threadName": nil, "taskName": nil,
		"processName": processName, "process": fmt.Sprint(processID),
		"text": "é\ufffd😀", "yes": true, "no": false, "zero": "0", "byte": "255", "short": "65535", "int": "65536",
		"negative": "-1", "big": "2147483648", "lowest": "-9223372036854775808", "highest": "18446744073709551615",
		"float": "0.1", "inf": "inf", "nan": "nan", "f32": "0.5", "complex": "(1-2j)", "binary": `b'\x00\x7f\x80\xff'`,
		"empty": "b''", "bytestring": "abc",
		"time":     "datetime.datetime(2026, 2, 3, 4, 5, 6, 789123, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=66600)))",
		"ancient":  "-0005-01-01T00:00:00Z",
		"duration": "datetime.timedelta(days=-2, seconds=79198, microseconds=500000)",
		"list":     []any{"a", "b"},
		"json":     map[string]any{"n": nil, "big": "123456789012345678901234567890", "f": "1.5", "l": []any{"1", true, "x"}},
		"object":   map[string]any{"a": "1", "inner": map[string]any{"b": "2"}},
		"msg_":     "collides", "error": "it broke", "ns": map[string]any{"name": "free here"},
		"FORMATTED": "ERROR app.db späm ✓ %s\x00\nit broke\ngoroutine 1\n\tmain.go:1",
	}
	assert.NotNil(t, record["relativeCreated"])
	delete(record, "relativeCreated")
	delete(want, "created")
	assert.Contains(t, record["created"], fmt.Sprint(at.Unix())+".789123")
	delete(record, "created")
	assert.Equal(t, want, record)
}

func TestPickleOfABareRecord(t *testing.T) {
	address, got := startPython(t, cookbook)
	core := newCore(t, Config{Address: address, Formatter: Pickle(), OnError: never(t)})
	for _, level := range []zapcore.Level{-3, zapcore.DebugLevel, zapcore.InfoLevel, zapcore.WarnLevel, zapcore.DPanicLevel, zapcore.FatalLevel} {
		ent := entry("x")
		ent.Level = level
		require.NoError(t, core.Write(ent, nil))
	}
	require.NoError(t, core.Close())
	for _, want := range []string{"1 Level 1", "10 DEBUG", "20 INFO", "30 WARNING", "50 CRITICAL", "50 CRITICAL"} {
		var record map[string]any
		require.NoError(t, json.Unmarshal([]byte(sockets.Receive(t, got)), &record))
		assert.Equal(t, want, fmt.Sprint(record["levelno"], " ", record["levelname"]))
		assert.Equal(t, "root", record["name"])
		assert.Equal(t, "(unknown file)", record["pathname"])
		assert.Equal(t, "(unknown function)", record["funcName"])
		assert.Nil(t, record["exc_text"])
	}
}

func TestPickleAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	p := sockets.Listen(t, "tcp", func(conn net.Conn) { _, _ = io.Copy(io.Discard, struct{ io.Reader }{conn}) })
	core := newCore(t, Config{Address: p.Address(), Formatter: Pickle(), OnError: never(t)})
	ent := entry("hello")
	fields := []zapcore.Field{zap.String("a", "b"), zap.Int("n", 1<<40), zap.Bool("t", true), zap.Float64("f", 1.5),
		zap.Duration("d", time.Second), zap.Time("at", ent.Time), zap.Binary("b", []byte("x"))}
	assert.Zero(t, testing.AllocsPerRun(1000, func() { _ = core.Write(ent, fields) }))
	assert.Zero(t, core.Stats().Refused)
}

func BenchmarkPickle(b *testing.B) {
	var r base.Record
	_ = r.Capture(entry("hello"), base.Context{}, []zapcore.Field{zap.String("a", "b"), zap.Int("n", 1), zap.Bool("t", true)})
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst, _ = pickle{}.Append(dst[:0], &r)
	}
}
