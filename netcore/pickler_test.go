package netcore

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/cpython"
	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/netcore/internal/pickle"
	base "example.com/zaphandlers/zapcore"
)

// show has shown, which returns a record as JSON, with values of which JSON knows too little as their repr. FORMATTED is what a Formatter makes
// of it.
const show = `
import base64, io, json, logging, pickle, sys
def show(v):
    if isinstance(v, dict): return {k: show(x) for k, x in v.items()}
    if isinstance(v, list): return [show(x) for x in v]
    if v is None or isinstance(v, (str, bool)): return v
    return repr(v)
numbers = " ".join("%%(%s)d" % n for n in ("levelno", "lineno", "created", "msecs", "relativeCreated", "thread", "process"))
def shown(record):
    d = show(record.__dict__)
    d["FORMATTED"] = logging.Formatter("%(levelname)s %(name)s %(message)s").format(record)
    assert logging.Formatter(numbers).format(record).startswith("%d %d " % (record.levelno, record.lineno))
    assert logging.Formatter("{thread:d} {threadName:>9} {processName:>9}", style="{").format(record).startswith("0 goroutine ")
    return json.dumps(d)
`

// cookbook is the receiver of Python's logging cookbook on the real pickle.loads and logging.makeLogRecord. It prints its
// address, and then each record as JSON, with values of which JSON knows too little as their repr.
const cookbook = show + `
import socketserver, struct
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            chunk = self.connection.recv(4)
            if len(chunk) < 4: break
            slen = struct.unpack('>L', chunk)[0]
            chunk = self.connection.recv(slen)
            while len(chunk) < slen:
                chunk = chunk + self.connection.recv(slen - len(chunk))
            print(shown(logging.makeLogRecord(pickle.loads(chunk))), flush=True)
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

// pickledEntry and pickledFields are a record with all that a record may have; wantPickled is what Python must make of it.
func pickledEntry() zapcore.Entry {
	at := time.Date(2026, 2, 3, 4, 5, 6, 789123456, time.FixedZone("X", -5*3600-1800))
	return zapcore.Entry{
		Level: zapcore.ErrorLevel, Time: at, LoggerName: "app.db", Message: "späm ✓ %s\x00\n",
		Caller: zapcore.EntryCaller{Defined: true, File: "/src/app/db.go", Line: 42, Function: "example.com/app.(*DB).Query"},
		Stack:  "goroutine 1\n\tmain.go:1",
	}
}

func pickledFields() []zapcore.Field {
	at := pickledEntry().Time
	return []zapcore.Field{
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
		zap.String("getMessage", "a method"), zap.String("__class__", "reserved"), zap.Time("far", at.In(time.FixedZone("", 100000))),
		zap.Namespace("ns"), zap.String("name", "free here"),
	}
}

func wantPickled() map[string]any {
	at := pickledEntry().Time
	return map[string]any{
		"name": "app.db", "msg": "späm ✓ %s\x00\n", "args": nil, "levelname": "ERROR", "levelno": "40",
		"pathname": "/src/app/db.go", "filename": "db.go", "module": "db", "lineno": "42", "funcName": "Query",
		"exc_info": nil, "exc_text": "it broke\ngoroutine 1\n\tmain.go:1", "stack_info": nil,
		"created": fmt.Sprint(float64(at.UnixMicro())/1e6 + 0), "msecs": "789.0", "thread": "0", "threadName": "goroutine", "taskName": nil,
		"processName": processName, "process": fmt.Sprint(processID),
		"text": "é\ufffd😀", "yes": true, "no": false, "zero": "0", "byte": "255", "short": "65535", "int": "65536",
		"negative": "-1", "big": "2147483648", "lowest": "-9223372036854775808", "highest": "18446744073709551615",
		"float": "0.1", "inf": "inf", "nan": "nan", "f32": "0.5", "complex": "(1-2j)", "binary": `b'\x00\x7f\x80\xff'`,
		"empty": "b''", "bytestring": "abc",
		"time":     "datetime.datetime(2026, 2, 3, 4, 5, 6, 789123, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=66600)))",
		"far":      "datetime.datetime(2026, 2, 3, 9, 35, 6, 789123, tzinfo=datetime.timezone.utc)",
		"ancient":  "-0005-01-01T00:00:00Z",
		"duration": "datetime.timedelta(days=-2, seconds=79198, microseconds=500000)",
		"list":     []any{"a", "b"},
		"json":     map[string]any{"n": nil, "big": "123456789012345678901234567890", "f": "1.5", "l": []any{"1", true, "x"}},
		"object":   map[string]any{"a": "1", "inner": map[string]any{"b": "2"}},
		"msg_":     "collides", "error": "it broke", "ns": map[string]any{"name": "free here"},
		"getMessage_": "a method", "__class___": "reserved",
		"FORMATTED": "ERROR app.db späm ✓ %s\x00\nit broke\ngoroutine 1\n\tmain.go:1",
	}
}

func requirePickled(t *testing.T, want map[string]any, line string) {
	var record map[string]any
	require.NoError(t, json.Unmarshal([]byte(line), &record))
	at := pickledEntry().Time
	assert.NotNil(t, record["relativeCreated"])
	delete(record, "relativeCreated")
	delete(want, "created")
	assert.Contains(t, record["created"], fmt.Sprint(at.Unix())+".789123")
	delete(record, "created")
	assert.Equal(t, want, record)
}

func TestPickleReachesPython(t *testing.T) {
	address, got := startPython(t, cookbook)
	core := newCore(t, Config{Address: address, Formatter: Pickle(), OnError: never(t)})
	require.NoError(t, core.Write(pickledEntry(), pickledFields()))
	require.NoError(t, core.Close())
	requirePickled(t, wantPickled(), sockets.Receive(t, got))
}

// loads is a program that reads pickles, the first by pickle.loads and the second by an Unpickler that forbids all globals.
const loads = show + `
class Forbids(pickle.Unpickler):
    def find_class(self, module, name): raise pickle.UnpicklingError("forbidden: " + module + "." + name)
first, second = [base64.b64decode(line) for line in sys.stdin]
print(shown(logging.makeLogRecord(pickle.loads(first))))
print(shown(logging.makeLogRecord(Forbids(io.BytesIO(second)).load())))
`

func TestEveryPythonReadsPickle(t *testing.T) {
	var stdin []byte
	for _, f := range []Formatter{Pickle(), PlainPickle()} {
		var r base.Record
		require.NoError(t, r.Capture(pickledEntry(), base.Context{}, pickledFields()))
		frame, err := f.Append(nil, &r)
		require.NoError(t, err)
		stdin = append(base64.StdEncoding.AppendEncode(stdin, frame), '\n')
	}
	plain := wantPickled()
	for key, value := range map[string]any{
		"time": "2026-02-03T04:05:06.789123456-05:30", "far": "2026-02-04T13:21:46.789123456+27:46", "duration": "-93601.5", "complex": "(1-2i)",
		"binary": "AH+A/w==", "empty": "",
	} {
		plain[key] = value
	}
	cpython.Each(t, func(t *testing.T, py cpython.Interpreter) {
		lines := strings.Split(strings.TrimSpace(string(py.Run(t, cpython.Program{Source: loads, Stdin: stdin}))), "\n")
		require.Len(t, lines, 2)
		requirePickled(t, wantPickled(), lines[0])
		requirePickled(t, plain, lines[1])
	})
}

// TestPickleOfATimeThatPythonHasNone holds that a receiver can make a date of what is there: one that cannot writes nothing.
func TestPickleOfATimeThatPythonHasNone(t *testing.T) {
	for _, test := range []struct{ at, want time.Time }{
		{time.Time{}, time.Now()}, // Python on Windows has no local time before 1970
		{time.Date(-4000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)},
		{time.Date(100000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)},
	} {
		ent := entry("x")
		ent.Time = test.at
		var r base.Record
		require.NoError(t, r.Capture(ent, base.Context{}, nil))
		frame, err := Pickle().Append(nil, &r)
		require.NoError(t, err)
		var d pickle.Decoder
		d.MaxBytes = 1 << 20
		v, err := d.Decode(frame)
		require.NoError(t, err)
		items := v.(*pickle.Dict).Items
		created := slices.IndexFunc(items, func(v any) bool { return pickle.String(v) == "created" })
		assert.InDelta(t, float64(test.want.Unix()), *items[created+1].(pickle.Float), 100)
	}
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
	fields := []zapcore.Field{zap.String("a", "b"), zap.Int64("n", 1<<40), zap.Bool("t", true), zap.Float64("f", 1.5),
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
		dst, _ = pickleFormatter{}.Append(dst[:0], &r)
	}
}
