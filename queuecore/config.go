package queuecore

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Config makes a Core. Durations: 0 is the default, negative means without a bound.
type Config struct {
	// Targets get the records, each by a goroutine of its own. Required. The queue does not close their Cores.
	Targets []TargetConfig
	// Level decides which records are taken, beside what the targets want. Defaults to everything.
	Level zapcore.LevelEnabler

	// MaxBytes bounds what the queue holds: tapes, of about 230 bytes for an entry with ten fields, and 16 bytes beside each.
	// Defaults to 32 MiB. Memory is taken as needed, and up to one batch a target comes on top.
	MaxBytes int
	// BlockTimeout is how long Write waits for room. Defaults to 100 ms.
	BlockTimeout time.Duration
	// BlockTimeoutError is the same for records of Error and above. Defaults to 5 s.
	BlockTimeoutError time.Duration

	// DrainTimeout is how long Sync and Close wait for the targets. Defaults to 10 s.
	DrainTimeout time.Duration
	// FatalTimeout is how long Write waits until an entry above Error has arrived everywhere. Defaults to 5 s.
	FatalTimeout time.Duration

	// OnError is told what no caller waits for: a target that fails, once, and once more when it works again. It may log to
	// the queue. Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

// TargetConfig is a Core that gets records, and how.
type TargetConfig struct {
	// Core gets the records. Required.
	Core zapcore.Core
	// Level decides which records it gets, beside its own level. Defaults to everything.
	Level zapcore.LevelEnabler
	// IgnoreLevel gives it records that are below its own level too, as Python's QueueListener does unless told to respect
	// it.
	IgnoreLevel bool

	// BatchRecords is how many records a batch has at most. Defaults to 1024. A Core that is no BatchWriter gets them one by
	// one anyway.
	BatchRecords int
	// BatchBytes is how large a batch of more than one record is, at most, in bytes of tapes. Defaults to 128 KiB.
	BatchBytes int

	// RetryStart is the delay after the first failure of a BatchWriter (Python's retryStart). Defaults to 1 s.
	RetryStart time.Duration
	// RetryFactor is by how much it grows with each failure. Defaults to 2; 1 keeps it.
	RetryFactor float64
	// RetryMax is the longest delay; a destination that asks for more patience gets no more either. Defaults to 30 s.
	RetryMax time.Duration
	// RetryJitter draws each delay evenly from zero to the one above.
	RetryJitter bool
}

// Targets returns a TargetConfig with the defaults for each core.
func Targets(cores ...zapcore.Core) []TargetConfig {
	targets := make([]TargetConfig, len(cores))
	for i, core := range cores {
		targets[i].Core = core
	}
	return targets
}

// maxTargets is how many readers an arena can count skips of.
const maxTargets = 255

// minBytes is the least that MaxBytes may be.
const minBytes = 4 << 10

func (cfg Config) withDefaults() (Config, error) {
	switch {
	case len(cfg.Targets) == 0:
		return cfg, errors.New("queuecore: Config.Targets is required")
	case len(cfg.Targets) > maxTargets:
		return cfg, fmt.Errorf("queuecore: Config.Targets has %d members, more than %d", len(cfg.Targets), maxTargets)
	case cfg.MaxBytes != 0 && cfg.MaxBytes < minBytes:
		return cfg, fmt.Errorf("queuecore: Config.MaxBytes is %d, less than %d", cfg.MaxBytes, minBytes)
	}
	setDefault(&cfg.MaxBytes, 32<<20)
	setDefault(&cfg.BlockTimeout, 100*time.Millisecond)
	setDefault(&cfg.BlockTimeoutError, 5*time.Second)
	setDefault(&cfg.DrainTimeout, 10*time.Second)
	setDefault(&cfg.FatalTimeout, 5*time.Second)
	targets := make([]TargetConfig, 0, len(cfg.Targets))
	for i, t := range cfg.Targets {
		t, err := t.withDefaults()
		if err != nil {
			return cfg, fmt.Errorf("queuecore: Config.Targets[%d].%w", i, err)
		}
		targets = append(targets, t)
	}
	cfg.Targets = targets
	return cfg, nil
}

func (t TargetConfig) withDefaults() (TargetConfig, error) {
	switch {
	case t.Core == nil:
		return t, errors.New("Core is required")
	case t.BatchRecords < 0:
		return t, fmt.Errorf("BatchRecords is %d", t.BatchRecords)
	case t.BatchBytes < 0:
		return t, fmt.Errorf("BatchBytes is %d", t.BatchBytes)
	case t.RetryStart < 0, t.RetryMax < 0:
		return t, errors.New("RetryStart or RetryMax is negative")
	case t.RetryFactor != 0 && t.RetryFactor < 1:
		return t, fmt.Errorf("RetryFactor is %v, less than 1", t.RetryFactor)
	}
	setDefault(&t.BatchRecords, 1024)
	setDefault(&t.BatchBytes, 128<<10)
	setDefault(&t.RetryStart, base.DefaultRetryStart)
	setDefault(&t.RetryFactor, base.DefaultRetryFactor)
	setDefault(&t.RetryMax, base.DefaultRetryMax)
	return t, nil
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
