package netcore

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/netcore/internal/pickle"
	base "example.com/zaphandlers/zapcore"
)

// asJSON reads a pickled LogRecord and returns it as zap's JSON encoder writes it.
func asJSON(t testing.TB, frame []byte) (map[string]any, error) {
	reader := logRecordReader{limit: 1 << 20}
	var r base.Record
	if err := reader.read(&r, frame, time.Unix(0, 0)); err != nil {
		return nil, err
	}
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey: "TIME", LevelKey: "LEVEL", NameKey: "NAME", CallerKey: "CALLER", FunctionKey: "FUNC", MessageKey: "MSG", StacktraceKey: "STACK",
		EncodeLevel: zapcore.LowercaseLevelEncoder, EncodeCaller: zapcore.FullCallerEncoder,
		EncodeTime: zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.StringDurationEncoder,
	})
	b, err := r.Encode(enc)
	require.NoError(t, err)
	defer b.Free()
	var got map[string]any
	d := json.NewDecoder(strings.NewReader(b.String()))
	d.UseNumber()
	require.NoError(t, d.Decode(&got))
	return got, nil
}

func lengthOf(s string) string { return string([]byte{byte(len(s)), 0, 0, 0}) }

func TestLogRecordAttributes(t *testing.T) {
	frame := func(attributes string) []byte { return []byte("}(" + attributes + "u.") }
	text := func(s string) string { return "X" + lengthOf(s) + s }
	for _, test := range []struct {
		name       string
		attributes string
		want       map[string]any
	}{
		{"a level of its own is kept", text("levelno") + "K\x19" + text("levelname") + text("NOTICE"),
			map[string]any{"LEVEL": "info", "levelno": json.Number("25"), "levelname": "NOTICE"}},
		{"a huge level is clamped", text("levelno") + "L99999999999999999999L\n",
			map[string]any{"LEVEL": "dpanic", "levelno": json.Number("99999999999999999999"), "levelname": nil}},
		{"a negative level is clamped", text("levelno") + "J\xff\xff\xff\xff", map[string]any{"LEVEL": "debug"}},
		{"a level that is no number", text("levelno") + text("high"), map[string]any{"LEVEL": "debug", "levelno": "high"}},
		{"a message that is no text", text("msg") + "K\x07", map[string]any{"MSG": "7"}},
		{"the root logger has no name", text("name") + text("root"), map[string]any{"NAME": nil}},
		{"a traceback is the stack", text("exc_text") + text("Traceback"), map[string]any{"STACK": "Traceback"}},
		{"a caller", text("pathname") + text("/a/b.py") + text("lineno") + "K\x07" + text("funcName") + text("f") +
			text("filename") + text("b.py") + text("module") + text("b"),
			map[string]any{"CALLER": "/a/b.py:7", "FUNC": "f", "filename": nil, "module": nil}},
		{"a file's name and a module that are not the path's", text("pathname") + text("/abc/def.py") + text("filename") + text("abc") +
			text("module") + text("d"), map[string]any{"CALLER": "/abc/def.py:0", "filename": "abc", "module": "d"}},
		{"a path of another system", text("pathname") + text(`C:\a\b.py`) + text("filename") + text(`C:\a\b.py`) + text("module") + text(`C:\a\b`),
			map[string]any{"CALLER": `C:\a\b.py:0`, "filename": nil, "module": nil}},
		{"no path, but a line, a function and a file's name", text("lineno") + "K\x07" + text("funcName") + text("f") + text("filename") + text("b.py"),
			map[string]any{"CALLER": nil, "lineno": json.Number("7"), "funcName": "f", "filename": "b.py"}},
		{"a place that Python did not find", text("pathname") + text("(unknown file)") + text("lineno") + "K\x00" + text("funcName") +
			text("(unknown function)") + text("filename") + text("(unknown file)"),
			map[string]any{"CALLER": nil, "pathname": nil, "lineno": nil, "funcName": nil, "filename": nil}},
		{"an empty path, as logging.makeLogRecord has it", text("pathname") + text("") + text("lineno") + "K\x00" + text("funcName") + "N",
			map[string]any{"CALLER": nil, "pathname": nil, "lineno": nil, "funcName": nil}},
		{"a line that is none", text("pathname") + text("/a/b.py") + text("lineno") + text("7"), map[string]any{"CALLER": "/a/b.py:0", "lineno": "7"}},
		{"a line below zero", text("pathname") + text("/a/b.py") + text("lineno") + "J\xff\xff\xff\xff", map[string]any{"lineno": json.Number("-1")}},
		{"a path and a function that are no texts", text("pathname") + "K\x05" + text("funcName") + "K\x06",
			map[string]any{"CALLER": nil, "pathname": json.Number("5"), "funcName": json.Number("6")}},
		{"a name that is no text", text("name") + "K\x05", map[string]any{"NAME": "5"}},
		{"no name", text("name") + "N", map[string]any{"NAME": nil, "name": nil}},
		{"a time that is none", text("created") + text("soon"), map[string]any{"TIME": time.Unix(0, 0).Format(time.RFC3339), "created": "soon"}},
		{"a time too far away", text("created") + "G\x7f\xf0\x00\x00\x00\x00\x00\x00", map[string]any{"created": "+Inf"}},
		{"None is left out where Python always has it", text("args") + "N" + text("thread") + "N", map[string]any{"args": nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := asJSON(t, frame(test.attributes))
			require.NoError(t, err)
			for key, want := range test.want {
				if want == nil {
					assert.NotContains(t, got, key)
				} else {
					assert.Equal(t, want, got[key], key)
				}
			}
		})
	}
}

func TestAPickleThatIsNoDictIsRefused(t *testing.T) {
	for _, frame := range []string{"K\x01.", "N.", "](K\x01e.", "capp\nC\n)R."} {
		_, err := asJSON(t, []byte(frame))
		require.ErrorContains(t, err, "no dict", "%q", frame)
	}
}

// TestAValueThatCannotBeShownCostsNoRecord holds that the record arrives, with the rest of its fields.
func TestAValueThatCannotBeShownCostsNoRecord(t *testing.T) {
	text := func(s string) string { return "X" + lengthOf(s) + s }
	for name, value := range map[string]string{
		"a list that contains itself":  "]q\x00h\x00a",
		"a dict that contains itself":  "}q\x00" + text("me") + "h\x00s",
		"a value nested deeply":        strings.Repeat("(", 5000) + strings.Repeat("t", 5000),
		"a long integer":               "L" + strings.Repeat("9", 100000) + "L\n",
		"what expands to 2^40 leaves":  "](]q\x00(K\x01K\x01eq\x00" + strings.Repeat("]q\x01(h\x00h\x00eq\x00", 40) + "e",
		"an object that holds the lot": "capp\nC\n)R}" + text("record") + "h\x63sb",
	} {
		got, err := asJSON(t, []byte("}q\x63("+text("v")+value+text("levelno")+"K\x28"+text("msg")+text("m")+text("n")+"K\x07u."))
		require.NoError(t, err, name)
		assert.Equal(t, "m", got["MSG"], name)
		assert.Equal(t, "error", got["LEVEL"], name)
		assert.Equal(t, json.Number("7"), got["n"], name)
		assert.Contains(t, got, "v", name)
	}
}

func TestAnOrdinaryLogRecordAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	frame, err := base64.StdEncoding.DecodeString(fromPython)
	require.NoError(t, err)
	reader := logRecordReader{limit: 1 << 20}
	var r base.Record
	assert.Zero(t, testing.AllocsPerRun(100, func() { err = reader.read(&r, frame, time.Time{}) }))
	require.NoError(t, err)
}

func TestTimeOf(t *testing.T) {
	now := time.Unix(42, 0)
	seconds, whole, yesterday := func(f float64) pickle.Float { return &f }, int64(7), "yesterday"
	for _, test := range []struct {
		name string
		v    any
		want time.Time
	}{
		{"microseconds", seconds(1700000000.123456), time.UnixMicro(1700000000123456)},
		{"before 1970", seconds(-0.25), time.UnixMicro(-250000)},
		{"whole seconds", &whole, time.Unix(7, 0)},
		{"not a number", seconds(nan()), now},
		{"far away", seconds(1e300), now},
		{"text", &yesterday, now},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := timeOf(test.v)
			if !ok {
				got = now
			}
			assert.True(t, test.want.Equal(got))
		})
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

// FuzzLogRecord holds that no frame makes the reader panic, run away or write a record much larger than the frame may be.
func FuzzLogRecord(f *testing.F) {
	var r base.Record
	_ = r.Capture(entry("hello"), base.Context{}, nil)
	frame, _ := pickleFormatter{}.Append(nil, &r)
	f.Add(frame)
	if python, err := base64.StdEncoding.DecodeString(fromPython); err == nil {
		f.Add(python)
	}
	f.Add([]byte("}(X\x01\x00\x00\x00v]q\x00(h\x00h\x00eu."))
	f.Add([]byte("}(X\x07\x00\x00\x00levelnocapp\nLevel\n(K\x28tRu."))
	reader := logRecordReader{limit: 1 << 16}
	var parsed base.Record
	f.Fuzz(func(t *testing.T, frame []byte) {
		if reader.read(&r, frame, time.Unix(0, 0)) == nil {
			require.NoError(t, parsed.Parse(r.Bytes()))
			require.Less(t, len(r.Bytes()), 100*expansion<<16)
		}
	})
}
