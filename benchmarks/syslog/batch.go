package syslog

import (
	"fmt"
	"testing"

	"example.com/zaphandlers/sysloghandler"
	base "example.com/zaphandlers/zapcore"
)

// thousands runs a row of which a call does the work of a thousand operations, and the last one that of those that are left.
func thousands(open func(b *testing.B, batch *base.Batch) (write func(batch *base.Batch) (int, error), err error)) func(b *testing.B) error {
	return func(b *testing.B) error {
		var batch, last base.Batch
		for range min(b.N, 1000) {
			var r base.Record
			if err := r.Capture(entry(), base.Context{}, fields); err != nil {
				return err
			}
			batch.Add(r.Bytes())
		}
		write, err := open(b, &batch)
		if err != nil {
			return err
		}
		lost := 0
		b.ResetTimer()
		for left := b.N; left > 0; left -= batch.Len() {
			part := &batch
			if left < batch.Len() {
				part = &last
				last.Slice(&batch, 0, left)
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
