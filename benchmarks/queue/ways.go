package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	plog "github.com/phuslu/log"
	"github.com/rs/zerolog/diode"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/call"
	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// way is how a call gets to a sink.
type way struct {
	name    string
	open    func(sink io.Writer) (log func(), end func() error)
	nowhere bool // nothing is meant to arrive
}

const (
	nop         = "a Core that does nothing"
	ours        = "queuecore"
	spooled     = "queuecore, Spool"
	synchronous = "zap, synchronous"
	buffered    = "zap BufferedWriteSyncer"
	channel     = "Core that copies fields to a channel"
	phuslu      = "phuslu AsyncWriter"
)

// takes tells whether a way can be run with that many producers. phuslu's AsyncWriter reads an entry that it has already
// handed over, and that another producer may be filling by then; the race detector ends the run for that.
func (w way) takes(producers int) error {
	if raceDetector && w.name == phuslu && producers > 1 {
		return fmt.Errorf("%w: it has a data race of its own", suite.ErrLeftOut)
	}
	return nil
}

// queueWay is ours. Its encoder writes the bytes that zap's does; queueZapsWay shows what that is worth.
var (
	queueWay     = throughQueue(ours, base.NewJSON(zap.NewProductionEncoderConfig()), false)
	spoolWay     = throughQueue(spooled, base.NewJSON(zap.NewProductionEncoderConfig()), true)
	queueZapsWay = throughQueue("queuecore, zap's encoder", jsonEncoder(), false)
)

// throughQueue is a queue whose memory is the heap, or else a file that survives the process.
func throughQueue(name string, enc zapcore.Encoder, spool bool) way {
	return shapeThroughQueue(call.Plain, name, enc, spool)
}

func shapeThroughQueue(shape call.Shape, name string, enc zapcore.Encoder, spool bool) way {
	return way{name, func(sink io.Writer) (func(), func() error) {
		cfg := queuecore.Config{
			Targets:      queuecore.Targets(base.FromWriter(enc, zapcore.AddSync(sink), nil)),
			BlockTimeout: time.Minute,
		}
		if spool {
			dir, err := os.MkdirTemp("", "spool-")
			if err != nil {
				panic(err)
			}
			cfg.Spool = dir
		}
		core, err := queuecore.New(cfg)
		if err != nil {
			panic(err)
		}
		return shape.Zap(zap.New(core)), func() error {
			err := core.Close()
			if spool {
				err = errors.Join(err, os.RemoveAll(cfg.Spool))
			}
			return err
		}
	}, false}
}

// ways are what is compared. The first is what zap costs before any core runs.
var ways = []way{
	{nop, func(io.Writer) (func(), func() error) {
		return zapCalls(&nopCore{}), nothing
	}, true},
	queueWay,
	spoolWay,
	{synchronous, func(sink io.Writer) (func(), func() error) {
		return zapCalls(zapcore.NewCore(jsonEncoder(), zapcore.Lock(zapcore.AddSync(sink)), zapcore.DebugLevel)), nothing
	}, false},
	{buffered, func(sink io.Writer) (func(), func() error) {
		ws := &zapcore.BufferedWriteSyncer{WS: zapcore.AddSync(sink), Size: 256 << 10, FlushInterval: 10 * time.Millisecond}
		return zapCalls(zapcore.NewCore(jsonEncoder(), ws, zapcore.DebugLevel)), ws.Stop
	}, false},
	{channel, func(sink io.Writer) (func(), func() error) {
		core := newChannelCore(zapcore.NewCore(jsonEncoder(), zapcore.AddSync(sink), zapcore.DebugLevel))
		return zapCalls(core), core.end
	}, false},
	{"zap, zerolog's diode", func(sink io.Writer) (func(), func() error) {
		w := diode.NewWriter(sink, 8192, 0, func(int) {})
		return zapCalls(zapcore.NewCore(jsonEncoder(), zapcore.AddSync(copying{w}), zapcore.DebugLevel)), w.Close
	}, false},
	{"zerolog, diode", func(sink io.Writer) (func(), func() error) {
		w := diode.NewWriter(sink, 8192, 0, func(int) {})
		return call.Plain.Zerolog(w), w.Close
	}, false},
	{phuslu, func(sink io.Writer) (func(), func() error) {
		w := &plog.AsyncWriter{ChannelSize: 8192, Writer: plog.IOWriter{Writer: sink}}
		l := plog.Logger{Level: plog.DebugLevel, Writer: w}
		return func() {
			l.Info().Str("method", "GET").Str("path", "/api/v1/orders/12345").Int("status", 200).Int64("bytes", 51234).
				Dur("elapsed", 1234567).Str("remote", "192.0.2.17:51234").Str("request_id", "6f1c2a4e-9b1d-4c55").
				Str("agent", "curl/8.5.0").Bool("cached", true).Float64("load", 0.75).Msg("request served")
		}, w.Close
	}, false},
	{"slog to a channel", func(sink io.Writer) (func(), func() error) {
		h := newChannelHandler(slog.NewJSONHandler(sink, nil))
		return call.Plain.Slog(h), h.end
	}, false},
}

// typicalWays are those that log by zap, with typical fields.
var typicalWays = []way{
	{nop, func(io.Writer) (func(), func() error) { return call.Typical.Zap(zap.New(&nopCore{})), nothing }, true},
	shapeThroughQueue(call.Typical, ours, base.NewJSON(zap.NewProductionEncoderConfig()), false),
	{synchronous, func(sink io.Writer) (func(), func() error) {
		return call.Typical.Zap(zap.New(zapcore.NewCore(jsonEncoder(), zapcore.Lock(zapcore.AddSync(sink)), zapcore.DebugLevel))), nothing
	}, false},
}

func nothing() error { return nil }

func jsonEncoder() zapcore.Encoder { return zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()) }

// zapCalls is the plain call of package call, entry and fields what it logs, for a Core that is called without a Logger.
func zapCalls(core zapcore.Core) func() { return call.Plain.Zap(zap.New(core)) }

func entry() zapcore.Entry { return call.Entry() }

func fields() []zapcore.Field { return call.Plain.Fields() }

// nopCore takes records and does nothing.
type nopCore struct{}

func (*nopCore) Enabled(zapcore.Level) bool                 { return true }
func (c *nopCore) With([]zapcore.Field) zapcore.Core        { return c }
func (*nopCore) Write(zapcore.Entry, []zapcore.Field) error { return nil }
func (*nopCore) Sync() error                                { return nil }
func (c *nopCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

// copying gives a diode a copy of its own, for zap takes its buffer back.
type copying struct{ w io.Writer }

func (c copying) Write(p []byte) (int, error) { return c.w.Write(slices.Clone(p)) }

// channelCore is what people write first: it copies the fields and sends them to a goroutine.
type channelCore struct {
	zapcore.Core
	records chan channelRecord
	done    chan struct{}
}

type channelRecord struct {
	ent    zapcore.Entry
	fields []zapcore.Field
}

func newChannelCore(target zapcore.Core) *channelCore {
	c := &channelCore{Core: target, records: make(chan channelRecord, 8192), done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for r := range c.records {
			_ = target.Write(r.ent, r.fields)
		}
	}()
	return c
}

func (c *channelCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}

func (c *channelCore) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	c.records <- channelRecord{ent, slices.Clone(fields)}
	return nil
}

func (c *channelCore) end() error {
	close(c.records)
	<-c.done
	return nil
}

// channelHandler is the same for slog.
type channelHandler struct {
	slog.Handler
	records chan slog.Record
	done    chan struct{}
}

func newChannelHandler(target slog.Handler) *channelHandler {
	h := &channelHandler{Handler: target, records: make(chan slog.Record, 8192), done: make(chan struct{})}
	go func() {
		defer close(h.done)
		for r := range h.records {
			_ = target.Handle(context.Background(), r)
		}
	}()
	return h
}

func (h *channelHandler) Handle(_ context.Context, r slog.Record) error {
	h.records <- r.Clone()
	return nil
}

func (h *channelHandler) end() error {
	close(h.records)
	<-h.done
	return nil
}
