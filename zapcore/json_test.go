package zapcore_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	base "example.com/zaphandlers/zapcore"
)

// jsonConfigs go through all that an EncoderConfig can ask for.
var jsonConfigs = map[string]zapcore.EncoderConfig{
	"production":  zap.NewProductionEncoderConfig(),
	"development": zap.NewDevelopmentEncoderConfig(),
	"dates":       datesConfig(),
	"no keys":     {},
	"all keys, nothing to encode with": {
		MessageKey: "m", LevelKey: "l", TimeKey: "t", NameKey: "n", FunctionKey: "f", StacktraceKey: "s", LineEnding: "\r\n",
	},
	"keys to escape": {
		MessageKey: "a\"b", LevelKey: "\\", TimeKey: "t\n", NameKey: "é", CallerKey: "\xff", FunctionKey: "seventeen letters", StacktraceKey: "<&>",
		EncodeLevel: zapcore.CapitalColorLevelEncoder, EncodeTime: zapcore.EpochMillisTimeEncoder, EncodeCaller: zapcore.ShortCallerEncoder,
		EncodeDuration: zapcore.MillisDurationEncoder, SkipLineEnding: true,
	},
	"functions that write nothing": {
		MessageKey: "m", LevelKey: "l", TimeKey: "t", NameKey: "n", CallerKey: "c",
		EncodeLevel: func(zapcore.Level, zapcore.PrimitiveArrayEncoder) {}, EncodeTime: func(time.Time, zapcore.PrimitiveArrayEncoder) {},
		EncodeDuration: func(time.Duration, zapcore.PrimitiveArrayEncoder) {}, EncodeName: func(string, zapcore.PrimitiveArrayEncoder) {},
		EncodeCaller: func(zapcore.EntryCaller, zapcore.PrimitiveArrayEncoder) {},
	},
	"functions that write all there is": {
		MessageKey: "m", LevelKey: "l", TimeKey: "t", NameKey: "n", CallerKey: "c",
		EncodeLevel: func(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) { everyPrimitive(enc) },
		EncodeTime:  zapcore.RFC3339NanoTimeEncoder, EncodeDuration: zapcore.NanosDurationEncoder,
		EncodeName:   func(name string, enc zapcore.PrimitiveArrayEncoder) { enc.AppendByteString([]byte(name + "\x01\"")) },
		EncodeCaller: func(c zapcore.EntryCaller, enc zapcore.PrimitiveArrayEncoder) { enc.AppendString(c.FullPath()) },
	},
}

// requireZaps requires that NewJSON's encoder writes what zap's does: fields that a logger gives, and a record.
func requireZaps(t *testing.T, cfg zapcore.EncoderConfig, ent zapcore.Entry, with, fields []zapcore.Field) {
	t.Helper()
	zaps, ours := zapcore.NewJSONEncoder(cfg), base.NewJSON(cfg)
	want := encode(t, zaps, ent, with, fields)
	require.Equal(t, want, encode(t, ours, ent, with, fields), "fields")

	r := recorded(t, ent, with, fields)
	got, err := r.AppendEncoded([]byte("before "), ours)
	require.NoError(t, err)
	require.Equal(t, "before "+want, string(got), "a record")
	buf, err := r.Encode(ours)
	require.NoError(t, err)
	require.Equal(t, want, buf.String(), "a record, into a buffer")

	buf, err = r.Encode(struct{ zapcore.Encoder }{ours})
	require.NoError(t, err)
	require.Equal(t, want, buf.String(), "a record, through an encoder that wraps it")

	var out zaptest.Buffer
	handler := base.FromWriter(base.NewJSON(cfg), &out, nil)
	require.NoError(t, handler.With(with).Write(ent, fields))
	for _, f := range with {
		handler = handler.With([]zapcore.Field{f}).(*base.Handler)
	}
	require.NoError(t, handler.Write(ent, fields))
	require.Equal(t, want+want, out.String(), "a Handler, With at once and one by one")

	ours = ours.Clone()
	addTo(ours, with)
	require.Equal(t, want, encode(t, ours.Clone(), ent, nil, fields), "a clone of an encoder that has fields")
	got, err = recorded(t, ent, nil, fields).AppendEncoded(nil, ours)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "a record, behind fields of the encoder")
}

func TestJSONIsZapsByteForByte(t *testing.T) {
	for name, cfg := range jsonConfigs {
		t.Run(name, func(t *testing.T) {
			ent := fullEntry()
			for _, fields := range constructors {
				for i := range fields {
					requireZaps(t, cfg, ent, nil, fields[i:i+1])
				}
				requireZaps(t, cfg, ent, fields, fields)
				requireZaps(t, cfg, ent, []zapcore.Field{zap.Namespace("outer")}, fields)
				requireZaps(t, cfg, ent, fields, []zapcore.Field{zap.Namespace("inner"), zap.Dict("d", fields...)})
			}
			ent.Caller.Defined = false
			for _, ent := range []zapcore.Entry{
				{}, ent, {Message: "m", Time: time.Now()}, {Level: -7, Time: time.Unix(0, 0), LoggerName: long("n"), Message: long("é"), Stack: long("s")},
			} {
				requireZaps(t, cfg, ent, nil, nil)
				requireZaps(t, cfg, ent, nil, tenFields())
			}
		})
	}
}

// What is remembered of the second before is not written for another one, nor for the same in another zone.
func TestJSONTimesAreZaps(t *testing.T) {
	cfg := zapcore.EncoderConfig{TimeKey: "t", EncodeTime: zapcore.RFC3339NanoTimeEncoder}
	zaps, ours := zapcore.NewJSONEncoder(cfg), base.NewJSON(cfg)
	zones := []*time.Location{time.UTC, time.Local, zone("", 3600), zone("ODD", -1859), zone("W", 86400)}
	seconds := []int64{1.7e9, 1.7e9 + 1, 0, -1, -62135596801, -62167219201, 253402300799, 253402300800}
	random := rand.New(rand.NewPCG(1, 2))
	var r base.Record
	for range 20_000 {
		nanos := random.Int64N(1e9)
		if random.IntN(2) == 0 {
			nanos -= nanos % 1e6
		}
		ent := zapcore.Entry{Time: time.Unix(seconds[random.IntN(len(seconds))], nanos).In(zones[random.IntN(len(zones))])}
		fields := []zapcore.Field{zap.Time("f", ent.Time.Add(time.Duration(random.Int64N(3))*time.Second))}
		require.NoError(t, r.Capture(ent, base.Context{}, fields))
		got, err := r.AppendEncoded(nil, ours)
		require.NoError(t, err)
		require.Equal(t, encode(t, zaps, ent, nil, fields), string(got))
	}
}

// Where zap's panics, ours goes on.
func TestJSONWithoutACallerEncoder(t *testing.T) {
	got := encode(t, base.NewJSON(zapcore.EncoderConfig{CallerKey: "caller", SkipLineEnding: true}), fullEntry(), nil, nil)
	require.Equal(t, `{"caller":"/src/pkg/file.go:42"}`, got)
}

// A reflected value is on one line, whoever wrote the record.
func TestJSONFromOutsideIsCompacted(t *testing.T) {
	compact, spread := []byte(`{"a":[1,  "b  c"]}`), []byte("{\"a\":[1,\n\t\"b  c\"]}")
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{}, base.Context{}, []zapcore.Field{zap.Any("k", json.RawMessage(`{"a":[1,33,"b  c"]}`))}))
	tape := slices.Clone(r.Bytes())
	tape = append(tape[:len(tape)-len(compact)-2], byte(len(spread)))
	require.NoError(t, r.Parse(append(tape, spread...)))
	ours, err := r.AppendEncoded(nil, base.NewJSON(zapcore.EncoderConfig{}))
	require.NoError(t, err)
	require.Equal(t, `{"k":{"a":[1,"b  c"]}}`+"\n", string(ours))
	buf, err := r.Encode(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}))
	require.NoError(t, err)
	require.Equal(t, buf.String(), string(ours))
}

// countingEncoder is somebody's encoder of reflected values.
type countingEncoder struct{ w io.Writer }

func (e countingEncoder) Encode(v any) error {
	_, err := fmt.Fprintf(e.w, "%q", fmt.Sprintf("%T", v))
	return err
}

func TestJSONWithAReflectedEncoder(t *testing.T) {
	cfg := zap.NewProductionEncoderConfig()
	cfg.NewReflectedEncoder = func(w io.Writer) zapcore.ReflectedEncoder { return countingEncoder{w} }
	require.Contains(t, encode(t, base.NewJSON(cfg), fullEntry(), nil, []zapcore.Field{zap.Reflect("k", struct{}{})}), `"k":"struct {}"`,
		"it sees the value itself")
}

// An encoder is shared: by the children of With, and by all who log.
func TestJSONIsForManyGoroutines(t *testing.T) {
	enc := base.NewJSON(zap.NewProductionEncoderConfig())
	addTo(enc, tenFields())
	want := encode(t, enc, fullEntry(), nil, tenFields())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			child := enc.Clone()
			child.AddInt("child", i)
			for range 100 {
				assert.Equal(t, want, encode(t, enc, fullEntry(), nil, tenFields()))
				assert.Contains(t, encode(t, child, fullEntry(), nil, nil), fmt.Sprintf(`"child":%d`, i))
			}
		})
	}
	wg.Wait()
}

func TestJSONAllocatesNothing(t *testing.T) {
	if raceOn {
		t.Skip("the race detector makes pools allocate")
	}
	ent, fields := fullEntry(), append(tenFields(), zap.Time("t", time.Now()), zap.String("escaped", "é\n\"\x00"))
	cfg := datesConfig()
	cfg.EncodeDuration = zapcore.SecondsDurationEncoder // String makes a string
	enc := base.NewJSON(cfg)
	write := func(enc zapcore.Encoder, fields []zapcore.Field) func() {
		return func() { buf, _ := enc.EncodeEntry(ent, fields); buf.Free() }
	}
	assert.Zero(t, testing.AllocsPerRun(100, write(enc, fields)), "fields")
	production := base.NewJSON(zap.NewProductionEncoderConfig())
	assert.Zero(t, testing.AllocsPerRun(100, write(production, typicalFields())), "an error, a time, a Stringer, a list of strings")
	core := base.FromWriter(production, zapcore.AddSync(io.Discard), nil)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = core.Write(ent, fields) }), "a Handler")
	child, typical := core.With(fields), typicalFields()
	assert.Zero(t, testing.AllocsPerRun(100, func() { _ = child.Write(ent, typical) }), "a Handler with fields")

	var r base.Record
	require.NoError(t, r.Capture(ent, base.Context{}, append(fields, zap.Object("o", nested(2)), zap.Binary("b", []byte("binary")))))
	tape, dst := slices.Clone(r.Bytes()), make([]byte, 0, 4096)
	assert.Zero(t, testing.AllocsPerRun(100, func() { r.View(tape); dst, _ = r.AppendEncoded(dst[:0], enc) }), "a record")
	text := []byte("text \"quoted\"")
	assert.Zero(t, testing.AllocsPerRun(100, func() { dst = base.AppendJSONString(dst[:0], text) }), "a text")
}

func requireZapsText(t *testing.T, s string) {
	if s == "" {
		require.Equal(t, `""`, string(base.AppendJSONString(nil, s)))
		return
	}
	want := encode(t, zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: s, SkipLineEnding: true}), zapcore.Entry{Message: s}, nil, nil)
	got := encode(t, base.NewJSON(zapcore.EncoderConfig{MessageKey: s, SkipLineEnding: true}), zapcore.Entry{Message: s}, nil, nil)
	require.Equal(t, want, got, "%q", s)
	quoted := base.AppendJSONString(nil, s)
	require.Equal(t, want, fmt.Sprintf("{%s:%s}", quoted, quoted))
	require.Equal(t, quoted, base.AppendJSONString(nil, []byte(s)))
	var back string
	require.NoError(t, json.Unmarshal(quoted, &back))
	require.Equal(t, string([]rune(s)), back, "what it was, with U+FFFD for each byte that is no UTF-8")
}

// Each byte at each place of a text of each length: eight are looked at together, and the last eight overlap others.
func TestJSONTextIsZaps(t *testing.T) {
	for n := range 27 {
		requireZapsText(t, strings.Repeat("x", n))
		for at := range n {
			for c := range 256 {
				text := []byte(strings.Repeat("x", n))
				text[at] = byte(c)
				requireZapsText(t, string(text))
			}
		}
	}
	for _, s := range []string{"é", "日本語のログ", "a\u2028b", "\xc3", "\xe6\x97", "end \xf0\x9f\x98", "\ufffd", "\U0010ffff", long("\n")} {
		requireZapsText(t, s)
	}
}

// Whatever room there is behind what JSON is appended to, it comes out the same, and nothing is written beyond.
func TestJSONStaysInItsRoom(t *testing.T) {
	var fields []zapcore.Field
	for n := range 20 {
		fields = append(fields, zap.String(strings.Repeat("k", n), strings.Repeat("v", 20-n)), zap.String("escaped", strings.Repeat("\n", n)))
	}
	var r base.Record
	require.NoError(t, r.Capture(fullEntry(), base.Context{}, fields))
	enc := base.NewJSON(zap.NewProductionEncoderConfig())
	want, err := r.AppendEncoded([]byte("#"), enc)
	require.NoError(t, err)
	memory := bytes.Repeat([]byte("#"), len(want)+100)
	for room := range len(want) + 50 {
		got, err := r.AppendEncoded(memory[:1:1+room], enc)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		require.Equal(t, len(memory)-1-room, bytes.Count(memory[1+room:], []byte("#")), "beyond %d bytes", room)
		copy(memory, bytes.Repeat([]byte("#"), len(memory)))
	}
}

func FuzzJSONText(f *testing.F) {
	f.Add("plain")
	f.Add("a \"text\" with\\ all\x00 of \xff it, é")
	f.Fuzz(requireZapsText)
}
