package sysloghandler

import (
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/coretest"
)

// nativeField is a field of an entry in the journal's protocol.
type nativeField struct{ name, value string }

var legalName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// parseNative reads an entry as the journal does, and requires what it requires.
func parseNative(s string) (fields []nativeField, err error) {
	seen := map[string]bool{}
	for s != "" {
		line, rest, ok := strings.Cut(s, "\n")
		if !ok {
			return nil, errors.New("a line without an end")
		}
		name, value, text := strings.Cut(line, "=")
		if !text {
			if len(rest) < 9 {
				return nil, errors.New("a length without a value")
			}
			size := binary.LittleEndian.Uint64([]byte(rest[:8]))
			if uint64(len(rest)) < 8+size+1 || rest[8+size] != '\n' {
				return nil, errors.New("a value that is not as long as it says")
			}
			value, rest = rest[8:8+size], rest[8+size+1:]
		}
		if !legalName.MatchString(name) || seen[name] {
			return nil, fmt.Errorf("name %q", name)
		}
		seen[name] = true
		fields = append(fields, nativeField{name, value})
		s = rest
	}
	return fields, nil
}

func nativeOf(t testing.TB, cfg Config, ent zapcore.Entry, fields ...zapcore.Field) map[string]string {
	t.Helper()
	cfg.Network, cfg.AppName, cfg.ProcID = journal, "shop", "4711"
	list, err := parseNative(format(t, cfg, ent, fields...))
	require.NoError(t, err)
	all := map[string]string{}
	for _, f := range list {
		all[f.name] = f.value
	}
	return all
}

func TestJournalEntry(t *testing.T) {
	ent := entry("order\ntaken")
	ent.Level, ent.LoggerName, ent.Stack = zapcore.ErrorLevel, "http.orders", "goroutine 1\nmain.main()"
	ent.Caller = zapcore.EntryCaller{Defined: true, File: "/src/shop/pay.go", Line: 42, Function: "shop.Pay"}
	got := nativeOf(t, Config{Facility: Local3}, ent, zap.Int("status", 200), zap.String("two", "a\nb"), zap.Error(errBroken),
		zap.Dict("client", zap.String("ip", "::1")), zap.Strings("tags", []string{"a", "b"}), zap.Binary("raw", []byte{0, 1}),
		zap.Duration("took", time.Second), zap.String("empty", ""))
	assert.Equal(t, map[string]string{
		"MESSAGE": "order\ntaken", "PRIORITY": "3", "SYSLOG_FACILITY": "19", "SYSLOG_IDENTIFIER": "shop", "SYSLOG_PID": "4711",
		"SYSLOG_TIMESTAMP": "2026-11-22T10:11:12.123456+01:00", "LOGGER": "http.orders", "CODE_FILE": "/src/shop/pay.go", "CODE_LINE": "42",
		"CODE_FUNC": "shop.Pay", "STACKTRACE": "goroutine 1\nmain.main()", "STATUS": "200", "TWO": "a\nb", "ERROR": "broken",
		"CLIENT_IP": "::1", "TAGS_0": "a", "TAGS_1": "b", "RAW": "AAE=", "TOOK": "1s", "EMPTY": "",
	}, got)

	got = nativeOf(t, Config{Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), Ident: "app: "}, entry("x"), zap.Int("n", 1))
	assert.Equal(t, `app: {"m":"x","n":1}`, got["MESSAGE"])
	assert.NotContains(t, got, "N")
}

func TestJournalNames(t *testing.T) {
	long := strings.Repeat("k", 100)
	tests := []struct{ key, want string }{
		{"status", "STATUS"}, {"user.id", "USER_ID"}, {"user_id", "USER_ID_2"}, {"USER-ID", "USER_ID_3"}, {"status", "STATUS_2"},
		{"_trusted", "X_TRUSTED"}, {"9lives", "X9LIVES"}, {"", "X"}, {"message", "XMESSAGE"}, {"PRIORITY", "XPRIORITY"},
		{"größe", "GR____E"}, {"a=b\nc", "A_B_C"}, {"\x00", "X_"},
	}
	var fields []zapcore.Field
	want := map[string]string{}
	for i, test := range tests {
		fields = append(fields, zap.Int(test.key, i))
		want[test.want] = fmt.Sprint(i)
	}
	got := nativeOf(t, Config{}, entry("m"), append(fields, zap.Int(long+"1", 1), zap.Int(long+"2", 2), zap.Int(long+"2", 3))...)
	longNames := 0
	for name, value := range got {
		if strings.HasPrefix(name, "KKK") {
			longNames++
			assert.LessOrEqual(t, len(name), maxJournalName)
		}
		if w, ok := want[name]; ok {
			assert.Equal(t, w, value, name)
			delete(want, name)
		}
	}
	assert.Empty(t, want)
	assert.Equal(t, 3, longNames, "no name replaces another")
}

func TestJournalNamesOfItsOwn(t *testing.T) {
	for _, name := range own {
		got := nativeOf(t, Config{}, entry("m"), zap.String(strings.ToLower(name), "lower"), zap.String(name, "capitals"))
		assert.Equal(t, "lower", got["X"+name])
		assert.Equal(t, "capitals", got["X"+name+"_2"])
	}
}

func TestAJournalEntryHasNoMoreFieldsThanTheJournalTakes(t *testing.T) {
	var fields []zapcore.Field
	for i := range 3000 {
		fields = append(fields, zap.Int(fmt.Sprint("k", i), i))
	}
	got := nativeOf(t, Config{}, entry("m"), fields...)
	assert.LessOrEqual(t, len(got), 1025)
	assert.Equal(t, "true", got["TRUNCATED"])
	assert.Equal(t, "999", got["K999"])

	got = nativeOf(t, Config{MaxSize: 4000}, entry(strings.Repeat("m", 10_000)), zap.String("a", strings.Repeat("a\n", 10_000)), zap.Int("b", 1))
	assert.True(t, strings.HasSuffix(got["MESSAGE"], "mmm..."))
	assert.True(t, strings.HasSuffix(got["A"], "..."))
	assert.Equal(t, "true", got["TRUNCATED"])
}

func TestJournalConforms(t *testing.T) {
	if !journalSupported {
		t.Skip("there is no journal here")
	}
	coretest.Run(t, coretest.Harness{
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			core, err := New(Config{Network: journal, Dial: dst.Dial, Timeout: dst.Deadline, RetryStart: opts.RetryStart, Level: opts.Level, OnError: opts.OnError})
			require.NoError(t, err)
			return core
		},
	})
}

func TestJournalConfig(t *testing.T) {
	for _, cfg := range []Config{{Format: RFC3164}, {Framing: Newline}, {SequenceID: true}} {
		cfg.Network = journal
		_, err := New(cfg)
		require.ErrorContains(t, err, "sysloghandler: Config.")
	}
	_, err := New(Config{Network: journal})
	if journalSupported {
		require.NoError(t, err)
	} else {
		require.ErrorIs(t, err, errors.ErrUnsupported)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add("message", "key", "value", "other", uint16(4000))
	f.Add("a\nMESSAGE=forged\n", "_a\n", "x\nPRIORITY=0\n", "=", uint16(1000))
	f.Add(strings.Repeat("€\n", 3000), strings.Repeat("k", 100), "\xff\x00", "message", uint16(0))
	f.Fuzz(func(t *testing.T, msg, key, value, other string, size uint16) {
		cfg := Config{Network: journal, AppName: "shop", ProcID: "4711", MaxSize: 1200 + int(size)}
		got := format(t, cfg, entry(msg), zap.String(key, value), zap.String(other, value), zap.Dict(key, zap.String(other, value)), zap.String(key, other))
		require.LessOrEqual(t, len(got), cfg.MaxSize)
		fields, err := parseNative(got)
		require.NoError(t, err, "%q", got)
		require.True(t, utf8.ValidString(fields[5].value))
		if len(msg)+3*len(value)+len(other)+4*len(key)+3*len(other) < 300 {
			require.Len(t, fields, 5+1+4)
			require.Equal(t, nativeField{"MESSAGE", repaired(msg)}, fields[5])
			require.Equal(t, repaired(value), fields[6].value)
		}
	})
}

func TestJournalAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	f := formatterOf(t, Config{Network: journal})
	var r base.Record
	require.NoError(t, r.Capture(entry("order\ntaken"), base.Context{}, []zapcore.Field{zap.Int("status", 200), zap.String("path", "/a\nb"), zap.String("status", "again")}))
	dst := make([]byte, 0, 1<<12)
	allocs := testing.AllocsPerRun(1000, func() {
		var err error
		if dst, err = f.Append(dst[:0], &r); err != nil {
			t.Error(err)
		}
	})
	assert.Zero(t, allocs)
}
