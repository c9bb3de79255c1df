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

var shapes = []Shape{Plain, Typical, With, Child}

func tables() (tables []suite.Table) {
	for _, s := range shapes {
		tables = append(tables, calls(s))
	}
	for _, s := range shapes[:3] {
		tables = append(tables, encoders(s))
	}
	return tables
}

// ways are how a shape is logged.
func ways(s Shape) []way {
	byZap := func(name string, core func() zapcore.Core) way {
		return way{name, func() func() {
			log := zap.New(core())
			if s.Context != nil {
				log = log.With(s.Context()...)
			}
			return s.Zap(log)
		}}
	}
	ways := []way{
		byZap(nop, func() zapcore.Core { return &nopCore{} }),
		byZap(handler, func() zapcore.Core { return base.FromWriter(newJSON(), discard, zapcore.DebugLevel) }),
		byZap(inZaps, func() zapcore.Core { return zapcore.NewCore(newJSON(), discard, zapcore.DebugLevel) }),
		byZap(zaps, func() zapcore.Core { return zapcore.NewCore(zapsJSON(), discard, zapcore.DebugLevel) }),
		{zero, func() func() { return s.Zerolog(io.Discard) }},
		{"slog", func() func() { return s.Slog(slog.NewJSONHandler(io.Discard, nil)) }},
	}
	if s.Phuslu != nil {
		ways = append(ways, way{"phuslu", func() func() { return s.Phuslu(io.Discard) }})
	}
	return ways
}

// way is one of them.
type way struct {
	name string
	open func() (log func())
}

// side is the way as one of those that take turns within a row.
func (w way) side() suite.Side {
	return suite.Side{Open: func(*testing.B) (func() error, error) {
		log := w.open()
		return func() error { log(); return nil }, nil
	}}
}

// calls is the table of whole calls: each by itself, for scale, and ours in turns with what they are compared with.
func calls(s Shape) suite.Table {
	t := suite.Table{Name: "call, " + s.Name, N: 200_000}
	sides := map[string]suite.Side{}
	for _, w := range ways(s) {
		t.Rows = append(t.Rows, suite.Row{Name: w.name, Run: suite.Calls(w.side().Open)})
		sides[w.name] = w.side()
	}
	return suite.Table{Name: t.Name, N: t.N, Rows: append(t.Rows,
		suite.Row{Name: handler + net, Run: suite.NetInTurns(sides[handler], sides[zaps], sides[nop])},
		suite.Row{Name: inZaps + net, Run: suite.NetInTurns(sides[inZaps], sides[zaps], sides[nop])},
		suite.Row{Name: handler + whole, Run: suite.InTurns(sides[handler], sides[zero])},
	)}
}

const (
	net   = ", net, in turns with zap's encoder"
	whole = ", in turns with zerolog"
	turns = ", in turns with zap's encoder"
)

// encoders is the table of what encoders and recording cost without a logger.
func encoders(s Shape) suite.Table {
	zaps, ours, recording := encode(s, zapsJSON), encode(s, newJSON), record(s)
	return suite.Table{Name: "encode, " + s.Name, N: 200_000, Rows: []suite.Row{
		{Name: "zap's encoder", Run: suite.Calls(zaps.Open)},
		{Name: "NewJSON", Run: suite.Calls(ours.Open)},
		{Name: "recording", Run: suite.Calls(recording.Open)},
		{Name: "NewJSON" + turns, Run: suite.InTurns(ours, zaps)},
		{Name: "recording" + turns, Run: suite.InTurns(recording, zaps)},
	}}
}

func encode(s Shape, open func() zapcore.Encoder) suite.Side {
	return suite.Side{Open: func(*testing.B) (func() error, error) {
		enc, ent, fields := open(), Entry(), s.Fields()
		if s.Context != nil {
			for _, f := range s.Context() {
				f.AddTo(enc)
			}
		}
		return func() error {
			buf, err := enc.EncodeEntry(ent, fields)
			if err == nil {
				buf.Free()
			}
			return err
		}, nil
	}}
}

func record(s Shape) suite.Side {
	return suite.Side{Open: func(*testing.B) (func() error, error) {
		var context base.Context
		if s.Context != nil {
			context = context.With(s.Context())
		}
		ent, fields, r := Entry(), s.Fields(), new(base.Record)
		return func() error { return r.Capture(ent, context, fields) }, nil
	}}
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
