package queuecore

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/tees"
	"example.com/zaphandlers/queuecore/internal/delivery"
	base "example.com/zaphandlers/zapcore"
)

// TargetConfig is a Core that gets records, and how it gets them.
type TargetConfig struct {
	// Core gets the records. Required. It may be slow. If it panics, that costs a record; if it ends the goroutine that calls it
	// (runtime.Goexit, as t.FailNow does), that costs the batch.
	Core zapcore.Core
	// Name names the target in errors, and its cursor in an engine or a Spool. Defaults to its index. Where records outlive the process,
	// give each target a name: by index one target would get the records left for another when their order changes. The members
	// of a Tee are called Name.0, Name.1 and so on.
	Name string
	// Level decides which records the target gets, in addition to the level of Core. Defaults to everything.
	Level zapcore.LevelEnabler
	// IgnoreLevel ignores the level of Core, as Python's QueueListener does without respect_handler_level.
	IgnoreLevel bool

	// BatchRecords is the largest number of records in a batch. Defaults to 1024. A Core that is no BatchWriter gets them one by
	// one anyway.
	BatchRecords int
	// BatchBytes bounds a batch of more than one record, in bytes of tapes. Defaults to 128 KiB. A queue hands
	// over no more than about a quarter of MaxBytes at once.
	BatchBytes int

	// BatchAge is how long a batch that is not full waits for more records. Defaults to 0: it does not wait.
	BatchAge time.Duration

	// RetryStart is the delay after the first failure of a BatchWriter (Python's retryStart). Defaults to 1 s, or RetryMax if that is less.
	RetryStart time.Duration
	// RetryFactor multiplies the delay after each further failure. Defaults to 2; 1 keeps it constant.
	RetryFactor float64
	// RetryMax is the longest delay, even if the destination asks for a longer one. Defaults to 30 s, or RetryStart if that is more.
	RetryMax time.Duration
	// RetryJitter draws each delay evenly from zero to the computed one.
	RetryJitter bool
	// RetryAttempts is how often a batch is tried before it is given up. Defaults to no bound: the records behind it wait in the
	// queue, until it is full.
	RetryAttempts int
	// RetryFor is for how long a batch is tried before it is given up. Defaults to no bound.
	RetryFor time.Duration

	// DeadLetter gets the records that Core rejected, at which it failed or panicked, and those given up after RetryAttempts or RetryFor.
	// They count as dropped all the same. It does not get records that found no room or were left at Close. Its level applies. It is
	// synced together with Core, and not closed. Defaults to none.
	DeadLetter zapcore.Core
	// SkipWhenFull lets this target lose its oldest records when it alone keeps the queue full, whatever the
	// Overflow policy says, so that nobody waits for it.
	SkipWhenFull bool
}

// Targets returns a TargetConfig with the defaults for each core.
func Targets(cores ...zapcore.Core) []TargetConfig {
	targets := make([]TargetConfig, len(cores))
	for i, core := range cores {
		targets[i].Core = core
	}
	return targets
}

const defaultFatalTimeout = 5 * time.Second

// setTargetDefaults sets the defaults of targets and checks them. config is the name of their Config in errors.
func setTargetDefaults(config string, targets []TargetConfig) error {
	for i := range targets {
		if err := targets[i].setDefaults(); err != nil {
			return fmt.Errorf("queuecore: %s.Targets[%d].%w", config, i, err)
		}
		if targets[i].Name == "" {
			targets[i].Name = strconv.Itoa(i)
		}
	}
	return nil
}

func (t *TargetConfig) reporter(onError func(error)) *base.Reporter {
	return base.NewReporter("queuecore: target "+t.Name, onError).NameErrors()
}

// delivery returns the settings for a Delivery to the target.
func (t *TargetConfig) delivery(prepare Prepare, report *base.Reporter) delivery.Target {
	target := delivery.Target{
		Core: t.Core, IgnoreLevel: t.IgnoreLevel, DeadLetter: delivery.NewDeadLetter(t.DeadLetter), Enabled: t.enabledSafely,
		Backoff:       t.backoff(),
		RetryAttempts: t.RetryAttempts, RetryFor: t.RetryFor, Report: report,
	}
	if prepare != nil {
		target.Prepare = func(tape []byte) ([]byte, error) {
			var r base.Record
			r.View(tape)
			return prepared(&r, prepare)
		}
	}
	return target
}

func (t *TargetConfig) backoff() base.Backoff {
	return base.Backoff{Start: t.RetryStart, Factor: t.RetryFactor, Max: t.RetryMax, Jitter: t.RetryJitter}
}

func (t *TargetConfig) setDefaults() error {
	switch {
	case t.Core == nil:
		return errors.New("Core is required")
	case t.BatchRecords < 0:
		return fmt.Errorf("BatchRecords is %d; 0 is the default", t.BatchRecords)
	case t.BatchBytes < 0:
		return fmt.Errorf("BatchBytes is %d; 0 is the default", t.BatchBytes)
	case t.RetryMax > 0 && t.RetryStart > t.RetryMax:
		return fmt.Errorf("RetryStart is %v, more than RetryMax, which is %v", t.RetryStart, t.RetryMax)
	case t.RetryAttempts < 0:
		return fmt.Errorf("RetryAttempts is %d; 0 is no bound", t.RetryAttempts)
	}
	if err := t.backoff().Check(); err != nil {
		return err
	}
	err := base.CheckIntervals(
		base.Interval{Field: "BatchAge", Value: t.BatchAge, Shortest: 100 * time.Microsecond, Example: "time.Second"},
		base.Interval{Field: "RetryFor", Value: t.RetryFor, Shortest: 100 * time.Microsecond, Example: "10 * time.Minute"},
	)
	if err != nil {
		return err
	}
	setDefault(&t.BatchRecords, 1024)
	setDefault(&t.BatchBytes, 128<<10)
	setDefault(&t.RetryMax, max(t.RetryStart, base.DefaultRetryMax))
	setDefault(&t.RetryStart, min(base.DefaultRetryStart, t.RetryMax))
	setDefault(&t.RetryFactor, base.DefaultRetryFactor)
	return nil
}

// enabled reports whether the target wants records of level l.
func (t *TargetConfig) enabled(l zapcore.Level) bool {
	return (t.Level == nil || t.Level.Enabled(l)) && (t.IgnoreLevel || t.Core.Enabled(l))
}

// enabledSafely is enabled for the queue's goroutines: a panic of a level or a target is an error.
func (t *TargetConfig) enabledSafely(l zapcore.Level) (enabled bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("Enabled: %w", &base.PanicError{Value: p})
		}
	}()
	return t.enabled(l), nil
}

// wanted returns enabled as a LevelEnabler with as few steps as possible, because a logger calls it twice for each record.
func (t *TargetConfig) wanted() zapcore.LevelEnabler {
	switch {
	case t.Level == nil && !t.IgnoreLevel:
		return t.Core
	case t.Level != nil && t.IgnoreLevel:
		return t.Level
	}
	return zap.LevelEnablerFunc(t.enabled)
}

// lowest returns the lowest level that the target wants.
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

// flatten returns targets with each Tee replaced by its members, so that each member has its own cursor, level
// and retries, and can be a BatchWriter.
func flatten(targets []TargetConfig) []TargetConfig {
	var flat []TargetConfig
	for _, t := range targets {
		members, is := tees.Members(t.Core)
		if !is {
			flat = append(flat, t)
			continue
		}
		for i, member := range members {
			of := t
			of.Core = member
			if t.Name != "" {
				of.Name = t.Name + "." + strconv.Itoa(i)
			}
			flat = append(flat, flatten([]TargetConfig{of})...)
		}
	}
	return flat
}
