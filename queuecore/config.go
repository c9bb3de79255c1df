package queuecore

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Config makes a Core. Durations: 0 is the default, negative means without a bound, and one that is too short for anybody to mean
// it, as a bare number is, which counts nanoseconds, is an error.
type Config struct {
	// Targets get the records, each by a goroutine of its own. Required. The members of a Tee become targets themselves. The
	// queue does not close their Cores.
	Targets []TargetConfig
	// Level decides which records are taken, beside what the targets want. Defaults to everything.
	Level zapcore.LevelEnabler

	// MaxBytes bounds what the queue holds: tapes, of about 230 bytes for an entry with ten fields, and 16 bytes beside each.
	// Defaults to 32 MiB. Memory is taken as needed, and up to one batch a target comes on top.
	MaxBytes int
	// Overflow says what happens to a record that finds no room. Defaults to Block.
	Overflow Overflow
	// OverflowByLevel says it for the levels in it.
	OverflowByLevel map[zapcore.Level]Overflow
	// BlockTimeout is how long Write waits for room. Defaults to 100 ms.
	BlockTimeout time.Duration
	// BlockTimeoutError is the same for records of Error and above. Defaults to 5 s.
	BlockTimeoutError time.Duration

	// DrainTimeout is how long Sync and Close wait for the targets. Defaults to 10 s.
	DrainTimeout time.Duration
	// FatalTimeout is how long Write waits until an entry above Error, and what was queued before it, has arrived everywhere.
	// When a quarter of it has passed the entry need not wait for its turn any longer: it goes ahead of what is queued, which
	// follows. Defaults to 5 s.
	FatalTimeout time.Duration

	// Prepare may change each record, or drop it, on the goroutine that logs it and before it is queued. It costs a dozen
	// allocations, for fields that are recorded need not exist as such. A record at which it panics is refused. Defaults to none.
	Prepare Prepare
	// PrepareDelivery is the same on the goroutine that delivers it, for each target; a record at which it panics is dropped.
	// Defaults to none.
	PrepareDelivery Prepare

	// OnDrop is told of each record that is dropped, by the goroutine that drops it, which may be one that logs. It allocates
	// nothing itself, and may log to the queue. Defaults to none: Targets has the counts.
	OnDrop func(Drop)
	// OmitNotice leaves out the record "records dropped" that a target gets when it has caught up after a gap.
	OmitNotice bool
	// OnError is told what no caller waits for: a target that fails, once, and once more when it works again. It may log to
	// the queue. Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

// TargetConfig is a Core that gets records, and how.
type TargetConfig struct {
	// Core gets the records. Required.
	Core zapcore.Core
	// Name is the target's in errors, and that of its cursor in an engine. Defaults to its index. The members of a Tee are called
	// Name.0, Name.1 and so on.
	Name string
	// Level decides which records it gets, beside its own level. Defaults to everything.
	Level zapcore.LevelEnabler
	// IgnoreLevel gives it records that are below its own level too, as Python's QueueListener does unless
	// respect_handler_level says otherwise.
	IgnoreLevel bool

	// BatchRecords is how many records a batch has at most. Defaults to 1024. A Core that is no BatchWriter gets them one by
	// one anyway.
	BatchRecords int
	// BatchBytes is how large a batch of more than one record is, at most, in bytes of tapes. Defaults to 128 KiB. A queue hands
	// over no more than about a quarter of MaxBytes at once.
	BatchBytes int

	// BatchAge is how long a batch that is not full waits for more records. Defaults to 0: it does not wait.
	BatchAge time.Duration

	// RetryStart is the delay after the first failure of a BatchWriter (Python's retryStart). Defaults to 1 s.
	RetryStart time.Duration
	// RetryFactor is by how much it grows with each failure. Defaults to 2; 1 keeps it.
	RetryFactor float64
	// RetryMax is the longest delay; a destination that asks for more patience gets no more either. Defaults to 30 s, or
	// RetryStart if that is more.
	RetryMax time.Duration
	// RetryJitter draws each delay evenly from zero to the one above.
	RetryJitter bool
	// RetryAttempts is how often a batch is tried before it is given up. Defaults to no bound: what does not fit behind it
	// overflows.
	RetryAttempts int
	// RetryFor is for how long it is tried. Defaults to no bound.
	RetryFor time.Duration

	// DeadLetter gets the records that Core refused, that were given up, or at which it failed or panicked. They count as
	// dropped all the same. Defaults to none.
	DeadLetter zapcore.Core
	// SkipWhenFull makes this target lose its oldest records when the queue is full because of it alone, whatever the
	// Overflow policy says: it is not worth waiting for.
	SkipWhenFull bool
}

// Overflow is what happens to a record that finds no room. Whatever it is, a record of Error or above takes the room of lower
// ones before it is dropped or refused; and one above Error is never dropped for want of room: it takes the room of all others, else
// waits for BlockTimeoutError, and then Write returns ErrFull. It is not evicted either as long as its Write waits for its delivery.
type Overflow uint8

// The policies.
const (
	// Block makes Write wait, for BlockTimeout or BlockTimeoutError, and then return ErrFull. Who waits is served in turn, records
	// above Error first, then those of Error.
	Block Overflow = iota
	// DropNewest drops the record. Write returns nil.
	DropNewest
	// DropOldest drops the oldest records that some target has not begun to deliver, for that target, until there is
	// room: those below Error first.
	DropOldest
	// WriteThrough makes Write deliver the record to all targets itself, ahead of those that are queued.
	WriteThrough

	policies
)

// Targets returns a TargetConfig with the defaults for each core.
func Targets(cores ...zapcore.Core) []TargetConfig {
	targets := make([]TargetConfig, len(cores))
	for i, core := range cores {
		targets[i].Core = core
	}
	return targets
}

const defaultFatalTimeout = 5 * time.Second

// maxTargets is how many readers an arena can count skips of.
const maxTargets = 255

// minBytes is the least that MaxBytes may be.
const minBytes = 4 << 10

func (cfg Config) withDefaults() (Config, error) {
	cfg.Targets = flatten(cfg.Targets)
	cfg.OverflowByLevel = maps.Clone(cfg.OverflowByLevel)
	for level, policy := range cfg.OverflowByLevel {
		if policy >= policies {
			return cfg, fmt.Errorf("queuecore: Config.OverflowByLevel[%v] is %d: it is Block, DropNewest, DropOldest or WriteThrough", level, policy)
		}
	}
	switch {
	case cfg.Overflow >= policies:
		return cfg, fmt.Errorf("queuecore: Config.Overflow is %d: it is Block, DropNewest, DropOldest or WriteThrough", cfg.Overflow)
	case len(cfg.Targets) == 0:
		return cfg, errors.New("queuecore: Config.Targets is required")
	case len(cfg.Targets) > maxTargets:
		return cfg, fmt.Errorf("queuecore: Config.Targets has %d members, more than %d", len(cfg.Targets), maxTargets)
	case cfg.MaxBytes != 0 && cfg.MaxBytes < minBytes:
		return cfg, fmt.Errorf("queuecore: Config.MaxBytes is %d, less than %d", cfg.MaxBytes, minBytes)
	}
	for _, d := range []duration{
		{"BlockTimeout", cfg.BlockTimeout, 100 * time.Microsecond, "100 * time.Millisecond"},
		{"BlockTimeoutError", cfg.BlockTimeoutError, 100 * time.Microsecond, "5 * time.Second"},
		{"DrainTimeout", cfg.DrainTimeout, time.Millisecond, "10 * time.Second"},
		{"FatalTimeout", cfg.FatalTimeout, time.Millisecond, "5 * time.Second"},
	} {
		if err := d.check(); err != nil {
			return cfg, fmt.Errorf("queuecore: Config.%w", err)
		}
	}
	setDefault(&cfg.MaxBytes, 32<<20)
	setDefault(&cfg.BlockTimeout, 100*time.Millisecond)
	setDefault(&cfg.BlockTimeoutError, 5*time.Second)
	setDefault(&cfg.DrainTimeout, 10*time.Second)
	setDefault(&cfg.FatalTimeout, defaultFatalTimeout)
	return cfg, setTargetDefaults(cfg.Targets)
}

// duration is the value of a field that must be one that a person can mean: a bare number, which counts nanoseconds, is a slip.
type duration struct {
	field    string
	value    time.Duration
	shortest time.Duration // that anybody means
	example  string
}

func (d duration) check() error {
	if d.value <= 0 || d.value >= d.shortest {
		return nil
	}
	return fmt.Errorf("%s is %v, less than %v: a bare number counts nanoseconds; write %s", d.field, d.value, d.shortest, d.example)
}

func setTargetDefaults(targets []TargetConfig) error {
	for i := range targets {
		if err := targets[i].setDefaults(); err != nil {
			return fmt.Errorf("queuecore: Config.Targets[%d].%w", i, err)
		}
		if targets[i].Name == "" {
			targets[i].Name = strconv.Itoa(i)
		}
	}
	return nil
}

func (t *TargetConfig) reporter(onError func(error)) *base.Reporter {
	return base.NewReporter("queuecore: target "+t.Name, onError)
}

func (t *TargetConfig) setDefaults() error {
	switch {
	case t.Core == nil:
		return errors.New("Core is required")
	case t.BatchRecords < 0:
		return fmt.Errorf("BatchRecords is %d; 0 is the default", t.BatchRecords)
	case t.BatchBytes < 0:
		return fmt.Errorf("BatchBytes is %d; 0 is the default", t.BatchBytes)
	case t.RetryStart < 0:
		return fmt.Errorf("RetryStart is %v; write %s, or 0 for the default", t.RetryStart, "time.Second")
	case t.RetryMax < 0:
		return fmt.Errorf("RetryMax is %v; write %s, or 0 for the default", t.RetryMax, "30 * time.Second")
	case t.RetryMax > 0 && t.RetryStart > t.RetryMax:
		return fmt.Errorf("RetryStart is %v, more than RetryMax, which is %v", t.RetryStart, t.RetryMax)
	case t.RetryFactor != 0 && !(t.RetryFactor >= 1 && t.RetryFactor <= math.MaxFloat64):
		return fmt.Errorf("RetryFactor is %v; write 1 for a delay that stays, 2 for one that doubles", t.RetryFactor)
	case t.RetryAttempts < 0:
		return fmt.Errorf("RetryAttempts is %d; 0 is no bound", t.RetryAttempts)
	}
	for _, d := range []duration{
		{"BatchAge", t.BatchAge, 100 * time.Microsecond, "time.Second"},
		{"RetryStart", t.RetryStart, time.Microsecond, "time.Second"},
		{"RetryMax", t.RetryMax, time.Microsecond, "30 * time.Second"},
		{"RetryFor", t.RetryFor, 100 * time.Microsecond, "10 * time.Minute"},
	} {
		if err := d.check(); err != nil {
			return err
		}
	}
	setDefault(&t.BatchRecords, 1024)
	setDefault(&t.BatchBytes, 128<<10)
	setDefault(&t.RetryStart, base.DefaultRetryStart)
	setDefault(&t.RetryFactor, base.DefaultRetryFactor)
	setDefault(&t.RetryMax, max(t.RetryStart, base.DefaultRetryMax))
	return nil
}

func setDefault[T int | float64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// enabled tells whether the target is to get records of level l.
func (t *TargetConfig) enabled(l zapcore.Level) bool {
	return (t.Level == nil || t.Level.Enabled(l)) && (t.IgnoreLevel || t.Core.Enabled(l))
}

// asked is enabled for goroutines of the queue: a level or a target that panics costs a record, not the program.
func (t *TargetConfig) asked(l zapcore.Level) (enabled bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("Enabled: %w", &base.PanicError{Value: p})
		}
	}()
	return t.enabled(l), nil
}

// wanted is enabled in as few steps as it takes: a logger asks twice for each record.
func (t *TargetConfig) wanted() zapcore.LevelEnabler {
	switch {
	case t.Level == nil && !t.IgnoreLevel:
		return t.Core
	case t.Level != nil && t.IgnoreLevel:
		return t.Level
	}
	return zap.LevelEnablerFunc(t.enabled)
}

// lowest returns the lowest level that the target is to get.
func (t *TargetConfig) lowest() zapcore.Level {
	low := everything
	if !t.IgnoreLevel {
		low = zapcore.LevelOf(t.Core)
	}
	if t.Level != nil {
		low = max(low, zapcore.LevelOf(t.Level))
	}
	return low
}

// everything is the lowest level there is.
const everything = zapcore.Level(-128)
