package sysloghandler

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

const controls = "esc \x1b[31m del \x7f tab \t line\nfeed\r nul \x00 c1 \u0085\u009b é long enough for eight bytes at once\x7f"

func TestControls(t *testing.T) {
	const seen = `esc \x1b[31m del \x7f tab \t line\nfeed\r nul \x00 c1 \u0085\u009b é long enough for eight bytes at once\x7f`
	raw := strings.ReplaceAll(controls, "\x00", `\x00`)
	for _, test := range []struct {
		name string
		cfg  Config
		want string // of the message
	}{
		{"RFC 3164 by default", Config{Format: RFC3164}, seen},
		{"RFC 3164 over TCP", Config{Format: RFC3164, Network: "tcp"}, seen},
		{"RFC 3164 on the machine's own socket", Config{Network: "local"}, raw},
		{"RFC 3164 if asked for", Config{Format: RFC3164, Controls: RawControls}, raw},
		{"RFC 5424 by default", Config{}, raw},
		{"RFC 5424 if asked for", Config{Controls: VisibleControls}, seen},
		{"RFC 5424 over TCP if asked for", Config{Network: "tcp", Controls: VisibleControls}, seen},
		{"the local socket if asked for", Config{Network: "local", Controls: VisibleControls}, seen},
		{"Python's form if asked for", Config{Format: Python, Controls: VisibleControls}, seen},
		{"Python's form by default", Config{Format: Python}, controls},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Contains(t, format(t, test.cfg, entry(controls)), test.want)
			whole := format(t, test.cfg, entry(controls), zap.String("k", controls), zap.Strings(controls, []string{controls}))
			if test.want == seen {
				assert.False(t, strings.ContainsFunc(strings.TrimSuffix(whole, "\x00"), unicode.IsControl), "%q", whole)
			}
		})
	}
	m := parsed(t, Config{Controls: VisibleControls}, entry("m"), zap.String("k", controls))
	assert.Equal(t, []string{seen}, m.param("fields@32473", "k"), "a value reads as it was written")
}

func TestWhatIsMadeVisibleIsCutWhole(t *testing.T) {
	e := newEscaping(false, false).visible()
	for limit := range 40 {
		got, _ := e.appendUpTo(nil, "a\x1bb\u0085c\x7f d", limit)
		assert.LessOrEqual(t, len(got), limit)
		rest := strings.NewReplacer(`\x1b`, "", `\u0085`, "", `\x7f`, "").Replace(string(got))
		assert.NotContains(t, rest, `\`, "no escape is cut: %q", got)
	}
}

func TestSeparator(t *testing.T) {
	fields := []zap.Field{zap.Dict("client", zap.String("ip", "::1")), zap.Strings("tags", []string{"a"}), zap.Int("log.level", 1), zap.Int("plain", 2)}
	assert.Contains(t, format(t, Config{}, entry("m"), fields...), `[fields@32473 client.ip="::1" tags.0="a" log.level="1" plain="2"]`)
	assert.Contains(t, format(t, Config{Separator: "_"}, entry("m"), fields...), `[fields@32473 client_ip="::1" tags_0="a" log_level="1" plain="2"]`)
	assert.Contains(t, format(t, Config{Separator: "/", Format: Python}, entry("m"), fields...), ` client/ip="::1" tags/0="a"`)
	for _, bad := range []string{" ", "=", "__", "é", "\""} {
		_, err := New(Config{Separator: bad})
		require.ErrorContains(t, err, "Config.Separator")
	}
}

func TestUniqueNames(t *testing.T) {
	fields := []zap.Field{zap.Int("status", 1), zap.Int("Status", 2), zap.Int("status", 3), zap.Int("path", 4), zap.Dict("a", zap.Int("b", 5)), zap.Int("A.B", 6)}
	assert.Contains(t, format(t, Config{}, entry("m"), fields...), ` status="1" Status="2" status="3" path="4" a.b="5" A.B="6"]`)
	assert.Contains(t, format(t, Config{UniqueNames: true}, entry("m"), fields...), ` status="1" Status_2="2" status_3="3" path="4" a.b="5" A.B_2="6"]`)
	long := strings.Repeat("k", 100)
	m := parsed(t, Config{UniqueNames: true}, entry("m"), zap.Int(long, 1), zap.Int(long, 2), zap.Int(strings.ToUpper(long), 3))
	names := map[string]bool{}
	for _, p := range m.elements[0].params {
		assert.LessOrEqual(t, len(p.name), 32)
		names[strings.ToLower(p.name)] = true
	}
	assert.Len(t, names, 3)
}
