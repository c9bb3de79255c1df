package faults

import (
	"bytes"
	"io"
	"time"

	plog "github.com/phuslu/log"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/diode"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// queued is a handler that logs without waiting for its sink, with room for about 8192 records.
type queued struct {
	name string
	open func(sink io.Writer, l *ledger) (log func(number int), end func() error, err error)
}

const room = 8192

func queueFaults() []fault {
	f := fault{name: "burst to a slow sink", records: 20_000}
	for _, q := range []queued{oursBlocking, oursDropping, zapDiode, zerologDiode, phusluAsync} {
		f.handlers = append(f.handlers, handler{q.name, func(records int) (outcome, error) { return burst(q, records) }})
	}
	return []fault{f}
}

// burst logs as fast as it can to a sink that stalls for 5 ms each 250 records: more than there is room for.
func burst(q queued, records int) (outcome, error) {
	l := newLedger()
	log, end, err := q.open(&stalling{l: l}, l)
	if err != nil {
		return outcome{}, err
	}
	for i := range records {
		log(i)
	}
	err = end()
	return l.outcome(records), err
}

// stalling is a sink. It has no Sync: nobody waits for a disk.
type stalling struct {
	l     *ledger
	lines int
}

func (s *stalling) Write(p []byte) (int, error) {
	s.l.takeLines(p)
	if s.lines += bytes.Count(p, []byte{'\n'}); s.lines >= 250 {
		s.lines -= 250
		time.Sleep(5 * time.Millisecond)
	}
	return len(p), nil
}

var (
	oursBlocking = queued{"queuecore", func(sink io.Writer, l *ledger) (func(int), func() error, error) {
		return oursQueue(sink, l, queuecore.Block)
	}}
	oursDropping = queued{"queuecore, DropNewest", func(sink io.Writer, l *ledger) (func(int), func() error, error) {
		return oursQueue(sink, l, queuecore.DropNewest)
	}}
)

func oursQueue(sink io.Writer, l *ledger, overflow queuecore.Overflow) (func(int), func() error, error) {
	core, err := queuecore.New(queuecore.Config{
		Targets:      queuecore.Targets(base.FromWriter(jsonEncoder(), zapcore.AddSync(sink), nil)),
		MaxBytes:     room * 192, // a tape of this record, and what lies beside it
		Overflow:     overflow,
		BlockTimeout: time.Minute,
		OmitNotice:   true,
		OnError:      ignore,
	})
	if err != nil {
		return nil, nil, err
	}
	return throughZap(core, l), func() error {
		err := core.Close()
		l.drop(int(core.Stats().Dropped))
		return err
	}, nil
}

// The rivals. A diode's alert counts what it overwrites.
var (
	zapDiode = queued{"zap, zerolog's diode", func(sink io.Writer, l *ledger) (func(int), func() error, error) {
		w := diode.NewWriter(sink, room, 0, l.drop)
		return throughZap(zapcore.NewCore(jsonEncoder(), zapcore.AddSync(w), zap.DebugLevel), l), w.Close, nil
	}}
	zerologDiode = queued{"zerolog, diode", func(sink io.Writer, l *ledger) (func(int), func() error, error) {
		w := diode.NewWriter(sink, room, 0, l.drop)
		log := zerolog.New(w)
		return func(number int) { log.Info().Msg(record(number, shortLine)) }, w.Close, nil
	}}
	phusluAsync = queued{"phuslu AsyncWriter", func(sink io.Writer, l *ledger) (func(int), func() error, error) {
		w := &plog.AsyncWriter{ChannelSize: room, Writer: plog.IOWriter{Writer: sink}}
		log := plog.Logger{Writer: w}
		return func(number int) { log.Info().Msg(record(number, shortLine)) }, w.Close, nil
	}}
)

func jsonEncoder() zapcore.Encoder { return zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()) }

// throughZap logs by a Core, and notes what it answers.
func throughZap(core zapcore.Core, l *ledger) func(number int) {
	return func(number int) {
		l.wrote(number, core.Write(zapcore.Entry{Time: time.Now(), Message: record(number, shortLine)}, nil))
	}
}
