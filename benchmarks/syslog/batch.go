package syslog

import (
	"fmt"
	"testing"

	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

// batches opens something that takes batches.
type batches = func(b *testing.B, batch *base.Batch) (write func(batch *base.Batch) (int, error), err error)

// newBatch returns a batch of n records.
func newBatch(n int) (*base.Batch, error) {
	batch := new(base.Batch)
	for range n {
		var r base.Record
		if err := r.Capture(entry(), base.Context{}, fields); err != nil {
			return nil, err
		}
		batch.Add(r.Bytes())
	}
	return batch, nil
}

// thousands runs a row of which a call does the work of a thousand operations, and the last one that of those that are left.
func thousands(open batches) func(b *testing.B) error {
	return func(b *testing.B) error {
		batch, err := newBatch(min(b.N, 1000))
		if err != nil {
			return err
		}
		write, err := open(b, batch)
		if err != nil {
			return err
		}
		var last base.Batch
		lost := 0
		b.ResetTimer()
		for left := b.N; left > 0; left -= batch.Len() {
			part := batch
			if left < batch.Len() {
				part = &last
				last.Slice(batch, 0, left)
			}
			n, err := write(part)
			if err != nil {
				return fmt.Errorf("after %d of %d: %w", n, part.Len(), err)
			}
			lost += part.Len() - n
		}
		b.StopTimer()
		b.ReportMetric(float64(lost)/float64(b.N), "lost/op")
		return nil
	}
}

// byThousand compares log/syslog's calls with records that are handed over by the thousand.
func byThousand(open batches) func(b *testing.B) error {
	const n = 1000
	single := suite.Side{Open: func(b *testing.B) (func() error, error) {
		address, err := sockets.Sink(b, "tcp")
		if err != nil {
			return nil, err
		}
		return stdlib(b, "tcp", address)
	}}
	return suite.InTurns(single, suite.Side{Ops: n, Open: func(b *testing.B) (func() error, error) {
		batch, err := newBatch(n)
		if err != nil {
			return nil, err
		}
		write, err := open(b, batch)
		return func() error { _, err := write(batch); return err }, err
	}})
}

type writeBatch = func(batch *base.Batch) (int, error)

func wholeBatch(b *testing.B, _ *base.Batch) (writeBatch, error) {
	core, err := newCore(b, sysloghandler.Config{Network: "tcp"})
	if err != nil {
		return nil, err
	}
	return core.WriteBatch, nil
}

func numberedBatch(b *testing.B, _ *base.Batch) (writeBatch, error) {
	core, err := newCore(b, sysloghandler.Config{Network: "tcp", SequenceID: true})
	if err != nil {
		return nil, err
	}
	return core.WriteBatch, nil
}

func readyBatch(b *testing.B, batch *base.Batch) (writeBatch, error) {
	ready, err := message()
	if err != nil {
		return nil, err
	}
	var frames base.Frames
	for range batch.Len() {
		frames.Add(ready)
	}
	e, err := newEmitter(b, "tcp")
	if err != nil {
		return nil, err
	}
	return func(batch *base.Batch) (int, error) {
		for frames.Len() > batch.Len() { // the last one
			frames.Reset()
			for range batch.Len() {
				frames.Add(ready)
			}
		}
		return e.EmitBatch(batch, &frames)
	}, nil
}
