package eventlog

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// writeOne writes one record through a core of cfg and returns the event that Windows got.
func writeOne(t *testing.T, cfg Config, ent zapcore.Entry, fields ...zapcore.Field) event {
	t.Helper()
	windows := newFakeWindows("orders")
	core := open(t, windows, cfg)
	require.NoError(t, core.Write(ent, fields))
	events := windows.written()
	require.Len(t, events, 1)
	return events[0]
}

func TestTextOfAnEvent(t *testing.T) {
	ent := entry(zapcore.ErrorLevel, "payment refused")
	ent.LoggerName = "shop"
	ent.Caller = zapcore.EntryCaller{Defined: true, File: "/src/shop/pay.go", Line: 42}
	ent.Stack = "goroutine 1 [running]:\nmain.main()"
	ev := writeOne(t, Config{}, ent, zap.Int("order", 1234), zap.String("reason", "card <expired>"))
	assert.Equal(t, []string{"payment refused\r\n" +
		`{"level":"error","time":"2026-11-22T10:11:12.345Z","logger":"shop","caller":"shop/pay.go:42","order":1234,"reason":"card <expired>"}` +
		"\r\n\r\ngoroutine 1 [running]:\nmain.main()"}, list(t, &ev))
}

func TestTextWithoutFieldsAndStack(t *testing.T) {
	ev := writeOne(t, Config{}, entry(zapcore.InfoLevel, "ready"))
	assert.Equal(t, []string{"ready\r\n" + `{"level":"info","time":"2026-11-22T10:11:12.345Z"}`}, list(t, &ev))
}

func TestEncoderMakesTheText(t *testing.T) {
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"})
	ev := writeOne(t, Config{Encoder: enc}, entry(zapcore.InfoLevel, "ready"), zap.Int("n", 1))
	assert.Equal(t, []string{`{"m":"ready","n":1}`}, list(t, &ev), "without its line ending")
}

func TestDefaultsOfPython(t *testing.T) {
	tests := []struct {
		level zapcore.Level
		want  Type
	}{
		{zapcore.DebugLevel - 1, Information},
		{zapcore.DebugLevel, Information},
		{zapcore.InfoLevel, Information},
		{zapcore.WarnLevel, Warning},
		{zapcore.ErrorLevel, Error},
		{zapcore.DPanicLevel, Error},
		{zapcore.PanicLevel, Error},
		{zapcore.FatalLevel, Error},
		{zapcore.FatalLevel + 1, Error},
	}
	for _, test := range tests {
		t.Run(test.level.String(), func(t *testing.T) {
			ev := writeOne(t, Config{}, entry(test.level, ""))
			assert.Equal(t, test.want, ev.kind, "type")
			assert.Equal(t, uint32(1), ev.id, "event id")
			assert.Zero(t, ev.category, "category")
			assert.Empty(t, ev.data, "data")
			assert.Empty(t, ev.user, "user")
		})
	}
}

// TestHooks is Python's getMessageID, getEventCategory and getEventType, overridden.
func TestHooks(t *testing.T) {
	ids := map[string]uint32{"stopped": 2}
	cfg := Config{
		EventID:  func(ent zapcore.Entry) uint32 { return ids[ent.Message] },
		Category: func(ent zapcore.Entry) uint16 { return uint16(len(ent.LoggerName)) },
		Type: func(ent zapcore.Entry) Type {
			if ent.Message == "stopped" {
				return AuditFailure
			}
			return 0
		},
		User: "S-1-5-18",
	}
	ent := entry(zapcore.WarnLevel, "stopped")
	ent.LoggerName = "shop"
	ev := writeOne(t, cfg, ent)
	assert.Equal(t, uint32(2), ev.id)
	assert.Equal(t, uint16(4), ev.category)
	assert.Equal(t, AuditFailure, ev.kind)
	assert.Equal(t, []byte("S-1-5-18"), ev.user)

	ev = writeOne(t, cfg, entry(zapcore.WarnLevel, "not in the map"))
	assert.Equal(t, uint32(1), ev.id, "0 stands for the default")
	assert.Equal(t, Warning, ev.kind, "and leaves the type to the level")
}

func TestStringsAndData(t *testing.T) {
	cfg := Config{
		Strings: func(ent zapcore.Entry, fields []zapcore.Field) []string {
			out := []string{ent.Message}
			for _, f := range fields {
				out = append(out, f.Key+"="+f.String)
			}
			return out
		},
		Data: func(_ zapcore.Entry, fields []zapcore.Field) []byte { return []byte{0, 1, byte(len(fields))} },
	}
	windows := newFakeWindows("orders")
	core := open(t, windows, cfg).With([]zapcore.Field{zap.String("with", "a")})
	require.NoError(t, core.Write(entry(zapcore.InfoLevel, "m"), []zapcore.Field{zap.String("call", "b")}))
	ev := windows.written()[0]
	assert.Equal(t, []string{"m", "with=a", "call=b"}, list(t, &ev), "With fields first")
	assert.Equal(t, []byte{0, 1, 2}, ev.data)
}

func TestStringsAreNumbered(t *testing.T) {
	ev := writeOne(t, Config{Strings: func(zapcore.Entry, []zapcore.Field) []string { return nil }}, entry(zapcore.InfoLevel, "m"))
	assert.Empty(t, ev.starts)
	ev = writeOne(t, Config{Strings: func(zapcore.Entry, []zapcore.Field) []string { return []string{"", "b", ""} }}, entry(0, ""))
	assert.Equal(t, []string{"", "b", ""}, list(t, &ev), "an empty string has its number")
	ev = writeOne(t, Config{Strings: func(zapcore.Entry, []zapcore.Field) []string { return []string{"%2", "%3"} }}, entry(0, ""))
	assert.Equal(t, []string{"%\u200b2", "%3"}, list(t, &ev), "a code is broken if it stands for one of them")
}

// TestPercentSignAtTheEndOfAString: in a text as "%1%2" what follows would make it an insertion code.
func TestPercentSignAtTheEndOfAString(t *testing.T) {
	ev := writeOne(t, Config{Strings: func(zapcore.Entry, []zapcore.Field) []string { return []string{"100%", "2 of 3", "%%"} }}, entry(0, ""))
	assert.Equal(t, []string{"100%\u200b", "2 of 3", "%%\u200b"}, list(t, &ev))
	ev = writeOne(t, Config{}, entry(0, "100%"))
	assert.Contains(t, list(t, &ev)[0], "100%\r\n", "a text of ours goes on")
}

func TestWhatIsRefused(t *testing.T) {
	id := func(id uint32) Config { return Config{EventID: func(zapcore.Entry) uint32 { return id }} }
	tests := []struct {
		name string
		cfg  Config
		want string // "" if it is taken
	}{
		{"the first id of EventCreate.exe", id(1), ""},
		{"the last id of EventCreate.exe", id(1000), ""},
		{"an id after it", id(1001), "Config.EventID returned 1001"},
		{"the id of a message with severity bits", id(0xC0000001), "Config.EventID returned 3221225473"},
		{"a type that is none", Config{Type: func(zapcore.Entry) Type { return 3 }}, "Config.Type returned 0x3"},
		{"256 strings", stringsOf(256), ""},
		{"257 strings", stringsOf(257), "Config.Strings returned 257"},
		{"as much data as the log takes", dataOf(61440), ""},
		{"a byte more", dataOf(61441), "Config.Data returned 61441 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			windows := newFakeWindows("orders")
			core := open(t, windows, test.cfg)
			err := core.Write(entry(zapcore.InfoLevel, "m"), nil)
			if test.want == "" {
				require.NoError(t, err)
				require.Len(t, windows.written(), 1)
				return
			}
			require.ErrorContains(t, err, "eventlog: "+test.want)
			assert.Empty(t, windows.written())
			assert.Equal(t, Stats{Refused: 1}, core.Stats())
			testRefusedInABatch(t, core, windows)
		})
	}
}

// testRefusedInABatch has a batch of two refused, each for itself.
func testRefusedInABatch(t *testing.T, core *Core, windows *fakeWindows) {
	n, err := core.WriteBatch(batchOf(t, "a", "b"))
	assert.Equal(t, 2, n)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, []int{0, 1}, rejected.Indexes)
	assert.Empty(t, windows.written())
}

func stringsOf(n int) Config {
	return Config{Strings: func(zapcore.Entry, []zapcore.Field) []string { return make([]string, n) }}
}

func dataOf(n int) Config {
	return Config{Data: func(zapcore.Entry, []zapcore.Field) []byte { return make([]byte, n) }}
}

func batchOf(t testing.TB, messages ...string) *base.Batch {
	t.Helper()
	var b base.Batch
	for _, m := range messages {
		var r base.Record
		require.NoError(t, r.Capture(entry(zapcore.InfoLevel, m), base.Context{}, nil))
		b.Add(bytes.Clone(r.Bytes()))
	}
	return &b
}

func TestIDsOfOtherMessageFilesAreFree(t *testing.T) {
	windows := newFakeWindows()
	windows.keys["Application"]["orders"] = registration{EventMessageFile: `C:\orders\messages.dll`, CustomSource: 1}
	core := open(t, windows, Config{EventID: func(zapcore.Entry) uint32 { return 0xC0000001 }})
	require.NoError(t, core.Write(entry(zapcore.InfoLevel, "m"), nil))
	assert.Equal(t, uint32(0xC0000001), windows.written()[0].id)
}

// A hook that panics costs its record, whose Write says so, and not the program.
func TestHookThatPanics(t *testing.T) {
	broken := true
	bomb := func(ent zapcore.Entry) {
		if broken && ent.Message != "1" {
			panic("bomb")
		}
	}
	hooks := map[string]Config{
		"EventID":  {EventID: func(ent zapcore.Entry) uint32 { bomb(ent); return 1 }},
		"Category": {Category: func(ent zapcore.Entry) uint16 { bomb(ent); return 1 }},
		"Type":     {Type: func(ent zapcore.Entry) Type { bomb(ent); return Error }},
		"Strings":  {Strings: func(ent zapcore.Entry, _ []zapcore.Field) []string { bomb(ent); return []string{ent.Message} }},
		"Data":     {Data: func(ent zapcore.Entry, _ []zapcore.Field) []byte { bomb(ent); return nil }},
	}
	for name, cfg := range hooks {
		t.Run(name, func(t *testing.T) {
			windows := newFakeWindows("orders")
			core := open(t, windows, cfg)
			broken = true
			err := core.Write(entry(zapcore.InfoLevel, "a"), []zapcore.Field{zap.Int("n", 1)})
			require.EqualError(t, err, "eventlog: Config."+name+": panic: bomb")
			require.ErrorAs(t, err, new(*base.PanicError))
			assert.Equal(t, Stats{Refused: 1}, core.Stats())
			broken = false
			require.NoError(t, core.Write(entry(zapcore.InfoLevel, "b"), nil), "the core works on")
			assert.Len(t, windows.written(), 1)
			testPanicInABatch(t, core, windows, &broken)
		})
	}
}

// testPanicInABatch has a hook panic at all records of a batch but the first.
func testPanicInABatch(t *testing.T, core *Core, windows *fakeWindows, broken *bool) {
	t.Helper()
	var batch base.Batch
	for _, message := range []string{"1", "2", "3"} {
		var r base.Record
		require.NoError(t, r.Capture(entry(zapcore.InfoLevel, message), base.Context{}, nil))
		batch.Add(append([]byte(nil), r.Bytes()...))
	}
	before := len(windows.written())
	*broken = true
	n, err := core.WriteBatch(&batch)
	var rejected *base.RejectedError
	require.ErrorAs(t, err, &rejected)
	assert.Equal(t, 3, n)
	assert.Equal(t, []int{1, 2}, rejected.Indexes)
	assert.Len(t, windows.written(), before+1)
	*broken = false
	n, err = core.WriteBatch(&batch)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
}

func TestDataTakesRoomFromTheText(t *testing.T) {
	cfg := dataOf(61440)
	ev := writeOne(t, cfg, entry(zapcore.InfoLevel, strings.Repeat("x", 1000)))
	text := list(t, &ev)[0]
	assert.Len(t, ev.text, 31000-61440/2+1, "units, and a NUL")
	assert.True(t, strings.HasSuffix(text, cutMark))
	assert.Len(t, ev.data, 61440, "the data is whole")
}

// brokenEncoder cannot encode.
type brokenEncoder struct{ zapcore.Encoder }

var errEncoder = errors.New("no")

func (e brokenEncoder) Clone() zapcore.Encoder { return e }

func (brokenEncoder) EncodeEntry(zapcore.Entry, []zapcore.Field) (*buffer.Buffer, error) {
	return nil, errEncoder
}

func TestEncoderThatFails(t *testing.T) {
	windows := newFakeWindows("orders")
	core := open(t, windows, Config{Encoder: brokenEncoder{zapcore.NewJSONEncoder(zapcore.EncoderConfig{})}})
	require.ErrorIs(t, core.Write(entry(zapcore.InfoLevel, "m"), nil), errEncoder)
	testRefusedInABatch(t, core, windows)
}
