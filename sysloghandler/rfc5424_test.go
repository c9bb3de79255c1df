package sysloghandler

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestRFC5424(t *testing.T) {
	const head = "<14>1 2026-11-22T10:11:12.123456+01:00 web7 shop 4711 "
	for _, test := range []struct {
		name   string
		change func(*Config)
		entry  zapcore.Entry
		fields []zapcore.Field
		want   string
	}{
		{name: "a message alone", entry: entry("order taken"), want: head + "- - order taken"},
		{name: "nothing at all", entry: entry(""), want: head + "- -"},
		{name: "fields without a message", entry: entry(""), fields: []zapcore.Field{zap.Int("a", 1)}, want: head + `- [fields@32473 a="1"]`},
		{name: "fields", entry: entry("m"), fields: []zapcore.Field{zap.Int("status", 200), zap.String("path", "/a b")},
			want: head + `- [fields@32473 status="200" path="/a b"] m`},
		{name: "an SD-ID of one's own", entry: entry("m"), fields: []zapcore.Field{zap.Int("a", 1)},
			change: func(c *Config) { c.FieldsID = "shop@4242" }, want: head + `- [shop@4242 a="1"] m`},
		{name: "the logger's name is the MSGID", entry: zapcore.Entry{Time: at, LoggerName: "http.orders", Message: "m"},
			want: head + "http.orders - m"},
		{name: "a MSGID from a function", entry: entry("m"),
			change: func(c *Config) { c.MsgID = func(e zapcore.Entry) string { return "ID 47 " + e.Message } }, want: head + "ID_47_m - m"},
		{name: "no time", entry: zapcore.Entry{Message: "m"}, want: "<14>1 - web7 shop 4711 - - m"},
		{name: "a facility and a level", entry: zapcore.Entry{Time: at, Level: zapcore.ErrorLevel, Message: "m"},
			change: func(c *Config) { c.Facility = "local7" }, want: "<187>1 2026-11-22T10:11:12.123456+01:00 web7 shop 4711 - - m"},
		{name: "an ident", entry: entry("m"), change: func(c *Config) { c.Ident = "shop: " }, want: head + "- - shop: m"},
		{name: "a BOM", entry: entry("m"), change: func(c *Config) { c.BOM = true }, want: head + "- - \uFEFFm"},
		{name: "everything RFC 5424 section 7 has", entry: entry("m"), fields: []zapcore.Field{zap.Int("a", 1)},
			change: func(c *Config) {
				c.SequenceID = true
				c.TimeQuality = &TimeQuality{Synced: true, Accuracy: 60 * time.Millisecond}
				c.Origin = &Origin{IP: []string{"192.0.2.1", "192.0.2.129"}, EnterpriseID: "32473", Software: `a "b"`, Version: "1.2"}
			},
			want: head + `- [meta sequenceId=""][timeQuality tzKnown="1" isSynced="1" syncAccuracy="60000"]` +
				`[origin ip="192.0.2.1" ip="192.0.2.129" enterpriseId="32473" software="a \"b\"" swVersion="1.2"][fields@32473 a="1"] m`},
		{name: "a clock that nobody keeps", entry: entry("m"),
			change: func(c *Config) { c.TimeQuality = &TimeQuality{UnknownZone: true, Accuracy: time.Second} },
			want:   head + `- [timeQuality tzKnown="0" isSynced="0"] m`},
		{name: "an accuracy below the unit, and an origin that is too long", entry: entry("m"),
			change: func(c *Config) {
				c.TimeQuality = &TimeQuality{Synced: true, Accuracy: 1500 * time.Nanosecond}
				c.Origin = &Origin{Software: strings.Repeat("é", 49), Version: "v0.0.0-20191109021931-daa7c04131f5"}
			},
			want: head + `- [timeQuality tzKnown="1" isSynced="1" syncAccuracy="2"][origin software="` + strings.Repeat("é", 48) +
				`" swVersion="v0.0.0-20191109021931-daa7c04131"] m`},
		{name: "an encoder has the message and the fields", entry: entry("m"), fields: []zapcore.Field{zap.Int("a", 1)},
			change: func(c *Config) { c.Encoder = zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"}) },
			want:   head + `- - {"msg":"m","a":1}`},
		{name: "caller and stack", entry: zapcore.Entry{Time: at, Message: "m", Stack: "f\n\tg",
			Caller: zapcore.EntryCaller{Defined: true, File: "/src/shop/http/orders.go", Line: 12}},
			fields: []zapcore.Field{zap.Namespace("in")},
			want:   head + "- [fields@32473 caller=\"http/orders.go:12\" stacktrace=\"f\n\tg\"] m"},
		{name: "newlines where no byte ends a frame", entry: entry("a\nb\r\x1b"), fields: []zapcore.Field{zap.String("k", "a\nb")},
			want: head + "- [fields@32473 k=\"a\nb\"] a\nb\r\x1b"},
		{name: "newlines where one ends a frame", entry: entry("a\nb\r\x1b"), fields: []zapcore.Field{zap.String("k", "a\nb")},
			change: func(c *Config) { c.Network, c.Framing = "tcp", Newline },
			want:   head + `- [fields@32473 k="a\\nb"] a\nb\r` + "\x1b"},
		{name: "NUL everywhere", entry: entry("a\x00b"), fields: []zapcore.Field{zap.String("k", "a\x00b")},
			want: head + `- [fields@32473 k="a\\x00b"] a\x00b`},
		{name: "not UTF-8", entry: entry("a\xffb\xe2\x82"), fields: []zapcore.Field{zap.String("k", "\xff€")},
			want: head + "- [fields@32473 k=\"\uFFFD€\"] a\uFFFDb\uFFFD\uFFFD"},
		{name: "quotes", entry: entry(`a"b\c]d`), fields: []zapcore.Field{zap.String("k", `a"b\c]d`)},
			want: head + `- [fields@32473 k="a\"b\\c\]d"] a"b\c]d`},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := fixed()
			if test.change != nil {
				test.change(&cfg)
			}
			got := format(t, cfg, test.entry, test.fields...)
			require.Equal(t, test.want, got)
			_, err := parse(got)
			assert.NoError(t, err)
		})
	}
}

func TestHeaderIsCleaned(t *testing.T) {
	m := parsed(t, Config{
		Hostname: strings.Repeat("h", 300), AppName: "my app é\n<1>", ProcID: strings.Repeat("€", 200),
		MsgID: func(zapcore.Entry) string { return strings.Repeat("x ", 40) },
	}, entry("m"))
	assert.Equal(t, strings.Repeat("h", 255), m.host)
	assert.Equal(t, "my_app___<1>", m.app)
	assert.Equal(t, strings.Repeat("_", 128), m.procID)
	assert.Equal(t, strings.Repeat("x_", 16), m.msgID)

	m = parsed(t, Config{Hostname: "-", AppName: "-", ProcID: "-"}, entry("m"))
	assert.Equal(t, "- - -", m.host+" "+m.app+" "+m.procID, "a hyphen says nothing")
}

func TestFieldsOfEveryKind(t *testing.T) {
	type plain struct{ A int }
	for _, test := range []struct {
		field zapcore.Field
		want  string
	}{
		{zap.String("k", "v"), `k="v"`},
		{zap.ByteString("k", []byte("v]")), `k="v\]"`},
		{zap.Binary("k", []byte("\x00\x01\xff")), `k="AAH/"`},
		{zap.Bool("k", true), `k="true"`},
		{zap.Bool("k", false), `k="false"`},
		{zap.Int64("k", math.MinInt64), `k="-9223372036854775808"`},
		{zap.Uint64("k", math.MaxUint64), `k="18446744073709551615"`},
		{zap.Int8("k", -8), `k="-8"`},
		{zap.Uint8("k", 8), `k="8"`},
		{zap.Int16("k", -16), `k="-16"`},
		{zap.Uint16("k", 16), `k="16"`},
		{zap.Int32("k", -32), `k="-32"`},
		{zap.Uint32("k", 32), `k="32"`},
		{zap.Int("k", -1), `k="-1"`},
		{zap.Uint("k", 1), `k="1"`},
		{zap.Uintptr("k", 1), `k="1"`},
		{zap.Float64("k", 0.1), `k="0.1"`},
		{zap.Float64("k", 1e300), `k="1e+300"`},
		{zap.Float64("k", math.NaN()), `k="NaN"`},
		{zap.Float64("k", math.Inf(-1)), `k="-Inf"`},
		{zap.Float32("k", 0.1), `k="0.1"`},
		{zap.Complex128("k", complex(1, -2)), `k="1-2i"`},
		{zap.Complex128("k", complex(1, math.Inf(1))), `k="1+Infi"`},
		{zap.Complex64("k", complex(0.1, 2)), `k="0.1+2i"`},
		{zap.Duration("k", 1500*time.Millisecond), `k="1.5s"`},
		{zap.Time("k", at), `k="2026-11-22T10:11:12.123456789+01:00"`},
		{zap.Error(errors.New("no")), `error="no"`},
		{zap.Reflect("k", nil), `k="null"`},
		{zap.Reflect("k", plain{1}), `k="{\"A\":1}"`},
		{zap.Any("k", map[string]int{"a": 1}), `k="{\"a\":1}"`},
		{zap.Dict("k", zap.Int("a", 1), zap.Dict("b", zap.Int("c", 2))), `k.a="1" k.b.c="2"`},
		{zap.Dict("k"), `k="{}"`},
		{zap.Strings("k", []string{"a", "b"}), `k.0="a" k.1="b"`},
		{zap.Strings("k", nil), `k="[\]"`},
		{zap.Bools("k", []bool{true}), `k.0="true"`},
		{zap.Ints("k", []int{7}), `k.0="7"`},
		{zap.Int64s("k", []int64{7}), `k.0="7"`},
		{zap.Int32s("k", []int32{7}), `k.0="7"`},
		{zap.Int16s("k", []int16{7}), `k.0="7"`},
		{zap.Int8s("k", []int8{7}), `k.0="7"`},
		{zap.Uints("k", []uint{7}), `k.0="7"`},
		{zap.Uint64s("k", []uint64{7}), `k.0="7"`},
		{zap.Uint32s("k", []uint32{7}), `k.0="7"`},
		{zap.Uint16s("k", []uint16{7}), `k.0="7"`},
		{zap.Uint8s("k", []uint8{7}), `k.0="7"`},
		{zap.Uintptrs("k", []uintptr{7}), `k.0="7"`},
		{zap.Float64s("k", []float64{7}), `k.0="7"`},
		{zap.Float32s("k", []float32{7}), `k.0="7"`},
		{zap.Complex128s("k", []complex128{7}), `k.0="7+0i"`},
		{zap.Complex64s("k", []complex64{7}), `k.0="7+0i"`},
		{zap.ByteStrings("k", [][]byte{[]byte("a")}), `k.0="a"`},
		{zap.Durations("k", []time.Duration{time.Second}), `k.0="1s"`},
		{zap.Times("k", []time.Time{at.UTC()}), `k.0="2026-11-22T09:11:12.123456789Z"`},
		{zap.Array("k", nested{}), `k.0.a="1" k.1.0="x" k.2="{\"A\":1}" k.3="after"`},
		{zap.Array("k", zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) error { return errors.New("broken") })), `k="[\]" kError="broken"`},
	} {
		t.Run(test.want, func(t *testing.T) {
			got := format(t, fixed(), entry(""), test.field)
			require.Contains(t, got, "[fields@32473 "+test.want+"]")
			_, err := parse(got)
			require.NoError(t, err)
		})
	}
}

type nested struct{}

func (nested) MarshalLogArray(e zapcore.ArrayEncoder) error {
	return errors.Join(
		e.AppendObject(zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error { e.AddInt("a", 1); return nil })),
		e.AppendArray(zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) error { e.AppendString("x"); return nil })),
		e.AppendReflected(struct{ A int }{1}),
		func() error { e.AppendString("after"); return nil }())
}

func TestNamespaces(t *testing.T) {
	got := format(t, fixed(), entry(""), zap.Int("a", 1), zap.Namespace("n"), zap.Int("b", 2),
		zap.Object("o", zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
			e.OpenNamespace("in")
			e.AddInt("c", 3)
			return nil
		})), zap.Int("d", 4))
	assert.Contains(t, got, `[fields@32473 a="1" n.b="2" n.o.in.c="3" n.d="4"]`)
}

func TestNestedJSON(t *testing.T) {
	cfg := fixed()
	cfg.NestedJSON = true
	m := parsed(t, cfg, entry("m"), zap.Dict("o", zap.Int("a", 1), zap.Duration("d", time.Second)), zap.Strings("s", []string{`"`, "]"}),
		zap.Dict("e"), zap.Namespace("n"), zap.Bools("b", []bool{true}))
	assert.Equal(t, []element{{"fields@32473", []param{
		{"o", `{"a":1,"d":"1s"}`}, {"s", `["\"","]"]`}, {"e", `{}`}, {"n.b", `[true]`},
	}}}, m.elements)
}

func TestNamesAreMapped(t *testing.T) {
	long := strings.Repeat("k", 33)
	for _, test := range []struct{ name, key, want string }{
		{"valid", "user.id", "user.id"},
		{"32 long", long[:32], long[:32]},
		{"empty", "", "_"},
		{"a space", "user id", "user_id"},
		{"all that is forbidden", "a=b]c\"d\x00\n", "a_b_c_d__"},
		{"what syslog-ng does not take", "a[0]", "a_0_"},
		{"not ASCII", "größe", "gr____e"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := parsed(t, fixed(), entry("m"), zap.Int(test.key, 1))
			assert.Equal(t, []element{{"fields@32473", []param{{test.want, "1"}}}}, m.elements)
		})
	}
	t.Run("too long", func(t *testing.T) {
		m := parsed(t, fixed(), entry("m"), zap.Int(long+"1", 1), zap.Int(long+"2", 2))
		require.Len(t, m.elements[0].params, 2)
		one, two := m.elements[0].params[0].name, m.elements[0].params[1].name
		assert.NotEqual(t, one, two, "names with the same beginning are still told apart")
		assert.Regexp(t, `^k{23}~[0-9a-f]{8}$`, one)
	})
}
