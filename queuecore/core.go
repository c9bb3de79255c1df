package queuecore

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Types of package zapcore that users of a queue need.
type (
	// Stats counts records: see its fields.
	Stats = base.Stats
	// LostError is what Close returns if it dropped records.
	LostError = base.LostError
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// ErrFull is what Write returns for a record that found no room in time. It wraps os.ErrDeadlineExceeded.
var ErrFull = fmt.Errorf("queuecore: full: %w", os.ErrDeadlineExceeded)

// ErrTooLarge is what Write returns for a record that is larger than Config.MaxBytes.
var ErrTooLarge = errors.New("queuecore: record is larger than Config.MaxBytes")

// Core is a zapcore.Core that puts records into a queue. New makes one and starts its listeners.
//
// Beside the methods of zapcore.Core it has Close, Stats, Targets, WriteBatch and Level. All are safe for concurrent use.
// With returns a Core that shares the queue; closing one closes all.
type Core struct {
	queue   *queue
	context base.Context
}

var (
	_ zapcore.Core     = (*Core)(nil)
	_ base.BatchWriter = (*Core)(nil)
)

// New returns a Core and starts a goroutine for each target; Close ends them. An error names the field that is missing or
// wrong.
func New(cfg Config) (*Core, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	q, err := newQueue(cfg)
	if err != nil {
		return nil, err
	}
	q.start()
	return &Core{queue: q}, nil
}

// Enabled reports whether records of level l are taken: Config.Level and at least one target want them.
func (c *Core) Enabled(l zapcore.Level) bool { return c.queue.enabled(l) }

// Level returns the lowest level that is taken; zapcore.LevelOf calls it.
func (c *Core) Level() zapcore.Level { return c.queue.level() }

// With returns a Core whose records begin with fields. They are recorded now.
func (c *Core) With(fields []zapcore.Field) zapcore.Core {
	return &Core{queue: c.queue, context: c.context.With(fields)}
}

// Check adds c to ce if the entry's level is taken.
func (c *Core) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(ent.Level) {
		return ce.AddCore(ent, c)
	}
	return ce
}

// Write puts the record into the queue. It returns nil if the queue took it, or counted it as dropped, and ErrFull,
// ErrTooLarge or ErrClosed if the queue refused it. For an entry above Error, even a refused one, it returns only when every
// target has delivered and synced what the queue holds, or after FatalTimeout.
func (c *Core) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	if c.queue.cfg.Prepare != nil {
		return c.writePrepared(ent, fields)
	}
	var texts base.Texts
	if c.queue.enqueuer.capture(&ent, &c.context, fields, &texts) {
		return nil
	}
	r := base.GetRecord()
	err := r.CaptureSaid(ent, c.context, fields, &texts)
	if err == nil {
		err = c.queue.enqueuer.write(ent.Level, ent.Level, r.Bytes())
	} else {
		c.queue.enqueuer.refuse(ent.Level)
	}
	r.Free()
	return err
}

// WriteBatch implements base.BatchWriter, so that a buffer or another queue can hand over its tapes as they are. A record that
// is too large, or at which Prepare panics, is named in a *RejectedError; the others are taken.
func (c *Core) WriteBatch(batch *base.Batch) (n int, err error) {
	var verdicts base.Verdicts
	for n < batch.Len() {
		switch err := c.writeTape(batch, n); err {
		case nil:
		case ErrFull:
			return n, verdicts.With(&base.RetryError{Err: err})
		case ErrClosed:
			return n, verdicts.With(err)
		default:
			verdicts.Reject(n, err)
		}
		n++
	}
	return n, verdicts.With(nil)
}

func (c *Core) writeTape(batch *base.Batch, i int) error {
	if c.queue.cfg.Prepare == nil {
		return c.queue.enqueuer.write(batch.Level(i), batch.Level(i), batch.Tape(i))
	}
	r := batch.At(i).Clone()
	return (&Core{queue: c.queue}).writePrepared(r.Entry(), r.AppendFields(nil))
}

// Sync waits until every target has delivered and synced what the queue held when Sync was called; later records
// do not delay it. It gives up after DrainTimeout with an error that wraps os.ErrDeadlineExceeded. A target that calls it
// does not wait for itself. It returns nil after Close.
func (c *Core) Sync() error { return c.queue.flushes.sync() }

// Close refuses new records, delivers those it holds, syncs the targets and stops the listeners. Records that it cannot deliver
// within DrainTimeout are dropped, or stay in the Spool if there is one, and the error says so. Records dropped since Close began
// are returned as a *LostError. Close does not wait longer for a target that is stuck in a call. It leaves the targets open: whoever
// opened them closes them, after the queue. The second and later calls return nil.
//
// A signal ends a program without Close: to survive SIGTERM, which systemd, Kubernetes and "docker stop" send, handle it
// (os/signal.NotifyContext) and let main return. The example "signals" shows the few lines that it takes.
func (c *Core) Close() error { return c.queue.close() }

// Stats returns the counts of the queue. A record that goes to several targets counts once: as dropped if any of them
// lost it, as skipped if none wanted it, else as delivered when the last one is done with it.
func (c *Core) Stats() Stats { return c.queue.stats() }

// TargetStats counts what became of the records at one target. Every record that the queue accepts is accepted for each target.
type TargetStats struct {
	Name string `json:"name"` // TargetConfig.Name
	Stats

	Drops      []Drop `json:"drops,omitempty"`       // the records of Dropped by level and cause
	DeadLetter uint64 `json:"dead_letter,omitempty"` // how many of the dropped records the dead-letter Core took
	Notices    uint64 `json:"notices,omitempty"`     // how many records "records dropped" were delivered; they are counted nowhere else
}

// String returns the counts as one JSON object.
func (s TargetStats) String() string { return jsonText(s) }

// Targets returns the counts of each target, in the order of Config.Targets, where the members of a Tee stand in its place.
func (c *Core) Targets() []TargetStats {
	q := c.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	targets := make([]TargetStats, len(q.targets))
	for i, l := range q.targets {
		targets[i] = TargetStats{
			Name:       l.target.Name,
			Stats:      l.reader.Stats(),
			Drops:      slices.Clone(l.drops),
			DeadLetter: l.dead,
			Notices:    l.notice.sent,
		}
	}
	return targets
}

// String returns all counts as JSON, so that a Core can be published with package expvar.
func (c *Core) String() string {
	all := struct {
		Stats
		Bytes   int           `json:"bytes"`
		Limit   int           `json:"max_bytes"`
		Targets []TargetStats `json:"targets"`
	}{Stats: c.Stats(), Targets: c.Targets()}
	c.queue.mu.Lock()
	all.Bytes, all.Limit = c.queue.arena.Used(), c.queue.arena.Limit()
	c.queue.mu.Unlock()
	return jsonText(all)
}

// jsonText returns counts as JSON.
func jsonText(counts any) string {
	text, err := json.Marshal(counts)
	if err != nil {
		return "{}" // they are plain numbers and texts
	}
	return string(text)
}

// Prepare is a hook that may redact, enrich or drop a record (Python's QueueHandler.prepare and
// QueueListener.prepare). It gets all fields, those of With first, may change ent, and returns the fields that replace them. If keep is
// false the record is dropped, and counts as skipped. It must not keep its arguments.
type Prepare func(ent *zapcore.Entry, fields []zapcore.Field) (prepared []zapcore.Field, keep bool)

// prepared runs the hook on r and returns the tape of the result, or nil if the hook drops the record.
func prepared(r *base.Record, prepare Prepare) ([]byte, error) {
	own := r.Clone()
	ent := own.Entry()
	fields, keep := prepare(&ent, own.AppendFields(nil))
	if !keep {
		return nil, nil
	}
	var made base.Record
	if err := made.Capture(ent, base.Context{}, fields); err != nil {
		return nil, err
	}
	return made.Bytes(), nil
}

// writePrepared is Write with Config.Prepare.
func (c *Core) writePrepared(ent zapcore.Entry, fields []zapcore.Field) error {
	logged, keep := ent.Level, false
	if err := c.queue.enqueuer.nesting.Enter(); err != nil {
		c.queue.enqueuer.refuse(logged)
		return fmt.Errorf("queuecore: Prepare: %w", err)
	}
	defer c.queue.enqueuer.nesting.Leave()
	err := base.Guard(func() error {
		fields, keep = c.queue.cfg.Prepare(&ent, append(c.context.Fields(), fields...))
		return nil
	})
	switch {
	case err != nil:
		c.queue.enqueuer.refuse(logged)
		return fmt.Errorf("queuecore: Prepare: %w", err)
	case !keep:
		err := c.queue.enqueuer.skip()
		c.queue.enqueuer.deliverPriorIfUrgent(logged)
		return err
	}
	r := base.GetRecord()
	defer r.Free()
	if err := r.Capture(ent, base.Context{}, fields); err != nil {
		c.queue.enqueuer.refuse(logged)
		return err
	}
	return c.queue.enqueuer.write(logged, ent.Level, r.Bytes())
}
