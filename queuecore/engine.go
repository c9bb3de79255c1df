package queuecore

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/disklog"
	base "example.com/zaphandlers/zapcore"
)

// Queue is an engine that keeps records elsewhere: on a disk, in a broker, in memory that two parts of a program share.
// NewHandler puts the arena in front of one, so that nothing slow is ever on the way of a Write, and NewListener delivers
// from one. Package queuetest says what an engine must do.
//
// An engine numbers its records from 1, without gaps, in the order in which they were appended. A cursor is a reader's
// place, known by name: the number of the last record that it has acknowledged. Two readers with two cursors get every
// record both. All methods are safe for concurrent use, but a cursor is for one reader at a time.
type Queue interface {
	// Append adds the records of batch (Python: enqueue) and returns the number of the last record of the queue. When it returns
	// nil the records are as safe as the engine promises; with a *RejectedError it has taken all but those that this names, which
	// it never will; with any other error it has taken none of them, and a *RetryError among the causes says that it may take them
	// later. An empty batch adds nothing. It keeps nothing of the batch.
	Append(batch *base.Batch) (last uint64, err error)
	// Read adds to batch, which is empty, what follows the last record that the cursor has acknowledged, as much as is
	// convenient, and returns the number of the last record added (Python: dequeue). If there is nothing it waits until there
	// is, until ctx is done, or until the queue is closed, and returns ctx's error or one that wraps ErrClosed; if there is
	// something it returns that, though ctx be done. The tapes are valid until the cursor's next Read. A cursor that is new
	// begins with the oldest record that the queue holds.
	Read(ctx context.Context, cursor string, batch *base.Batch) (last uint64, err error)
	// Ack says that the cursor is done with the records up to that number. One that is done with already is no error; 0 only
	// makes a new cursor known, so that from now on records are held for it.
	Ack(cursor string, number uint64) error
	// Close releases the engine. What it holds in memory only is lost; calls that wait return.
	Close(ctx context.Context) error
}

// NewHandler is Python's QueueHandler: a Core that puts records into an engine, by way of the arena. Config.Targets must
// be empty, or one target without a Core that says how large batches are and how often they are tried again. Close does
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

// writeHalves writes a batch in two parts: there is no file for all of it.
func (a *appender) writeHalves(batch *base.Batch) (n int, err error) {
	var half base.Batch
	var said base.Verdicts
	for from, middle := 0, batch.Len()/2; from < batch.Len(); from, middle = middle, batch.Len() {
		half.Slice(batch, from, middle)
		done, err := a.WriteBatch(&half)
		n += done
		if said.Add(from, err); done < half.Len() {
			return n, said.With(err)
		}
	}
	return n, said.With(nil)
}

// Sync makes an engine that can do so write what it has appended to where it is safe.
func (a *appender) Sync() error {
	if s, ok := a.engine.(interface{ Sync() error }); ok {
		return s.Sync()
	}
	return nil
}
