package buffercore

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Types of package zapcore that users of a buffer need.
type (
	// Stats counts records: see its fields.
	Stats = base.Stats
	// LostError is what Close returns if it dropped records.
	LostError = base.LostError
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// ErrTooLarge is what Write returns for a record that is larger than MaxBytes, or than RecordingBytes in a Recording.
var ErrTooLarge = errors.New("buffercore: record is larger than the buffer")

// Config configures a Core.
type Config struct {
	// Target gets the records. Defaults to none, until SetTarget sets one. The buffer does not close it.
	Target zapcore.Core
	// Level decides which records are taken. Defaults to everything.
	Level zapcore.LevelEnabler
	// IgnoreLevel gives the target records below its own level too, as Python's MemoryHandler does.
	IgnoreLevel bool

	// Capacity is the number of records at which the buffer is flushed (Python's capacity), and the most that it keeps. Defaults to
	// 1000.
	Capacity int
	// MaxBytes is the most bytes of records that it keeps; it is flushed before a record that would not fit. Defaults to
	// 1 MiB; at least 4 KiB.
	MaxBytes int
	// FlushLevel decides which records flush the buffer (Python's flushLevel). Records above Error always do, because the program is
	// about to end. Defaults to Error and above.
	FlushLevel zapcore.LevelEnabler
	// ShouldFlush is a further reason to flush (Python's shouldFlush). It gets a record just taken and how many the buffer holds, and
	// returns true to flush it. It is called under no lock and may log to the buffer; it is not called for a record that it logs when its
	// calls are nested too deep. Defaults to none.
	ShouldFlush func(ent zapcore.Entry, records int) bool
	// FlushInterval is how often a goroutine flushes the buffer. Defaults to 0: never. Less than a millisecond is an error, because a
	// number without a unit counts nanoseconds.
	FlushInterval time.Duration
	// DrainTimeout is how long Sync, SetTarget and Close wait for the target, and how long a Write that finds no room waits for another
	// flush. Defaults to 10 s; negative means no bound.
	DrainTimeout time.Duration
	// FatalTimeout is how long Write waits until an entry above Error, and what the buffer holds, is delivered. Defaults to 5 s;
	// negative means no bound.
	FatalTimeout time.Duration
	// DiscardOnClose makes Close discard what the buffer holds (Python's flushOnClose=False).
	DiscardOnClose bool

	// RecordingBytes is the most bytes of records that a Recording keeps. The oldest make room for new ones, and count as dropped. It may
	// exceed MaxBytes: then the buffer is flushed as often as needed. Defaults to 64 KiB; at least 4 KiB.
	RecordingBytes int

	// OnError gets the errors that no caller waits for: a target that fails, once, and once more when it works again. It may log to
	// the buffer. Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

const minBytes = 4 << 10

func (cfg Config) withDefaults() (Config, error) {
	switch {
	case cfg.Capacity < 0:
		return cfg, fmt.Errorf("buffercore: Config.Capacity is %d, less than 1; 0 is the default", cfg.Capacity)
	case cfg.MaxBytes != 0 && cfg.MaxBytes < minBytes:
		return cfg, fmt.Errorf("buffercore: Config.MaxBytes is %d, less than %d", cfg.MaxBytes, minBytes)
	case cfg.RecordingBytes != 0 && cfg.RecordingBytes < minBytes:
		return cfg, fmt.Errorf("buffercore: Config.RecordingBytes is %d, less than %d", cfg.RecordingBytes, minBytes)
	case cfg.FlushInterval < 0:
		return cfg, fmt.Errorf("buffercore: Config.FlushInterval is %v; 0 is none", cfg.FlushInterval)
	}
	err := base.CheckIntervals(
		base.Interval{Field: "FlushInterval", Value: cfg.FlushInterval, Shortest: time.Millisecond, Example: "time.Second"},
		base.Interval{Field: "DrainTimeout", Value: cfg.DrainTimeout, Shortest: time.Millisecond, Example: "10 * time.Second"},
		base.Interval{Field: "FatalTimeout", Value: cfg.FatalTimeout, Shortest: time.Millisecond, Example: "5 * time.Second"},
	)
	if err != nil {
		return cfg, fmt.Errorf("buffercore: Config.%w", err)
	}
	if cfg.Level == nil {
		cfg.Level = everything
	}
	if cfg.FlushLevel == nil {
		cfg.FlushLevel = zapcore.ErrorLevel
	}
	setDefault(&cfg.Capacity, 1000)
	setDefault(&cfg.MaxBytes, 1<<20)
	setDefault(&cfg.RecordingBytes, 64<<10)
	setDefault(&cfg.DrainTimeout, 10*time.Second)
	setDefault(&cfg.FatalTimeout, 5*time.Second)
	return cfg, nil
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// everything is the lowest level there is.
const everything = zapcore.Level(-128)

// Core is a zapcore.Core that buffers records for a target.
//
// Beside the methods of zapcore.Core it has SetTarget, Begin, Close, Stats, WriteBatch and Level. All are safe for concurrent
// use. With returns a Core that shares the buffer; closing one closes all.
type Core struct {
	buffer  *buffer
	context base.Context
}

var (
	_ zapcore.Core     = (*Core)(nil)
	_ base.BatchWriter = (*Core)(nil)
)

// New returns a Core. An error names the field that is wrong. Only with a FlushInterval it starts a goroutine, which Close ends.
func New(cfg Config) (*Core, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	b := newBuffer(cfg)
	if cfg.FlushInterval > 0 {
		go flushPeriodically(b)
	} else {
		close(b.stopped)
	}
	return &Core{buffer: b}, nil
}

// Enabled reports whether records of level l are taken.
func (c *Core) Enabled(l zapcore.Level) bool {
	return c.buffer.conditions.enabled(c.buffer.cfg.Level, l, true)
}

// Level returns the lowest level that is taken; zapcore.LevelOf calls it.
func (c *Core) Level() zapcore.Level { return c.buffer.conditions.level() }

// With returns a Core whose records begin with fields. They are recorded now.
func (c *Core) With(fields []zapcore.Field) zapcore.Core {
	return &Core{buffer: c.buffer, context: c.context.With(fields)}
}

// Check adds c to ce if the entry's level is taken.
func (c *Core) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(ent.Level) {
		return ce.AddCore(ent, c)
	}
	return ce
}

// Write puts the record into the buffer, and flushes it if there is a reason. It returns nil if the buffer took the record,
// or counted it as dropped; OnError gets the errors of a flush. Before Write returns for an entry above Error, the target has delivered
// and synced it and what the buffer holds, if it can within FatalTimeout, whatever FlushLevel is. A Write that causes a
// flush takes as long as the target does; others do not wait for that flush, unless they find no room.
func (c *Core) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	var texts base.Texts
	if c.buffer.capture(&ent, &c.context, fields, &texts) {
		return nil
	}
	r := base.GetRecord()
	err := r.CaptureSaid(ent, c.context, fields, &texts)
	if err != nil {
		c.buffer.refuse(ent.Level)
	} else {
		err = c.buffer.write(&ent, r.Bytes())
	}
	r.Free()
	return err
}

// WriteBatch implements base.BatchWriter, so that another buffer or a queue can hand over its tapes as they are. A record
// that is too large is named in a *RejectedError; the others are taken. A record above Error that finds no room may be tried again.
func (c *Core) WriteBatch(batch *base.Batch) (n int, err error) {
	var verdicts base.Verdicts
	for n < batch.Len() {
		ent := batch.At(n).Entry()
		switch err := c.buffer.write(&ent, batch.Tape(n)); err {
		case nil:
		case ErrClosed:
			return n, verdicts.With(err)
		case ErrTooLarge:
			verdicts.Reject(n, err)
		default:
			return n, verdicts.With(&base.RetryError{Err: err})
		}
		n++
	}
	return n, verdicts.With(nil)
}

// SetTarget makes the buffer flush to another target, or to none (Python: setTarget). When it returns, the old target is no longer in
// use, with two exceptions: it is stuck in a call for longer than DrainTimeout, which is reported to OnError, or it has itself called
// SetTarget during a flush. That call is its last. The buffer itself, or a Tee with it, is refused: OnError gets an error, and the old
// target stays.
func (c *Core) SetTarget(target zapcore.Core) { c.buffer.setTarget(target) }

// Sync flushes the buffer (Python: flush) and syncs the target. It gives up after DrainTimeout with an error that wraps
// os.ErrDeadlineExceeded. It returns nil after Close.
func (c *Core) Sync() error { return c.buffer.syncNow(c.buffer.cfg.DrainTimeout) }

// Close flushes the buffer, or discards its content if DiscardOnClose is set, and releases the target, which stays open. It discards
// what Recordings hold. Records that the target could not take are dropped; records dropped since Close began are returned
// as a *LostError. A target that is not done within DrainTimeout gets nothing more. The second and later calls return nil.
//
// A signal ends a program without Close: handle SIGTERM and let main return; see package queuecore, "At the end".
func (c *Core) Close() error { return c.buffer.close() }

// Stats returns the counts of the buffer and its Recordings.
func (c *Core) Stats() Stats { return c.buffer.stats() }
