package buffercore

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// What a user of a buffer must be able to name.
type (
	// Stats counts records: see its fields.
	Stats = base.Stats
	// LostError is what Close returns if it had to leave records behind.
	LostError = base.LostError
)

// ErrClosed is what Write returns after Close. It wraps os.ErrClosed.
var ErrClosed = base.ErrClosed

// ErrTooLarge is what Write returns for a record that is larger than the whole buffer.
var ErrTooLarge = errors.New("buffercore: record is larger than the buffer")

// Config makes a Core.
type Config struct {
	// Target gets the records. Defaults to none: SetTarget may say so later. The buffer does not close it.
	Target zapcore.Core
	// Level decides which records are taken. Defaults to everything.
	Level zapcore.LevelEnabler
	// IgnoreLevel gives the target records that are below its own level too, as Python's MemoryHandler does.
	IgnoreLevel bool

	// Capacity is how many records make the buffer flush (Python's capacity), and how many it keeps at most. Defaults to
	// 1000.
	Capacity int
	// MaxBytes is how many bytes of records it keeps at most; a record that would not fit makes it flush before. Defaults to
	// 1 MiB; at least 4 KiB.
	MaxBytes int
	// FlushLevel says which records make it flush (Python's flushLevel), beside those above Error, after which the program ends. Defaults
	// to Error and above.
	FlushLevel zapcore.LevelEnabler
	// ShouldFlush says of a record just taken, which is one of that many in the buffer, whether it makes it flush, beside what is said
	// above (Python's shouldFlush). It is called under no lock, and may log to the buffer, but is not asked about what it logs once there
	// are some calls in each other. Defaults to none.
	ShouldFlush func(ent zapcore.Entry, records int) bool
	// FlushInterval flushes the buffer periodically. Defaults to 0: it does not. Less than a millisecond is an error: a bare number
	// counts nanoseconds.
	FlushInterval time.Duration
	// DrainTimeout is how long Sync, SetTarget and Close wait for the target, and a Write that finds no room for the flush of another.
	// Defaults to 10 s; negative means without a bound.
	DrainTimeout time.Duration
	// FatalTimeout is how long Write waits until an entry above Error, and what the buffer holds, has arrived. Defaults to 5 s;
	// negative means without a bound.
	FatalTimeout time.Duration
	// DiscardOnClose makes Close discard what the buffer holds (Python's flushOnClose=False).
	DiscardOnClose bool

	// RecordingBytes is how many bytes of records a Recording keeps at most: then the oldest make room, and count as dropped. It may be
	// more than MaxBytes: the buffer is flushed as often as it takes then. Defaults to 64 KiB; at least 4 KiB.
	RecordingBytes int

	// OnError is told what no caller waits for: a target that fails, once, and once more when it works again. It may log to
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

// New returns a Core. An error names the field that is wrong. It starts a goroutine only for a FlushInterval, which Close
// ends.
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

// Enabled tells whether records of level l are taken.
func (c *Core) Enabled(l zapcore.Level) bool { return c.buffer.when.asks(c.buffer.cfg.Level, l, true) }

// Level returns the lowest level that is taken, for zapcore.LevelOf.
func (c *Core) Level() zapcore.Level { return c.buffer.when.level() }

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

// Write puts the record into the buffer, and flushes that if it is time. Nil means that the buffer has taken the record,
// or has counted it as dropped; whether a flush worked is OnError's to hear. An entry above Error, and what the buffer holds, is
// delivered and synced when Write returns, if the target can within FatalTimeout, whatever FlushLevel is. A Write that makes the
// buffer flush takes as long as the target does; others do not wait for it, unless they find no room.
func (c *Core) Write(ent zapcore.Entry, fields []zapcore.Field) error {
	var said base.Texts
	if c.buffer.capture(&ent, &c.context, fields, &said) {
		return nil
	}
	r := base.GetRecord()
	err := r.CaptureSaid(ent, c.context, fields, &said)
	if err != nil {
		c.buffer.refuse(ent.Level)
	} else {
		err = c.buffer.write(&ent, r.Bytes())
	}
	r.Free()
	return err
}

// WriteBatch implements base.BatchWriter, so that another buffer or a queue hands its records over without taking them apart. A record
// that is too large is named in a *RejectedError; the others are taken. One above Error that finds no room may come again.
func (c *Core) WriteBatch(batch *base.Batch) (n int, err error) {
	var said base.Verdicts
	for n < batch.Len() {
		ent := batch.At(n).Entry()
		switch err := c.buffer.write(&ent, batch.Tape(n)); err {
		case nil:
		case ErrClosed:
			return n, said.With(err)
		case ErrTooLarge:
			said.Reject(n, err)
		default:
			return n, said.With(&base.RetryError{Err: err})
		}
		n++
	}
	return n, said.With(nil)
}

// SetTarget makes the buffer flush to another target, or to none (Python: setTarget). When it returns, the old one is not used
// any more, unless it is stuck in a call for longer than DrainTimeout, which OnError is told: that call is its last. So is the one from within
// which a target calls SetTarget. The buffer itself is no target, nor a Tee with it: OnError is told, and the old one stays.
func (c *Core) SetTarget(target zapcore.Core) { c.buffer.setTarget(target) }

// Sync flushes the buffer (Python: flush) and syncs the target. It gives up after DrainTimeout with an error that wraps
// os.ErrDeadlineExceeded. It returns nil after Close.
func (c *Core) Sync() error { return c.buffer.syncNow(c.buffer.cfg.DrainTimeout) }

// Close flushes the buffer, or discards its content if DiscardOnClose, and lets the target go, which stays open. What
// Recordings hold is discarded. What the target could not take is dropped; what was dropped since Close began is returned
// as a *LostError. A target that is not done within DrainTimeout is left to itself, and gets nothing more. The second and later calls return nil.
//
// A program that is ended by a signal never comes here: SIGTERM has to be taken, and main to return; see package queuecore, "At the end".
func (c *Core) Close() error { return c.buffer.close() }

// Stats returns the counts of the buffer and its Recordings.
func (c *Core) Stats() Stats { return c.buffer.stats() }
