package zapcore_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// FuzzRecordParse: any bytes are a record or an error. What is a record can be replayed, and recorded again gives the same
// text: capture, bytes, parse and replay are the identity.
func FuzzRecordParse(f *testing.F) {
	for _, fields := range constructors {
		var r base.Record
		if err := r.Capture(fullEntry(), base.Context{}.With(fields), fields); err != nil {
			f.Fatal(err)
		}
		f.Add(slices.Clone(r.Bytes()))
	}
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0})
	f.Fuzz(func(t *testing.T, tape []byte) {
		var r base.Record
		if err := r.Parse(tape); err != nil {
			require.Empty(t, r.Bytes(), "a refused record is no record")
			return
		}
		for name, enc := range encoders {
			want, err := r.Encode(enc)
			require.NoError(t, err)
			var again, parsed base.Record
			require.NoError(t, again.Capture(r.Entry(), base.Context{}, r.AppendFields(nil)))
			require.NoError(t, parsed.Parse(again.Bytes()), "what Capture makes, Parse takes")
			got, err := parsed.Encode(enc)
			require.NoError(t, err)
			require.Equal(t, want.String(), got.String(), name)
			want.Free()
			got.Free()
		}
		for name, cfg := range jsonConfigs {
			want, err := r.Encode(zapcore.NewJSONEncoder(cfg))
			require.NoError(t, err)
			got, err := r.AppendEncoded(nil, base.NewJSON(cfg))
			require.NoError(t, err)
			require.Equal(t, want.String(), string(got), name)
			want.Free()
		}
		require.NoError(t, r.MarshalLogObject(zapcore.NewMapObjectEncoder()))
		_, err := r.Deliver(zapcore.NewNopCore(), true)
		require.NoError(t, err)
	})
}

// A reflected value is JSON on the tape, and goes to an encoder as it is: what comes from outside must not forge a field.
func TestParseRefusesJSONThatIsNone(t *testing.T) {
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, []zapcore.Field{zap.Reflect("k", []int{1, 2})}))
	good := slices.Clone(r.Bytes())
	require.NoError(t, r.Parse(good))
	for _, forged := range []string{`1},"x`, `[1,2}`, `[1;2]`, "[1\n\x00", "     "} {
		bad := slices.Clone(good)
		copy(bad[len(bad)-5:], forged)
		require.ErrorContains(t, r.Parse(bad), "a reflected value is not JSON", "%q", forged)
	}
}

// A zone may be called anything, so a record of any zone is one. An encoder prints the names of zones as they are: what comes from outside
// must not forge a field by one, and what would not be JSON is none.
func TestZonesOfAnyName(t *testing.T) {
	enc := base.NewJSON(zapcore.EncoderConfig{TimeKey: "t", EncodeTime: zapcore.TimeEncoderOfLayout("MST"), SkipLineEnding: true})
	for name, want := range map[string]string{
		"My Zone": "My Zone", "München": "München", "北京": "北京", "a\"b": "a?b", "a\\": "a?", "a\nb": "a?b", "\xff": "?", "\x7f\x00": "??",
		`","level":"error","x":"`: "?,?level?:?error?,?x?:?", long("zone"): long("zone"), long("\n"): strings.Repeat("?", len(long("\n"))),
	} {
		for _, offset := range []int{3600, -1 << 31, 1<<31 - 1} {
			ent := zapcore.Entry{Time: time.Unix(1.7e9, 0).In(zone(name, offset))}
			r := recorded(t, ent, nil, []zapcore.Field{zap.Time("f", ent.Time), zap.Times("l", []time.Time{ent.Time})})
			got, err := r.AppendEncoded(nil, enc)
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf(`{"t":"%[1]s","f":"%[1]s","l":["%[1]s"]}`, want), string(got), "%q", name)
			_, stays := r.Entry().Time.Zone()
			require.Equal(t, offset, stays)
			for _, layout := range []string{time.RFC3339Nano, time.RFC1123Z, "Z07:00:00"} {
				require.Equal(t, ent.Time.Format(layout), r.Entry().Time.Format(layout))
			}
		}
	}
}

// An int is of 64 bits on a tape, whatever wrote it: one that reads it where ints have 32 loses nothing of it.
func TestIntsOfALargerMachine(t *testing.T) {
	for _, add := range []func(enc zapcore.ObjectEncoder){
		func(enc zapcore.ObjectEncoder) { enc.AddInt("k", 7) },
		func(enc zapcore.ObjectEncoder) { enc.AddUint("k", 7) },
		func(enc zapcore.ObjectEncoder) { enc.AddUintptr("k", 7) },
		func(enc zapcore.ObjectEncoder) { zap.Ints("k", []int{7}).AddTo(enc) },
		func(enc zapcore.ObjectEncoder) { zap.Uints("k", []uint{7}).AddTo(enc) },
		func(enc zapcore.ObjectEncoder) { zap.Uintptrs("k", []uintptr{7}).AddTo(enc) },
	} {
		var r base.Record
		object := zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error { add(enc); return nil })
		require.NoError(t, r.Capture(zapcore.Entry{}, base.Context{}, []zapcore.Field{zap.Inline(object)}))
		tape := slices.Clone(r.Bytes())
		binary.LittleEndian.PutUint64(tape[len(tape)-8:], 1<<40+7)
		require.NoError(t, r.Parse(tape))
		for _, enc := range []zapcore.Encoder{zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), base.NewJSON(zapcore.EncoderConfig{})} {
			line, err := r.AppendEncoded(nil, enc)
			require.NoError(t, err)
			require.Contains(t, string(line), "1099511627783")
		}
	}
}

func TestParseNamesTheByte(t *testing.T) {
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, tenFields()))
	good := slices.Clone(r.Bytes())
	change := func(at int, b byte) []byte {
		bad := slices.Clone(good)
		bad[at] = b
		return bad
	}
	tests := map[string]struct {
		tape []byte
		want string
	}{
		"empty":                {nil, "record byte 0: ends too early"},
		"another version":      {change(0, 99), "record byte 0: format version 99, this program reads 1"},
		"flags of the future":  {change(2, 0xff), "record byte 2: unknown flags 0xff"},
		"too many nanoseconds": {change(14, 0xff), "nanoseconds in a second"},
		"cut in a text":        {good[:len(good)-20], "bytes where 0 are left"},
		"cut in the entry":     {good[:10], "ends too early"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var r base.Record
			require.ErrorContains(t, r.Parse(test.tape), test.want)
		})
	}
	all := r.AppendFields(nil)
	for i := range good {
		var cut base.Record
		if cut.Parse(good[:i]) == nil {
			fields := cut.AppendFields(nil)
			require.ElementsMatch(t, all[:len(fields)], fields, "cut at byte %d, between two fields: those before it are whole", i)
		}
	}
}
