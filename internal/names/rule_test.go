package names

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// ecs is an encoder whose own members have dots in their names.
func ecs() zapcore.Encoder {
	return base.NewJSON(zapcore.EncoderConfig{MessageKey: "message", LevelKey: "log.level", StacktraceKey: "error.stack_trace",
		EncodeLevel: zapcore.LowercaseLevelEncoder, SkipLineEnding: true})
}

func newRule(t testing.TB, reserved ...string) *Rule {
	paths, ok := Of(ecs())
	require.True(t, ok)
	require.ElementsMatch(t, []string{"message", "log.level", "error.stack_trace"}, paths)
	return New(Config{Reserved: append(paths, reserved...), Error: "error.message"})
}

func encode(t testing.TB, rule *Rule, fields ...zapcore.Field) string {
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: "m"}, base.Context{}, fields))
	var last string
	for i := range 3 { // looked at, remembered, and once more
		named := rule.Distinct(&r)
		line, err := named.AppendEncoded(nil, ecs())
		require.NoError(t, err)
		if i > 0 {
			require.Equal(t, last, string(line))
		}
		last = string(line)
		if named != &r {
			named.Free()
		}
	}
	requireDistinct(t, last)
	text, ok := strings.CutPrefix(last, `{"log.level":"info","message":"m"`)
	require.True(t, ok, last)
	return strings.TrimPrefix(strings.TrimSuffix(text, "}"), ",")
}

func TestNamesAreDistinct(t *testing.T) {
	rule := newRule(t, "_id")
	for _, test := range []struct {
		name   string
		fields []zapcore.Field
		want   string
	}{
		{"nothing", nil, ``},
		{"plain", []zapcore.Field{zap.Int("a", 1), zap.Int("b", 2)}, `"a":1,"b":2`},
		{"a field twice", []zapcore.Field{zap.Int("a", 1), zap.Int("a", 2), zap.Int("a", 3), zap.Int("a", 4)}, `"a":1,"a_":2,"a_2":3,"a_3":4`},
		{"what it would be called is there", []zapcore.Field{zap.Int("a_", 0), zap.Int("a", 1), zap.Int("a", 2)}, `"a_":0,"a":1,"a_2":2`},
		{"the record's own", []zapcore.Field{zap.Int("message", 1), zap.Int("log.level", 2), zap.Int("_id", 3)}, `"message_":1,"log.level_":2,"_id_":3`},
		{"below the record's own", []zapcore.Field{zap.Int("message.a", 1), zap.Int("message.a", 2), zap.Int("log.level.x", 3)}, `"message_.a":1,"message_2.a":2,"log.level_.x":3`},
		{"a value where an object is", []zapcore.Field{zap.Int("log", 1)}, `"log_":1`},
		{"an object where an object is", []zapcore.Field{zap.Dict("log", zap.Int("level", 1), zap.Int("n", 2))}, `"log":{"level_":1,"n":2}`},
		{"an object where a value is", []zapcore.Field{zap.Int("a", 1), zap.Dict("a", zap.Int("b", 2))}, `"a":1,"a_":{"b":2}`},
		{"a value behind an object", []zapcore.Field{zap.Dict("a", zap.Int("b", 2)), zap.Int("a", 1)}, `"a":{"b":2},"a_":1`},
		{"an empty object", []zapcore.Field{zap.Dict("a"), zap.Int("a", 1)}, `"a":{},"a_":1`},
		{"an object twice", []zapcore.Field{zap.Dict("a", zap.Int("b", 1)), zap.Dict("a", zap.Int("b", 2))}, `"a":{"b":1},"a_":{"b":2}`},
		{"a dot and an object", []zapcore.Field{zap.Int("a.b", 1), zap.Dict("a", zap.Int("b", 2), zap.Int("c", 3))}, `"a.b":1,"a":{"b_":2,"c":3}`},
		{"namespaces", []zapcore.Field{zap.Int("a", 1), zap.Namespace("a"), zap.Int("a", 2), zap.Int("a", 3), zap.Namespace("a"), zap.Int("x", 4)},
			`"a":1,"a_":{"a":2,"a_":3,"a_2":{"x":4}}`},
		{"a namespace of the record's", []zapcore.Field{zap.Namespace("log"), zap.Int("level", 1)}, `"log":{"level_":1}`},
		{"an error", []zapcore.Field{zap.Error(fmt.Errorf("bad"))}, `"error.message":"bad"`},
		{"an error twice", []zapcore.Field{zap.Error(fmt.Errorf("bad")), zap.Error(fmt.Errorf("worse"))}, `"error.message":"bad","error.message_":"worse"`},
		{"an error that is a number", []zapcore.Field{zap.Int("error", 1)}, `"error_":1`},
		{"an error that is an object", []zapcore.Field{zap.Dict("error", zap.String("stack_trace", "s"), zap.Int("n", 1))}, `"error":{"stack_trace_":"s","n":1}`},
		{"an error elsewhere", []zapcore.Field{zap.Namespace("n"), zap.Error(fmt.Errorf("bad"))}, `"n":{"error":"bad"}`},
		{"reflected", []zapcore.Field{zap.Any("a", json.RawMessage(`{"b":1,"b":{"c":1.50},"\u0062":18446744073709551615,"d":[{"x":1,"x":null},1e400,"\n"]}`))},
			`"a":{"b":1,"b_":{"c":1.5},"b_2":18446744073709551615,"d":[{"x":1,"x_":null},1e400,"\n"]}`},
		{"reflected, at an end", []zapcore.Field{zap.Any("log", json.RawMessage(` { "level" : true , "n" : [ ] , "o" : { } } `))}, `"log":{"level_":true,"n":[],"o":{}}`},
		{"elements have names of their own", []zapcore.Field{zap.Objects("a", []dict{{zap.Int("x", 1)}, {zap.Int("x", 2), zap.Int("x", 3)}})},
			`"a":[{"x":1},{"x":2,"x_":3}]`},
		{"blank parts", []zapcore.Field{zap.Int("", 1), zap.Int(" ", 2), zap.Int("a..b", 3), zap.Int(".", 4), zap.Int("a.", 5)}, `"_":1,"__":2,"a._.b":3,"__2._":4,"a.__":5`},
		{"no UTF-8", []zapcore.Field{zap.Int("\xff", 1), zap.Int("\xfe", 2), zap.Int("\ufffd", 3)}, "\"\ufffd\":1,\"\ufffd_\":2,\"\ufffd_2\":3"},
		{"kinds stay", []zapcore.Field{zap.Int("a", 1), zap.Float32("a", 0.1), zap.Uint64("a", 1<<63), zap.Binary("a", []byte{1}), zap.Complex64("a", 1i),
			zap.Bools("a", []bool{true}), zap.Any("a", nil)}, `"a":1,"a_":0.1,"a_2":9223372036854775808,"a_3":"AQ==","a_4":"0+1i","a_5":[true],"a_6":null`},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, encode(t, rule, test.fields...)) })
	}
}

func TestTypeOfAnError(t *testing.T) {
	paths, _ := Of(ecs())
	rule := New(Config{Reserved: paths, Error: "error.message", ErrorType: "error.type"})
	bad := zap.Error(errors.New("bad"))
	for _, test := range []struct {
		name   string
		fields []zapcore.Field
		want   string
	}{
		{"an error", []zapcore.Field{bad, zap.Int("n", 1)}, `"error.message":"bad","error.type":"*errors.errorString","n":1`},
		{"causes", []zapcore.Field{zap.Error(errors.Join(io.EOF))}, `"error.message":"EOF","error.type":"*errors.joinError"`},
		{"more than a text", []zapcore.Field{zap.Error(verbose{})}, `"error.message":"v","error.type":"names.verbose","errorVerbose":"verbose"`},
		{"a text", []zapcore.Field{zap.String("error", "bad")}, `"error.message":"bad"`},
		{"under another name", []zapcore.Field{zap.NamedError("cause", io.EOF)}, `"cause":"EOF"`},
		{"twice", []zapcore.Field{bad, bad}, `"error.message":"bad","error.type":"*errors.errorString","error.message_":"bad","error.type_":"*errors.errorString"`},
		{"a field has the name", []zapcore.Field{bad, zap.String("error.type", "mine")}, `"error.message":"bad","error.type":"mine"`},
		{"a field in an object has it", []zapcore.Field{bad, zap.Dict("error", zap.String("type", "mine"))}, `"error.message":"bad","error":{"type":"mine"}`},
		{"before a namespace", []zapcore.Field{bad, zap.Namespace("a"), bad}, `"error.message":"bad","error.type":"*errors.errorString","a":{"error":"bad"}`},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.want, encode(t, rule, test.fields...)) })
	}
}

// verbose is an error that says more when asked for it, as those of several packages do.
type verbose struct{}

func (verbose) Error() string                 { return "v" }
func (verbose) Format(s fmt.State, verb rune) { _, _ = io.WriteString(s, "verbose") }

// dict is an object made of fields.
type dict []zapcore.Field

func (o dict) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for i := range o {
		o[i].AddTo(enc)
	}
	return nil
}

func TestManyOfOneNameStayShort(t *testing.T) {
	var fields []zapcore.Field
	for i := range 20_000 {
		fields = append(fields, zap.Int("a", i))
	}
	text := encode(t, newRule(t), fields...)
	require.Less(t, len(text), 20_000*20)
}

func TestDistinctAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	rule := newRule(t)
	for name, fields := range map[string][]zapcore.Field{
		"distinct": {zap.Int("a", 1), zap.String("b", "x")},
		"not":      {zap.Error(fmt.Errorf("bad")), zap.Int("a", 1), zap.Int("a", 2), zap.Dict("o", zap.Int("a", 1)), zap.Strings("s", []string{"x"})},
	} {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Message: "m"}, base.Context{}, fields))
		allocs := testing.AllocsPerRun(1000, func() {
			if named := rule.Distinct(&r); named != &r {
				named.Free()
			}
		})
		require.Less(t, allocs, 1.0, name)
	}
}

// FuzzDistinct: whatever the fields are called, the document is valid JSON, every path is there once, and no value is lost.
func FuzzDistinct(f *testing.F) {
	f.Add("a", "a", "a.b", "b", []byte(`{"a":1,"a":2}`))
	f.Add("message", "log", "level", "error", []byte(`[{"x":{"":1}}]`))
	f.Add("", ".", "a_", "\xff", []byte(`" "`))
	f.Add("a", "a_", "a_2", "_", []byte(`{"\u0061":[1,{"b":[]}]}`))
	rule := newRule(f, "_id")
	f.Fuzz(func(t *testing.T, a, b, c, d string, raw []byte) {
		fields := []zapcore.Field{zap.Int(a, 1001), zap.Dict(b, zap.Int(c, 1002), zap.Int(d, 1003)), zap.Int(c, 1004), zap.String("error", "1005"),
			zap.Int(a, 1006), zap.Namespace(d), zap.Int(b, 1007), zap.Objects(a, []dict{{zap.Int(a, 1008), zap.Int(b, 1009)}}), zap.Namespace(c), zap.Int(a, 1010)}
		if json.Valid(raw) {
			fields = append([]zapcore.Field{zap.Any(b, json.RawMessage(raw))}, fields...)
		}
		text := encode(t, rule, fields...)
		at := 0
		for n := 1001; n <= 1010; n++ {
			i := strings.Index(text[at:], fmt.Sprint(n))
			require.GreaterOrEqual(t, i, 0, "%d of %s", n, text)
			at += i
		}
	})
}

// requireDistinct requires that no object of a document has a member twice, that no two values have the same path, and that no
// path leads through a value that is no object. What lies in an array is a document of its own.
func requireDistinct(t testing.TB, text string) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	walkObject(t, d, "", map[string]string{}, text)
}

func walkObject(t testing.TB, d *json.Decoder, path string, kinds map[string]string, text string) {
	first, err := d.Token()
	require.NoError(t, err, text)
	require.Equal(t, json.Delim('{'), first)
	members := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		require.NoError(t, err, text)
		name := token.(string)
		require.False(t, members[name], "the member %q is there twice: %s", name, text)
		members[name] = true
		parts := strings.Split(name, ".")
		for i, part := range parts {
			require.NotEmpty(t, strings.TrimFunc(part, unicode.IsSpace), text)
			if i < len(parts)-1 {
				outer := path + strings.Join(parts[:i+1], ".")
				require.NotEqual(t, "value", kinds[outer], "%s: %s", outer, text)
				kinds[outer] = "object"
			}
		}
		var raw json.RawMessage
		require.NoError(t, d.Decode(&raw))
		if raw[0] == '{' {
			require.NotEqual(t, "value", kinds[path+name], "%s: %s", path+name, text)
			kinds[path+name] = "object"
			inner := json.NewDecoder(bytes.NewReader(raw))
			walkObject(t, inner, path+name+".", kinds, text)
			continue
		}
		require.Empty(t, kinds[path+name], "%s: %s", path+name, text)
		kinds[path+name] = "value"
		if raw[0] == '[' {
			var elements []json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &elements))
			for _, element := range elements {
				if element[0] == '{' {
					requireDistinct(t, string(element))
				}
			}
		}
	}
	_, err = d.Token()
	require.NoError(t, err)
}
