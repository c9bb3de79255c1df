package zapcore_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"

	base "example.com/zaphandlers/zapcore"
)

// masking is an encoder as programs have them: it looks at the fields of a record by name and type, and remembers what it has seen.
type masking struct {
	zapcore.Encoder
	seen *[]zapcore.Field
}

func (m masking) Clone() zapcore.Encoder { return masking{m.Encoder.Clone(), m.seen} }

func (m masking) EncodeEntry(ent zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	masked := make([]zapcore.Field, 0, len(fields))
	for _, f := range fields {
		*m.seen = append(*m.seen, f)
		if f.Key == "password" && f.Type == zapcore.StringType {
			f.String = "***"
		}
		masked = append(masked, f)
	}
	return m.Encoder.EncodeEntry(ent, masked)
}

// An encoder of somebody else's sees the fields of a record as a logger gave them, whoever has held the record, and may keep them.
func TestAnEncoderOfOthersSeesTheFields(t *testing.T) {
	fields := []zapcore.Field{zap.String("user", "someone"), zap.String("password", "secret"), zap.Int("n", 1)}
	var seen []zapcore.Field
	var out zaptest.Buffer
	for inner, enc := range map[string]zapcore.Encoder{
		"zap's": zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "m"}), "NewJSON": base.NewJSON(zapcore.EncoderConfig{MessageKey: "m"}),
	} {
		enc = masking{enc, &seen}
		core, handler := zapcore.NewCore(enc, &out, anyLevel), base.FromWriter(enc, &out, nil)
		for way, write := range map[string]func(r *base.Record) error{
			"Encode": func(r *base.Record) error {
				buf, err := r.Encode(enc)
				_, _ = out.Write(buf.Bytes())
				return err
			},
			"AppendEncoded": func(r *base.Record) error {
				line, err := r.AppendEncoded(nil, enc)
				_, _ = out.Write(line)
				return err
			},
			"Deliver to zap's core":  func(r *base.Record) error { _, err := r.Deliver(core, false); return err },
			"Deliver to one with it": func(r *base.Record) error { _, err := r.Deliver(core.With(nil), true); return err },
			"Deliver to a Handler":   func(r *base.Record) error { _, err := r.Deliver(handler, false); return err },
			"a batch": func(r *base.Record) error {
				var b base.Batch
				b.Add(r.Bytes())
				_, err := handler.WriteBatch(&b)
				return err
			},
			"a Formatter": func(r *base.Record) error {
				h, err := base.NewHandler(base.HandlerConfig{Name: "test", Formatter: jsonFormatter{enc}, Emitter: toBuffer{&out}})
				require.NoError(t, err)
				return h.Write(r.Entry(), r.AppendFields(nil))
			},
		} {
			t.Run(inner+", "+way, func(t *testing.T) {
				seen = nil
				out.Reset()
				var r base.Record
				require.NoError(t, r.Capture(zapcore.Entry{Message: "message"}, base.Context{}, fields))
				require.NoError(t, write(&r))
				require.Equal(t, `{"m":"message","user":"someone","password":"***","n":1}`+"\n", out.String())
				require.NoError(t, r.Capture(zapcore.Entry{Message: strings.Repeat("-", 100)}, base.Context{}, nil))
				require.Equal(t, fmt.Sprint(fields), fmt.Sprint(seen), "what it has kept is its own")
			})
		}
	}
}

// toBuffer is an Emitter.
type toBuffer struct{ *zaptest.Buffer }

func (b toBuffer) Emit(_ zapcore.Entry, frame []byte) error { _, err := b.Write(frame); return err }
func (b toBuffer) Sync() error                              { return nil }
func (b toBuffer) Close() error                             { return nil }

// zap's own encoders, and what is known to add fields only, are given the tape.
func TestZapsEncodersAreGivenTheTape(t *testing.T) {
	if raceOn {
		t.Skip("the race detector makes pools allocate")
	}
	var r base.Record
	require.NoError(t, r.Capture(zapcore.Entry{Message: "message"}, base.Context{}, tenFields()))
	for name, enc := range map[string]zapcore.Encoder{
		"JSON": zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), "NewJSON": base.NewJSON(zap.NewProductionEncoderConfig()),
	} {
		var out zaptest.Discarder
		core := zapcore.NewCore(enc, &out, anyLevel)
		require.Zero(t, testing.AllocsPerRun(100, func() { buf, _ := r.Encode(enc); buf.Free() }), name)
		require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = r.Deliver(core, false) }), name)
	}
}
