package eventlog

import (
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/coretest"
)

// TestCore runs the suite over a log service that really hangs when it is stalled: only the core's own timeout ends a call.
func TestCore(t *testing.T) {
	coretest.Run(t, coretest.Harness{
		New: func(t *testing.T, dst *coretest.Destination, opts coretest.Options) coretest.Core {
			timeout := dst.Deadline
			dst.Deadline = time.Hour
			windows := newFakeWindows("orders")
			var buf []byte
			windows.write = func(ev *event) error {
				buf = appendUTF8(buf[:0], ev)
				n, err := dst.WriteSyncer().Write(buf)
				if err == nil && n < len(buf) {
					err = io.ErrShortWrite
				}
				return err
			}
			core, err := newCore(windows, Config{Source: "orders", Level: opts.Level, Timeout: timeout, OnError: opts.OnError})
			require.NoError(t, err)
			return core
		},
	})
}

func TestConfigIsChecked(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		want string
	}{
		{"no source", Config{}, "Config.Source is required"},
		{"a source with a backslash", Config{Source: `a\b`}, "Config.Source"},
		{"a source with a quote", Config{Source: `a"b`}, "Config.Source"},
		{"a source with a NUL", Config{Source: "a\x00b"}, "Config.Source"},
		{"a source that is too long for a key", Config{Source: strings.Repeat("a", 256)}, "Config.Source"},
		{"a log with a line end", Config{Source: "a", Log: "b\n"}, "Config.Log"},
		{"an encoder beside Strings", Config{Source: "a", Encoder: zapcore.NewJSONEncoder(zapcore.EncoderConfig{}),
			Strings: func(zapcore.Entry, []zapcore.Field) []string { return nil }}, "Config.Encoder is not for Strings, which makes the texts"},
		{"a message file with a quote", Config{Source: "a", MessageFile: `"x.dll"`}, "Config.MessageFile"},
		{"a user that nobody knows", Config{Source: "a", User: "nobody"}, "Config.User"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := newCore(newFakeWindows("a"), test.cfg)
			require.ErrorContains(t, err, "eventlog: ")
			assert.ErrorContains(t, err, test.want)
		})
	}
}

func TestNamesThatAreAllowed(t *testing.T) {
	for _, source := range []string{"orders", "Orders Service (v2)", "a/b", "Bestellungen für Ä", "100%", strings.Repeat("a", 255)} {
		_, err := Config{Source: source}.withDefaults()
		assert.NoError(t, err, source)
	}
}

func TestDefaults(t *testing.T) {
	cfg, err := Config{Source: "orders"}.withDefaults()
	require.NoError(t, err)
	assert.Equal(t, "Application", cfg.Log)
	assert.Equal(t, `%SystemRoot%\System32\EventCreate.exe`, cfg.MessageFile)
	assert.Equal(t, 5*time.Second, cfg.Timeout)
}

func TestNewThatCannotOpenTheLog(t *testing.T) {
	windows := newFakeWindows("orders")
	windows.openErr = fs.ErrPermission
	_, err := newCore(windows, Config{Source: "orders"})
	require.ErrorIs(t, err, fs.ErrPermission)
	assert.ErrorContains(t, err, `eventlog: source "orders": RegisterEventSource: `)
}

// open returns a core over windows, which is closed with the test.
func open(t *testing.T, windows *fakeWindows, cfg Config) *Core {
	t.Helper()
	if cfg.Source == "" {
		cfg.Source = "orders"
	}
	core, err := newCore(windows, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

func entry(l zapcore.Level, message string) zapcore.Entry {
	return zapcore.Entry{Level: l, Message: message, Time: time.Date(2026, 11, 22, 10, 11, 12, 345e6, time.UTC)}
}

// TestAllocations is the gate for what coretest does not reach: hooks that allocate nothing, text that must be cut, batches.
func TestAllocations(t *testing.T) {
	if raceOn {
		t.Skip("the race detector allocates")
	}
	data, list := []byte{1, 2, 3}, []string{"a", "b\x00%1"}
	hooks := Config{
		EventID:  func(zapcore.Entry) uint32 { return 7 },
		Category: func(zapcore.Entry) uint16 { return 7 },
		Type:     func(zapcore.Entry) Type { return Warning },
		Strings:  func(zapcore.Entry, []zapcore.Field) []string { return list },
		Data:     func(zapcore.Entry, []zapcore.Field) []byte { return data },
		User:     "S-1-5-18",
	}
	tests := []struct {
		name    string
		cfg     Config
		message string
	}{
		{"defaults", Config{}, "request served"},
		{"without a timeout", Config{Timeout: -1}, "request served"},
		{"hooks", hooks, "request served"},
		{"text that is cut", Config{}, strings.Repeat("a", maxUnits)},
		{"text that is changed", Config{}, strings.Repeat("a\x00%1", 100)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			core := newSilent(t, test.cfg).With([]zapcore.Field{zap.String("service", "orders")})
			ent, fields := entry(zapcore.InfoLevel, test.message), benchFields()
			assert.Zero(t, testing.AllocsPerRun(500, func() {
				if err := core.Write(ent, fields); err != nil {
					t.Error(err)
				}
			}))
		})
	}
}
