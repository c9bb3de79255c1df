package sysloghandler

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

var errBroken = errors.New("broken")

// broken is an Encoder that fails.
type broken struct{ zapcore.Encoder }

func (b broken) Clone() zapcore.Encoder { return b }
func (b broken) EncodeEntry(zapcore.Entry, []zapcore.Field) (*buffer.Buffer, error) {
	return nil, errBroken
}

// repaired is s as it goes into a message that no byte ends.
func repaired(s string) string {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return strings.ReplaceAll(s, "\x00", `\x00`)
}

// FuzzRFC5424 formats a record of hostile parts, reads it strictly, and compares what was not cut.
func FuzzRFC5424(f *testing.F) {
	f.Add("message", "key", "value", "name", "host", int64(1), uint8(0))
	f.Add("a\n<1>1 - - - - - - forged", `]="`, `a]"\`, "a b", "\x00", int64(-1), uint8(1))
	f.Add("\xff\xfe€", "größe", "\xed\xa0\x80", "\xff", "é", int64(1<<62), uint8(2))
	f.Add(strings.Repeat("€", 3000), strings.Repeat("k", 100), strings.Repeat(`"`, 3000), strings.Repeat("n", 100), strings.Repeat("h", 300), int64(0), uint8(3))
	f.Fuzz(func(t *testing.T, msg, key, value, name, header string, nanos int64, options uint8) {
		cfg := Config{Network: "tcp", Hostname: header, AppName: header, ProcID: header, SequenceID: options&1 != 0, NestedJSON: options&2 != 0}
		if options&4 != 0 {
			cfg.Framing = Newline
		}
		cfg.MaxSize = 1200 + int(options)*64
		ent := zapcore.Entry{Level: zapcore.Level(options), Time: time.Unix(0, nanos), LoggerName: name, Message: msg}
		got := format(t, cfg, ent, zap.String(key, value), zap.Strings(key, []string{value}), zap.Dict(key, zap.String(key, value)))
		require.LessOrEqual(t, len(framed(t, cfg, got)), cfg.MaxSize)
		if cfg.Framing == Newline {
			require.NotContains(t, got, "\n")
			require.NotContains(t, got, "\x00")
		}
		m, err := parse(got)
		require.NoError(t, err, "%q", got)
		if cfg.Framing == Newline || len(msg)+4*len(value)+4*len(key) > 100 {
			return
		}
		require.Equal(t, repaired(msg), m.text)
		params := m.elements[len(m.elements)-1].params
		require.Len(t, params, 3)
		require.Equal(t, repaired(value), params[0].value)
		if !cfg.NestedJSON {
			require.Equal(t, repaired(value), params[1].value)
			require.Equal(t, repaired(value), params[2].value)
		}
	})
}

// FuzzNumbered sees that the number gets into its place whatever the header holds.
func FuzzNumbered(f *testing.F) {
	f.Add(`[meta sequenceId="`, "] a=\"1\"", "a b [meta sequenceId=\"\"]", int64(1))
	f.Fuzz(func(t *testing.T, header, value, msg string, number int64) {
		number = after(number & maxSequence)
		cfg := Config{Network: "tcp", Hostname: header, AppName: header, ProcID: header, SequenceID: true}
		got := format(t, cfg, zapcore.Entry{LoggerName: header, Message: msg}, zap.String("k", value))
		m, err := parse(string(appendNumbered(nil, []byte(got), number)))
		require.NoError(t, err)
		require.Equal(t, strconv.FormatInt(number, 10), m.elements[0].params[0].value)
	})
}

// FuzzText sees that an escaped text never outgrows its limit, and loses nothing if it fits.
func FuzzText(f *testing.F) {
	f.Add("a\"b\\c]d\n\x00\xff€", uint16(10), true, true)
	f.Fuzz(func(t *testing.T, s string, limit uint16, value, marked bool) {
		e := newEscaping(value, marked)
		got, whole := e.appendUpTo(nil, s, int(limit))
		require.LessOrEqual(t, len(got), int(limit))
		all, fits := e.append(nil, s, 10*len(s)+10)
		require.True(t, fits)
		require.Equal(t, len(all) <= int(limit), whole)
		require.True(t, utf8.Valid(got))
		if value && whole {
			back, _, err := parseValue(string(got) + `"`)
			require.NoError(t, err)
			if !marked {
				require.Equal(t, repaired(s), back)
			}
		}
	})
}

func TestRecordsFromAQueueLookTheSame(t *testing.T) {
	f := formatterOf(t, fixed())
	fields := []zapcore.Field{zap.Int("a", 1), zap.Dict("o", zap.Strings("s", []string{"x"})), zap.Error(errBroken)}
	var r, again base.Record
	require.NoError(t, r.Capture(entry("m"), base.Context{}.With([]zapcore.Field{zap.Bool("with", true)}), fields))
	direct, err := f.Append(nil, &r)
	require.NoError(t, err)
	require.NoError(t, again.Parse(append([]byte(nil), r.Bytes()...)))
	replayed, err := f.Append(nil, &again)
	require.NoError(t, err)
	require.Equal(t, string(direct), string(replayed))
	require.Contains(t, string(direct), `[fields@32473 with="true" a="1" o.s.0="x" error="broken"] m`)
}
