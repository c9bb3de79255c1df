package faults

import (
	"io"
	"sync/atomic"
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

// idleLooks is after how many looks a program that logs nothing is waiting, rather than for its turn on a busy processor.
const idleLooks = 50

func queueFaults() []fault {
	f := fault{name: "sink stalls during a burst", records: 20_000}
	for _, q := range []queued{oursBlocking, oursDropping, zapDiode, zerologDiode, phusluAsync} {
		f.handlers = append(f.handlers, handler{q.name, func(records int) (outcome, error) { return burst(q, records) }})
	}
	return []fault{f}
}

// burst logs as fast as it can to a sink that stalls.
func burst(q queued, records int) (outcome, error) {
	sink := &stalling{ledger: newLedger()}
	log, end, err := q.open(sink, sink.ledger)
	if err != nil {
		return outcome{}, err
	}
	for i := range records {
		log(i)
		sink.logged.Add(1)
	}
	err = end()
	return sink.outcome(records), err
}

// stalling is a sink that stalls at its first line until more has been logged than there is room for, or until the program
// has to wait for it. It has no Sync: nobody waits for a disk.
type stalling struct {
	*ledger
	logged  atomic.Int64
	stalled bool
}

func (s *stalling) Write(p []byte) (int, error) {
	for last, idle := int64(-1), 0; !s.stalled; time.Sleep(10 * pace) {
		now := s.logged.Load()
		if idle++; now != last {
			last, idle = now, 0
		}
		s.stalled = now >= 2*room || idle == idleLooks
	}
	s.takeLines(p)
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
