package call

import (
	"io"
	"log/slog"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/suite"
	base "example.com/zaphandlers/zapcore"
)

// Suite is the benchmarks of this package.
var Suite = suite.Suite{Name: "Call", Tables: tables(), Bounds: bounds()}

const (
	nop     = "a Core that does nothing"
	handler = "FromWriter, NewJSON"
	inZaps  = "zap's core, NewJSON"
	zaps    = "zap's core, zap's encoder"
	zero    = "zerolog"
)

var shapes = []Shape{Plain, Typical, With}

func tables() (tables []suite.Table) {
	for _, s := range shapes {
		tables = append(tables, calls(s))
	}
	for _, s := range shapes {
		tables = append(tables, encoders(s))
	}
	return tables
}

// calls is the table of whole calls.
func calls(s Shape) suite.Table {
	zapRow := func(name string, core func() zapcore.Core) suite.Row {
		return row(name, func() func() {
			log := zap.New(core())
			if s.Context != nil {
				log = log.With(s.Context()...)
			}
			return s.Zap(log)
		})
	}
	return suite.Table{Name: "call, " + s.Name, N: 200_000, Rows: []suite.Row{
		zapRow(nop, func() zapcore.Core { return &nopCore{} }),
		zapRow(handler, func() zapcore.Core { return base.FromWriter(newJSON(), discard, zapcore.DebugLevel) }),
		zapRow(inZaps, func() zapcore.Core { return zapcore.NewCore(newJSON(), discard, zapcore.DebugLevel) }),
		zapRow(zaps, func() zapcore.Core { return zapcore.NewCore(zapsJSON(), discard, zapcore.DebugLevel) }),
		row(zero, func() func() { return s.Zerolog(io.Discard) }),
		row("phuslu", func() func() { return s.Phuslu(io.Discard) }),
		row("slog", func() func() { return s.Slog(slog.NewJSONHandler(io.Discard, nil)) }),
	}}
}

// encoders is the table of what encoders and recording cost without a logger.
func encoders(s Shape) suite.Table {
	return suite.Table{Name: "encode, " + s.Name, N: 200_000, Rows: []suite.Row{
		{Name: "zap's encoder", Run: encode(s, zapsJSON)},
		{Name: "NewJSON", Run: encode(s, newJSON)},
		{Name: "recording", Run: record(s)},
	}}
}

func row(name string, open func() func()) suite.Row {
	return suite.Row{Name: name, Run: func(b *testing.B) error {
		log := open()
		log()
		b.ResetTimer()
		for range b.N {
			log()
		}
		b.StopTimer()
		return nil
	}}
}

func encode(s Shape, open func() zapcore.Encoder) func(b *testing.B) error {
	return func(b *testing.B) error {
		enc, ent, fields := open(), Entry(), s.Fields()
		if s.Context != nil {
			for _, f := range s.Context() {
				f.AddTo(enc)
			}
		}
		b.ResetTimer()
		for range b.N {
			buf, err := enc.EncodeEntry(ent, fields)
			if err != nil {
				return err
			}
			buf.Free()
		}
		b.StopTimer()
		return nil
	}
}

func record(s Shape) func(b *testing.B) error {
	return func(b *testing.B) error {
		ent, fields, r := Entry(), s.Fields(), base.GetRecord()
		defer r.Free()
		var context base.Context
		if s.Context != nil {
			context = context.With(s.Context())
		}
		b.ResetTimer()
		for range b.N {
			if err := r.Capture(ent, context, fields); err != nil {
				return err
			}
		}
		b.StopTimer()
		return nil
	}
}

var discard = zapcore.AddSync(io.Discard)

func newJSON() zapcore.Encoder  { return base.NewJSON(zap.NewProductionEncoderConfig()) }
func zapsJSON() zapcore.Encoder { return zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()) }

// nopCore takes records and does nothing.
type nopCore struct{}

func (*nopCore) Enabled(zapcore.Level) bool                 { return true }
func (c *nopCore) With([]zapcore.Field) zapcore.Core        { return c }
func (*nopCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (*nopCore) Sync() error                                { return nil }
func (c *nopCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}
