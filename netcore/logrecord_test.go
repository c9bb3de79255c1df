package netcore

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/peers"
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
		LevelKey: "LEVEL", NameKey: "NAME", CallerKey: "CALLER", FunctionKey: "FUNC", MessageKey: "MSG", StacktraceKey: "STACK",
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

// values is a program that prints pickles of {"msg": "m", "v": VALUE}, in each protocol that this Python writes.
const values = `
import base64, collections, datetime, decimal, pathlib, pickle, sys, uuid, enum, fractions
class Color(enum.Enum): RED = 1
class Thing:
    def __init__(self): self.x = 1
shared = ["s"]
tz = datetime.timezone(datetime.timedelta(hours=-5, minutes=-30))
values = {
 "none": None, "true": True, "int": 7, "negative": -70000, "big": 2**31, "bigger": 2**63, "biggest": 10**30, "minus": -10**30,
 "float": 1.5, "inf": float("inf"), "text": "sp\xe4m \u2713 \U0001f600", "lines": "a\nb\\u0041\\", "surrogate": "a\udc80b", "empty": "",
 "bytes": b"\x00\x7f\x80\xff", "nobytes": b"", "bytearray": bytearray(b"ab\xff"), "complex": 1-2j,
 "list": [1, "a", None, [2.5, b"x"]], "tuple": (1, 2), "single": (1,), "four": (1, 2, 3, 4), "unit": (),
 "set": {5}, "frozenset": frozenset([6]), "dict": {"a": {"b": 1}, 2: "two"}, "shared": [shared, shared],
 "ordered": collections.OrderedDict([("z", 1), ("a", 2)]),
 "aware": datetime.datetime(2026, 2, 3, 4, 5, 6, 789123, tz), "utc": datetime.datetime(2026, 2, 3, tzinfo=datetime.timezone.utc),
 "naive": datetime.datetime(2026, 2, 3, 4, 5, 6), "micro": datetime.datetime(2026, 2, 3, 4, 5, 6, 7),
 "date": datetime.date(2026, 2, 3), "time": datetime.time(4, 5, 6, 700000), "delta": datetime.timedelta(days=-1, seconds=1, microseconds=5),
 "decimal": decimal.Decimal("1.10"), "nan": decimal.Decimal("NaN"), "uuid": uuid.UUID("12345678-9abc-def0-1234-56789abcdef0"),
 "thing": Thing(), "enum": Color.RED, "class": Thing, "path": pathlib.PurePosixPath("/a"), "error": ValueError("x"),
 "fraction": fractions.Fraction(1, 3), "many": list(range(2500)),
}
for name, v in values.items():
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        frame = pickle.dumps({"msg": "m", "v": v}, protocol)
        print(name, protocol, base64.b64encode(frame).decode())
    frame = pickle._dumps({"msg": "m", "v": v}, 1)
    print(name, "py", base64.b64encode(frame).decode())
`

// wantValues is how a value of the program above looks in zap's JSON.
var wantValues = map[string]string{
	"none": `null`, "true": `true`, "int": `7`, "negative": `-70000`, "big": `2147483648`, "bigger": `9223372036854775808`,
	"biggest": `1000000000000000000000000000000`, "minus": `-1000000000000000000000000000000`, "float": `1.5`, "inf": `"+Inf"`,
	"text": `"späm ✓ 😀"`, "lines": `"a\nb\\u0041\\"`, "surrogate": `"a�b"`, "empty": `""`, "bytes": `"AH+A/w=="`, "nobytes": `""`,
	"bytearray": `"YWL/"`, "complex": `"1-2i"`, "list": `[1,"a",null,[2.5,"eA=="]]`, "tuple": `[1,2]`, "single": `[1]`,
	"four": `[1,2,3,4]`, "unit": `[]`, "set": `[5]`, "frozenset": `[6]`, "dict": `{"a":{"b":1},"2":"two"}`, "shared": `[["s"],["s"]]`,
	"ordered": `{"z":1,"a":2}`, "aware": `"2026-02-03T04:05:06.789123-05:30"`, "utc": `"2026-02-03T00:00:00Z"`,
	"naive": `"2026-02-03T04:05:06"`, "micro": `"2026-02-03T04:05:06.000007"`, "date": `"2026-02-03"`, "time": `"04:05:06.700000"`,
	"delta": `"-23h59m58.999995s"`, "decimal": `1.10`, "nan": `"NaN"`, "uuid": `"12345678-9abc-def0-1234-56789abcdef0"`,
	"thing": `"<__main__.Thing>"`, "enum": `"<__main__.Color>"`, "class": `"<__main__.Thing>"`, "fraction": `"<fractions.Fraction>"`,
}

func TestUnpicklerReadsAllProtocols(t *testing.T) {
	out, err := exec.Command(peers.Python(t, ""), "-c", values).Output()
	require.NoError(t, err)
	seen := 0
	for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); seen++ {
		name, rest, _ := strings.Cut(s.Text(), " ")
		protocol, encoded, _ := strings.Cut(rest, " ")
		frame, err := base64.StdEncoding.DecodeString(encoded)
		require.NoError(t, err)
		got, err := asJSON(t, frame)
		if !assert.NoError(t, err, "%s, protocol %s", name, protocol) {
			continue
		}
		assert.Equal(t, "m", got["MSG"])
		switch name {
		case "many":
			assert.Len(t, got["v"], 2500)
		case "path", "error": // the class's module has changed over Python's versions
			assert.Regexp(t, `^<\w[\w.]*\.(PurePosixPath|ValueError)>$`, got["v"], "protocol %s", protocol)
		default:
			want := json.NewDecoder(strings.NewReader(wantValues[name]))
			want.UseNumber()
			var v any
			require.NoError(t, want.Decode(&v), name)
			assert.Equal(t, v, got["v"], "%s, protocol %s", name, protocol)
		}
	}
	assert.Greater(t, seen, 6*len(wantValues))
}

func TestUnpicklerRefuses(t *testing.T) {
	bomb := []byte("(lp0\n0") // 2^40 leaves from less than 300 bytes
	bomb = append(bomb, "]q\x00(K\x01K\x01eq\x00"...)
	for range 40 {
		bomb = append(bomb, "]q\x01(h\x00h\x00eq\x00"...)
	}
	bomb = append([]byte("}(X\x01\x00\x00\x00v"), append(bomb[6:], "u."...)...)
	for _, test := range []struct {
		name  string
		frame string
		want  string
	}{
		{"nothing", "", "ends too early"},
		{"what is no dict", "K\x01.", "no dict"},
		{"what ends too early", "}(X\x05\x00\x00\x00ab", "ends too early"},
		{"a huge string", "X\xff\xff\xff\xffab.", "ends too early"},
		{"a huge string of protocol 4", "\x8d\xff\xff\xff\xff\xff\xff\xff\xffab.", "ends too early"},
		{"an unknown opcode", "}\xfe.", "unknown opcode"},
		{"an unknown protocol", "\x80\x09}.", "unknown protocol 9"},
		{"an empty stack", "0.", "empty stack"},
		{"a dict taken through a mark", "}(0u.", "no mark"},
		{"a memo that is not there", "h\x07.", "no memo 7"},
		{"a call of a number", "K\x01)R.", "cannot be called"},
		{"an integer of a million digits", "L" + strings.Repeat("9", 1000000) + "L\n.", "more than 4300 digits"},
		{"a binary integer of a million digits", "\x8b\x00\x00\x08\x00" + strings.Repeat("9", 1<<19) + ".", "more than 4300 digits"},
		{"a list that contains itself", "}(X\x01\x00\x00\x00v]q\x00h\x00au.", "contains itself"},
		{"a dict that contains itself", "}q\x00(X\x01\x00\x00\x00vh\x00u.", "contains itself"},
		{"a value nested deeply", "}(X\x01\x00\x00\x00v" + strings.Repeat("(", 5000) + strings.Repeat("t", 5000) + "u.", "nested deeper than 100"},
		{"what expands to 2^40 leaves", string(bomb), "too large when what it shares is written out"},
		{"too many values", strings.Repeat("2", maxPushes+2), "empty stack"},
		{"too many values of one", "N" + strings.Repeat("2", maxPushes+2), "more than"},
		{"calls that copy the same list again and again", "cbuiltins\nlist\nq\x00((" + strings.Repeat("N", 5000) + "lq\x01tq\x02" +
			strings.Repeat("h\x00h\x02R", 200000), "more than"},
		{"calls that encode the same text again and again", "c_codecs\nencode\nq\x00(X\x00\x00\x08\x00" + strings.Repeat("a", 1<<19) + "tq\x02" +
			strings.Repeat("h\x00h\x02R", 100000), "more than"},
		{"states built from the same dict again and again", "cuuid\nUUID\n)Rq\x00}(" + strings.Repeat("NN", 5000) + "uq\x02" +
			strings.Repeat("h\x00h\x02b", 200000), "more than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Now()
			_, err := asJSON(t, []byte(test.frame))
			require.ErrorContains(t, err, test.want)
			assert.Less(t, time.Since(start), 2*time.Second)
		})
	}
	t.Logf("the bomb is %d bytes", len(bomb))
	assert.Less(t, len(bomb), 600)
}

// TestUnpicklerRunsNothing holds that what a pickle names stays a name.
func TestUnpicklerRunsNothing(t *testing.T) {
	marker := t.TempDir() + "/ran"
	for _, frame := range []string{
		"}(X\x01\x00\x00\x00vcos\nsystem\n(X" + lengthOf("touch "+marker) + "touch " + marker + "tRu.",
		"}(X\x01\x00\x00\x00v(S'touch " + marker + "'\nios\nsystem\nu.",
		"}(X\x01\x00\x00\x00v(cos\nsystem\nX" + lengthOf("touch "+marker) + "touch " + marker + "ou.",
		"\x80\x04}(\x8c\x01v\x8c\x02os\x8c\x06system\x93\x8c" + string(rune(len("touch "+marker))) + "touch " + marker + "\x85Ru.",
	} {
		got, err := asJSON(t, []byte(frame))
		require.NoError(t, err, "%q", frame)
		assert.Equal(t, "<os.system>", got["v"])
	}
	_, err := os.Stat(marker)
	assert.ErrorIs(t, err, os.ErrNotExist)
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
	seconds, whole := func(f float64) float { return &f }, int64(7)
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
		{"text", newText("yesterday"), now},
	} {
		t.Run(test.name, func(t *testing.T) { assert.True(t, test.want.Equal(timeOf(test.v, now))) })
	}
}

func nan() float64 { zero := 0.0; return zero / zero }

// FuzzUnpickler holds that no pickle makes the reader panic, run away or write a record much larger than itself.
func FuzzUnpickler(f *testing.F) {
	var r base.Record
	_ = r.Capture(entry("hello"), base.Context{}, nil)
	frame, _ := pickle{}.Append(nil, &r)
	f.Add(frame)
	if out, err := exec.Command("python3", "-c", values).Output(); err == nil {
		for s := bufio.NewScanner(strings.NewReader(string(out))); s.Scan(); {
			if frame, err := base64.StdEncoding.DecodeString(s.Text()[strings.LastIndexByte(s.Text(), ' ')+1:]); err == nil && len(frame) < 2000 {
				f.Add(frame)
			}
		}
	}
	f.Add([]byte("}(X\x01\x00\x00\x00v]q\x00(h\x00h\x00eu."))
	reader := logRecordReader{limit: 1 << 16}
	var parsed base.Record
	f.Fuzz(func(t *testing.T, frame []byte) {
		if reader.read(&r, frame, time.Unix(0, 0)) == nil {
			require.NoError(t, parsed.Parse(r.Bytes()))
			require.Less(t, len(r.Bytes()), 100*expansion<<16)
		}
	})
}
