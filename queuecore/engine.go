package queuecore

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/disklog"
	base "example.com/zaphandlers/zapcore"
)

// Queue is an engine: it keeps records on a disk, in a broker, or in memory that two parts of a program share.
// NewHandler puts the arena in front of an engine, so that a Write never waits for it, and NewListener delivers
// from one. Package queuetest tests what an engine must do.
//
// An engine numbers its records from 1, without gaps, in the order in which they were appended. Each reader has a cursor, known by
// its name: the number of the last record that the reader has acknowledged. Readers with different cursors each get every
// record. All methods are safe for concurrent use, but only one reader at a time may use a cursor.
type Queue interface {
	// Append adds the records of batch (Python: enqueue) and returns the number of the last record of the queue. After
	// nil the records are as safe as the engine promises. After a *RejectedError it has taken all but the records named there, which
	// it will never take. After any other error it has taken none of them, and a *RetryError among the causes says that it may take
	// them later. An empty batch adds nothing. Append must keep nothing of the batch.
	Append(batch *base.Batch) (last uint64, err error)
	// Read adds to batch, which is empty, records after the last one that the cursor has acknowledged, as many as is
	// convenient, and returns the number of the last record added (Python: dequeue). If there are none it waits until there
	// are, until ctx is done, or until the queue is closed, and returns ctx's error or one that wraps ErrClosed. If there are
	// records it returns them even if ctx is done. The tapes are valid until the cursor's next Read. A new cursor
	// begins with the oldest record that the queue holds.
	Read(ctx context.Context, cursor string, batch *base.Batch) (last uint64, err error)
	// Ack says that the cursor is done with the records up to number. A number acknowledged before is no error. 0 only
	// makes a new cursor known, so that records are kept for it from now on.
	Ack(cursor string, number uint64) error
	// Close releases the engine. Records that are only in memory are lost; waiting calls return.
	Close(ctx context.Context) error
}

// NewHandler is Python's QueueHandler: a Core that appends records to an engine, through the arena. Config.Targets must
// be empty, or hold one target without a Core, whose settings say how large batches are and how they are retried. Close does
// not close the engine.
func NewHandler(engine Queue, cfg Config) (*Core, error) {
	if engine == nil {
		return nil, errors.New("queuecore: NewHandler needs an engine")
	}
	var target TargetConfig
	switch {
	case len(cfg.Targets) == 1 && cfg.Targets[0].Core == nil:
		target = cfg.Targets[0]
	case len(cfg.Targets) > 0:
		return nil, errors.New("queuecore: Config.Targets of a NewHandler is the engine; give other targets to a NewListener")
	}
	target.Core = &appender{engine: engine}
	cfg.Targets = []TargetConfig{target}
	return New(cfg)
}

// appender is a Core that appends to an engine.
type appender struct {
	engine  Queue
	context base.Context
}

var _ base.BatchWriter = (*appender)(nil)

func (a *appender) Enabled(zapcore.Level) bool { return true }
func (a *appender) Level() zapcore.Level       { return everything }

func (a *appender) With(fields []zapcore.Field) zapcore.Core {
	return &appender{engine: a.engine, context: a.context.With(fields)}
}

func (a *appender) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, a)
}

func (a *appender) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	r := base.GetRecord()
	defer r.Free()
	if err := r.Capture(ent, a.context, fields); err != nil {
		return err
	}
	var batch base.Batch
	batch.Add(r.Bytes())
	_, err := a.WriteBatch(&batch)
	return err
}

func (a *appender) WriteBatch(batch *base.Batch) (int, error) {
	if batch.Len() == 0 {
		return 0, nil
	}
	_, err := a.engine.Append(batch)
	switch {
	case err == nil:
		return batch.Len(), nil
	case errors.Is(err, disklog.ErrOverLimit) && batch.Len() > 1:
		return a.writeHalves(batch)
	}
	n := 0
	if rejected := (*base.RejectedError)(nil); errors.As(err, &rejected) {
		n = batch.Len()
	}
	return n, fmt.Errorf("queuecore: append: %w", err)
}

// writeHalves writes a batch in two parts, because no file may become large enough for all of it.
func (a *appender) writeHalves(batch *base.Batch) (n int, err error) {
	var half base.Batch
	var verdicts base.Verdicts
	for from, middle := 0, batch.Len()/2; from < batch.Len(); from, middle = middle, batch.Len() {
		half.Slice(batch, from, middle)
		done, err := a.WriteBatch(&half)
		n += done
		if verdicts.Add(from, err); done < half.Len() {
			return n, verdicts.With(err)
		}
	}
	return n, verdicts.With(nil)
}

// Sync makes the appended records safe from a loss of power, if the engine has a Sync method.
func (a *appender) Sync() error {
	if s, ok := a.engine.(interface{ Sync() error }); ok {
		return s.Sync()
	}
	return nil
}
