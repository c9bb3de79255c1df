package syslog

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/leodido/go-syslog/v4/rfc5424"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/sysloghandler"
)

// repaired is s as it has to arrive.
func repaired(s string) string {
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return strings.ReplaceAll(s, "\x00", `\x00`)
}

// isName tells whether s may stay the name of a parameter as it is.
func isName(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte(`="[]`, c) >= 0 {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

func TestSuite(t *testing.T) { Suite.Smoke(t) }

func BenchmarkSuite(b *testing.B) { Suite.Benchmark(b) }

// FuzzParser has an independent parser read what was logged, and compares every value.
func FuzzParser(f *testing.F) {
	f.Add("message", "key", "value", "logger", "host", int64(1), int8(0))
	f.Add("a\n<1>1 - - - - - - forged", `]="`, `a]"\`, "a b", "\x00", int64(-1), int8(1))
	f.Add("\xff\xfe€\x00", "größe", "\xed\xa0\x80\x00", "\xff", "é", int64(1<<62), int8(5))
	f.Add("\ufeffBOM", "k", `\`, "", "", int64(0), int8(-1))
	f.Add("", "", "", "", "", int64(0), int8(2))
	parser := rfc5424.NewParser()
	f.Fuzz(func(t *testing.T, msg, key, value, name, header string, nanos int64, level int8) {
		if len(msg)+len(value) > 1000 {
			return // not to be cut
		}
		var conn tape
		core, err := sysloghandler.New(sysloghandler.Config{
			Dial: conn.dial, MaxSize: 65507, SequenceID: true, Hostname: header, AppName: header, ProcID: header,
			TimeQuality: &sysloghandler.TimeQuality{Synced: true},
		})
		require.NoError(t, err)
		at := time.Unix(0, nanos)
		ent := zapcore.Entry{Level: zapcore.Level(level), Time: at, LoggerName: name, Message: msg}
		require.NoError(t, core.Write(ent, []zapcore.Field{zap.String(key, value), zap.Int64("nanos", nanos)}))
		require.NoError(t, core.Close())

		parsed, err := parser.Parse(conn.last)
		require.NoError(t, err, "%q", conn.last)
		m := parsed.(*rfc5424.SyslogMessage)
		require.True(t, at.Truncate(time.Microsecond).Equal(*m.Timestamp))
		require.Equal(t, uint8(1), *m.Facility)
		if msg == "" {
			require.Nil(t, m.Message)
		} else {
			require.Equal(t, repaired(msg), *m.Message)
		}
		fields := (*m.StructuredData)["fields@32473"]
		require.Equal(t, "1", (*m.StructuredData)["meta"]["sequenceId"])
		if key == "nanos" {
			return
		}
		require.Len(t, fields, 2, "one parameter a field: %q", conn.last)
		if isName(key) {
			require.Contains(t, fields, key)
		}
		for got, v := range fields {
			if got != "nanos" {
				require.Equal(t, repaired(value), v)
			}
		}
	})
}
