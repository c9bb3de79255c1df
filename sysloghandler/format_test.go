package sysloghandler

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestTextForms(t *testing.T) {
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	time.Local = at.Location() // RFC 3164 is in local time
	json := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
	for _, test := range []struct {
		name   string
		cfg    Config
		entry  zapcore.Entry
		fields []zapcore.Field
		want   string
	}{
		{"RFC 3164 over the network", Config{Format: RFC3164}, entry("order taken"), nil,
			"<14>Nov 22 10:11:12 web7 shop[4711]: order taken"},
		{"RFC 3164 on a unix socket", Config{Format: RFC3164, Network: "unixgram", Address: "s"}, entry("order taken"), nil,
			"<14>Nov 22 10:11:12 shop[4711]: order taken"},
		{"the default on the local socket", Config{Network: "local"}, entry("order\ntaken"), []zapcore.Field{zap.Int("a", 1)},
			"<14>Nov 22 10:11:12 shop[4711]: order\ntaken a=\"1\""},
		{"RFC 3164 pads the day", Config{Format: RFC3164}, zapcore.Entry{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, at.Location()), Message: "m"}, nil,
			"<14>Jan  2 03:04:05 web7 shop[4711]: m"},
		{"RFC 3164 with a tag that would end too soon", Config{Format: RFC3164, AppName: "my app[1]: x", Hostname: "a b"}, entry("m"), nil,
			"<14>Nov 22 10:11:12 a_b my_app_1___x[4711]: m"},
		{"RFC 3164 with fields", Config{Format: RFC3164}, entry("m"), []zapcore.Field{zap.String("k", `a"b`), zap.Int("n", 1)},
			`<14>Nov 22 10:11:12 web7 shop[4711]: m k="a\"b" n="1"`},
		{"RFC 3164 with an encoder", Config{Format: RFC3164, Encoder: json}, entry("m"), []zapcore.Field{zap.Int("n", 1)},
			`<14>Nov 22 10:11:12 web7 shop[4711]: {"msg":"m","n":1}`},
		{"Python's form", Config{Format: Python}, entry("m"), nil, "<14>m\x00"},
		{"Python's form with an ident", Config{Format: Python, Ident: "app: "}, entry("m"), nil, "<14>app: m\x00"},
		{"Python's form without NUL", Config{Format: Python, OmitNUL: true}, entry("m"), nil, "<14>m"},
		{"Python's form with newlines and NULs", Config{Format: Python}, entry("a\nb\x00c"), nil, "<14>a\nb\x00c\x00"},
		{"Python's form on a stream", Config{Format: Python, Network: "tcp"}, entry("a\nb\x00c"), nil, `<14>a\nb\x00c`},
		{"Python's form with fields", Config{Format: Python}, entry("m"), []zapcore.Field{zap.Int("n", 1)}, "<14>m n=\"1\"\x00"},
		{"Python's form with an encoder", Config{Format: Python, Encoder: json}, entry("m"), nil, "<14>{\"msg\":\"m\"}\x00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg, want := test.cfg, fixed()
			if cfg.AppName == "" {
				cfg = identified(cfg, want.Hostname, want.AppName, want.ProcID)
			} else {
				cfg.ProcID = want.ProcID
			}
			require.Equal(t, test.want, format(t, cfg, test.entry, test.fields...))
		})
	}
}

func TestAnEncoderThatFailsRefusesTheRecord(t *testing.T) {
	cfg := fixed()
	cfg.Encoder = broken{zapcore.NewJSONEncoder(zapcore.EncoderConfig{})}
	core := newCore(t, cfg)
	require.ErrorIs(t, core.Write(entry("m"), nil), errBroken)
	require.Equal(t, Stats{Refused: 1}, core.Stats())
}

func TestAppendInt(t *testing.T) {
	for v := int64(-1100); v < 1100; v++ {
		assert.Equal(t, strconv.FormatInt(v, 10), string(appendInt(nil, v)))
	}
}
