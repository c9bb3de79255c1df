package queue

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/benchmarks/call"
	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/buffercore"
	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// coreTables: what Cores cost without the Logger; what the collector does with what they hold; and Python.
func coreTables() []suite.Table {
	return []suite.Table{
		{Name: "Core.Write, typical", N: 200 * burst, Rows: []suite.Row{
			{Name: "zap EncodeEntry", Run: encode(call.Typical.Fields)},
			{Name: "recording", Run: record(call.Typical.Fields)},
			{Name: "queuecore", Run: writeQueue(call.Typical.Fields)},
			{Name: "buffercore", Run: writeBuffer(call.Typical.Fields)},
		}},
		{Name: "Core.Write", N: 200 * burst, Rows: []suite.Row{
			{Name: "memcpy of 300 B", Run: memcpy},
			{Name: "zap EncodeEntry", Run: encode(fields)},
			{Name: "recording", Run: record(fields)},
			{Name: "recording, a lock and a copy, no more", Run: recordAndKeep(fields)},
			{Name: "queuecore", Run: writeQueue(fields)},
			{Name: "buffercore", Run: writeBuffer(fields)},
			{Name: "buffercore that keeps the newest", Run: keepNewest(func(c *buffercore.Core) zapcore.Core { return c })},
			{Name: "flight recorder that keeps the newest", Run: keepNewest(func(c *buffercore.Core) zapcore.Core { return c.Begin() })},
		}},
		{Name: "garbage collection, 65,536 records held", N: 20, Rows: []suite.Row{
			{Name: "none", Run: func(b *testing.B) error { collect(b); return nil }},
			{Name: "queuecore", Run: collectQueue},
			{Name: "copies of fields", Run: collectCopies},
		}},
		{Name: "beside C++", N: 50 * burst, Rows: []suite.Row{
			{Name: "queuecore", Run: func(b *testing.B) error { return bursts(b, queueWay, discard, 1) }},
			{Name: "spdlog async", N: 1, Run: spdlog},
		}},
		{Name: "beside Python", N: 200_000, Rows: []suite.Row{
			{Name: "queuecore", Run: callQueue},
			{Name: "QueueHandler", N: 20_000, Run: python(queueHandler)},
			{Name: "buffercore", Run: callBuffer},
			{Name: "MemoryHandler", N: 20_000, Run: python(memoryHandler)},
		}},
	}
}

func memcpy(b *testing.B) error {
	from, to := make([]byte, 300), make([]byte, 300)
	b.ResetTimer()
	for range b.N {
		copy(to, from)
		to[0]++
	}
	return nil
}

func encode(of func() []zapcore.Field) func(*testing.B) error {
	return func(b *testing.B) error {
		enc, ent, f := jsonEncoder(), entry(), of()
		b.ResetTimer()
		for range b.N {
			buf, err := enc.EncodeEntry(ent, f)
			if err != nil {
				return err
			}
			buf.Free()
		}
		return nil
	}
}

func record(of func() []zapcore.Field) func(*testing.B) error {
	return func(b *testing.B) error {
		ent, f := entry(), of()
		r := base.GetRecord()
		defer r.Free()
		b.ResetTimer()
		for range b.N {
			if err := r.Capture(ent, base.Context{}, f); err != nil {
				return err
			}
		}
		return nil
	}
}

// recordAndKeep is the least that a buffer does which keeps what others record.
func recordAndKeep(of func() []zapcore.Field) func(*testing.B) error {
	return func(b *testing.B) error {
		ent, f := entry(), of()
		r := base.GetRecord()
		defer r.Free()
		var mu sync.Mutex
		kept, at := make([]byte, 1<<20), 0
		b.ResetTimer()
		for range b.N {
			if err := r.Capture(ent, base.Context{}, f); err != nil {
				return err
			}
			mu.Lock()
			if at+len(r.Bytes()) > len(kept) {
				at = 0
			}
			at += copy(kept[at:], r.Bytes())
			mu.Unlock()
		}
		return nil
	}
}

// writeQueue writes to a queue in front of a Core that does nothing.
func writeQueue(of func() []zapcore.Field) func(*testing.B) error {
	return func(b *testing.B) error {
		core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(&nopCore{})})
		if err != nil {
			return err
		}
		return multierr.Append(writeBursts(b, core, of()), core.Close())
	}
}

// writeBuffer writes below the flush level to a buffer that is not full.
func writeBuffer(of func() []zapcore.Field) func(*testing.B) error {
	return func(b *testing.B) error {
		core, err := buffercore.New(buffercore.Config{Target: &nopCore{}, Capacity: burst + 1})
		if err != nil {
			return err
		}
		return multierr.Append(writeBursts(b, core, of()), core.Close())
	}
}

// writeBursts writes in bursts, between which all is delivered, and reports what a Write took.
func writeBursts(b *testing.B, core zapcore.Core, f []zapcore.Field) (err error) {
	ent := entry()
	var took durations
	b.ResetTimer()
	for took.records < b.N {
		n := min(burst, b.N-took.records)
		begin := time.Now()
		for range n {
			err = multierr.Append(err, core.Write(ent, f))
		}
		took.add(time.Since(begin), n)
		err = multierr.Append(err, core.Sync())
	}
	b.StopTimer()
	took.report(b, 1)
	return err
}

// keepNewest writes to a Core of a buffer that has nowhere to flush to, so that each record costs the oldest its place.
func keepNewest(of func(*buffercore.Core) zapcore.Core) func(*testing.B) error {
	return func(b *testing.B) error {
		core, err := buffercore.New(buffercore.Config{})
		if err != nil {
			return err
		}
		to, ent, f := of(core), entry(), fields()
		b.ResetTimer()
		for range b.N {
			err = multierr.Append(err, to.Write(ent, f))
		}
		b.StopTimer()
		_ = core.Close() // says what it dropped
		return err
	}
}

const held = 65536

// collect measures collections: the least of b.N, since what else the machine does only adds to it.
func collect(b *testing.B) {
	runtime.GC()
	least := time.Duration(1 << 62)
	b.ResetTimer()
	for range b.N {
		begin := time.Now()
		runtime.GC()
		least = min(least, time.Since(begin))
	}
	b.StopTimer()
	b.ReportMetric(float64(least.Nanoseconds()), "ns/op")
}

func collectQueue(b *testing.B) error {
	gate := make(chan struct{})
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(base.FromWriter(jsonEncoder(), gated{gate}, nil))})
	if err != nil {
		return err
	}
	ent, f := entry(), fields()
	for range held {
		err = multierr.Append(err, core.Write(ent, f))
	}
	if core.Stats().Pending != held {
		err = multierr.Append(err, errors.New("the queue does not hold what it was given"))
	}
	collect(b)
	close(gate)
	return multierr.Append(err, core.Close())
}

func collectCopies(b *testing.B) error {
	ent, f := entry(), fields()
	records := make([]channelRecord, held)
	for i := range records {
		records[i] = channelRecord{ent, slices.Clone(f)}
	}
	collect(b)
	runtime.KeepAlive(records)
	return nil
}

// gated takes nothing until its gate is closed.
type gated struct{ gate chan struct{} }

func (g gated) Write(p []byte) (int, error) { <-g.gate; return len(p), nil }
func (gated) Sync() error                   { return nil }

// taker takes batches and does nothing with them, as the handler does that Python hands its records to.
type taker struct{ nopCore }

func (*taker) WriteBatch(batch *base.Batch) (int, error) { return batch.Len(), nil }

// callQueue is a whole call through a queue, until all is delivered.
func callQueue(b *testing.B) error {
	core, err := queuecore.New(queuecore.Config{Targets: queuecore.Targets(&taker{}), BlockTimeout: time.Minute})
	if err != nil {
		return err
	}
	log := zapCalls(core)
	b.ResetTimer()
	for range b.N {
		log()
	}
	return core.Close()
}

// callBuffer is a whole call into a buffer of 1000 that is flushed when it is full.
func callBuffer(b *testing.B) error {
	core, err := buffercore.New(buffercore.Config{Target: &taker{}})
	if err != nil {
		return err
	}
	log := zapCalls(core)
	b.ResetTimer()
	for range b.N {
		log()
	}
	b.StopTimer()
	return core.Close()
}
