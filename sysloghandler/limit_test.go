package sysloghandler

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
)

// framed returns what goes over the wire for a message that cfg formatted.
func framed(t testing.TB, cfg Config, payload string) []byte {
	t.Helper()
	cfg, _, err := cfg.withDefaults()
	require.NoError(t, err)
	if !cfg.onStream() {
		return []byte(payload)
	}
	return cfg.Framing.Append(nil, []byte(payload))
}

// transports are all the ways a message can go.
var transports = []Config{
	{Network: "udp"}, {Network: "tcp"}, {Network: "tcp", Framing: Newline}, {Network: "tcp", Framing: NUL},
	{Network: "unixgram", Address: "s"}, {Network: "unix", Address: "s"}, {Network: "local"},
}

func TestNoMessageIsLargerThanItMayBe(t *testing.T) {
	texts := map[string]string{
		"ASCII": "x", "quotes": `"`, "newlines": "\n", "NUL": "\x00", "euros": "€", "flags": "🇨🇭", "broken": "\xff", "mixed": "a\\€\n]\xf0\x9f",
	}
	for _, transport := range transports {
		for f := RFC5424; f < formats; f++ {
			for name, unit := range texts {
				cfg := transport
				cfg.Format = f
				cfg = identified(cfg, "web7", "shop", "4711")
				t.Run(fmt.Sprintf("%s %v %v %s", cfg.Network, cfg.Framing, f, name), func(t *testing.T) {
					for _, size := range []int{0, 700, 1003} {
						cfg.MaxSize = size
						limit := cmp.Or(size, 8096)
						if size == 0 && cfg.Network == "udp" {
							limit = 2048
						}
						for n := limit - 150; n < limit+50; n += 11 {
							s := strings.Repeat(unit, n/len(unit)+1)
							for _, got := range []string{
								format(t, cfg, entry(s)),
								format(t, cfg, entry("m"), zap.String("k", s), zap.Int("after", 1)),
								format(t, cfg, entry(s), zap.String("k", s), zap.Int("after", 1)),
							} {
								frame := framed(t, cfg, got)
								require.LessOrEqual(t, len(frame), limit)
								require.Greater(t, len(frame), limit/4-20, "no more is cut than must be")
								require.True(t, utf8.ValidString(got))
							}
						}
					}
				})
			}
		}
	}
}

func TestWhatIsCutSaysSo(t *testing.T) {
	cfg := fixed()
	long := strings.Repeat("é", 4000)
	t.Run("the message", func(t *testing.T) {
		m := parsed(t, cfg, entry(long), zap.Int("a", 1))
		assert.True(t, strings.HasSuffix(m.text, "é..."), "%q", m.text[len(m.text)-10:])
		assert.Equal(t, []element{{"fields@32473", []param{{"a", "1"}}}}, m.elements, "fields come before it")
	})
	t.Run("a field", func(t *testing.T) {
		m := parsed(t, cfg, entry("m"), zap.Int("a", 1), zap.String("b", long), zap.Int("c", 1))
		assert.Equal(t, "m", m.text, "the message stays")
		params := m.elements[0].params
		require.Len(t, params, 3)
		assert.True(t, strings.HasSuffix(params[1].value, "é..."))
		assert.Equal(t, param{"truncated", "true"}, params[2])
	})
	t.Run("many fields", func(t *testing.T) {
		var fields []zap.Field
		for i := range 1000 {
			fields = append(fields, zap.Int(fmt.Sprint("k", i), i))
		}
		m := parsed(t, cfg, entry("m"), fields...)
		params := m.elements[0].params
		for i, p := range params[:len(params)-1] {
			require.Equal(t, param{fmt.Sprint("k", i), fmt.Sprint(i)}, p, "what is there is whole")
		}
		assert.Equal(t, param{"truncated", "true"}, params[len(params)-1])
		assert.Greater(t, len(params), 120)
	})
	t.Run("a binary field", func(t *testing.T) {
		m := parsed(t, cfg, entry("m"), zap.Binary("b", make([]byte, 10000)))
		params := m.elements[0].params
		require.Len(t, params, 2)
		assert.Regexp(t, `^A+\.\.\.$`, params[0].value)
	})
	t.Run("message and field share", func(t *testing.T) {
		m := parsed(t, cfg, entry(long), zap.String("b", long))
		assert.Greater(t, len(m.text), 400)
		assert.Greater(t, len(m.elements[0].params[0].value), 1000)
	})
	t.Run("fields behind a text", func(t *testing.T) {
		cfg := cfg
		cfg.Format = RFC3164
		got := format(t, cfg, entry(long), zap.Int("a", 1))
		assert.True(t, strings.HasSuffix(got, `é... truncated="true"`), "%q", got[len(got)-40:])
	})
}

func TestOneRecordIsOneFrame(t *testing.T) {
	forged := "x\n<34>1 2026-11-22T10:11:12Z web7 sshd 1 - - forged\x00<34>forged\r\n12 <34>forged"
	for _, transport := range transports[1:4] {
		for f := RFC5424; f < formats; f++ {
			cfg := transport
			cfg.Ident, cfg.Format = "ident"+forged, f
			cfg = identified(cfg, "web7"+forged, "shop"+forged, "")
			frame := framed(t, cfg, format(t, cfg, entry(forged), zap.String("k"+forged, forged)))
			body, end := frame[:len(frame)-1], frame[len(frame)-1]
			cfg, _, err := cfg.withDefaults()
			require.NoError(t, err)
			switch cfg.Framing {
			case Newline:
				assert.Equal(t, byte('\n'), end)
				assert.NotContains(t, string(body), "\n")
				assert.NotContains(t, string(body), "\x00", "which syslog-ng takes for an end as well")
			case NUL:
				assert.Equal(t, byte(0), end)
				assert.NotContains(t, string(body), "\n", "which rsyslog takes for an end as well")
				assert.NotContains(t, string(body), "\x00")
			default:
				size, _, err := counted(frame, true)
				require.NoError(t, err)
				assert.Len(t, frame, size)
			}
		}
	}
}
