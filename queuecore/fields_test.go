package queuecore

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

// heldBy names, for each field of the Configs, the test of its effect. A new field needs a line here.
var heldBy = map[string]string{
	"Config.Targets":           "TestTargetsDoNotWaitForEachOther",
	"Config.Level":             "TestQueueOfHandlerConforms",
	"Config.MaxBytes":          "TestRecordLargerThanTheQueue",
	"Config.Spool":             "TestWhatASpoolHoldsIsDeliveredByTheNextQueue, TestKill",
	"Config.Overflow":          "TestOverflowDropNewest and its siblings",
	"Config.OverflowByLevel":   "TestOverflowByLevel",
	"Config.BlockTimeout":      "TestOverflowBlock",
	"Config.BlockTimeoutError": "TestFieldsHaveAnEffect",
	"Config.DrainTimeout":      "TestSyncGivesUpAfterDrainTimeout",
	"Config.FatalTimeout":      "TestFatalWaitsNoLongerThanItsTimeout",
	"Config.Prepare":           "TestPrepare",
	"Config.PrepareDelivery":   "TestPrepare",
	"Config.OnDrop":            "TestOverflowDropNewest",
	"Config.OmitNotice":        "TestFieldsHaveAnEffect",
	"Config.OnError":           "TestARejectionIsNoRecovery",

	"TargetConfig.Core":          "TestTargetsDoNotWaitForEachOther",
	"TargetConfig.Name":          "TestFieldsHaveAnEffect",
	"TargetConfig.Level":         "TestLevelsAreHonoured",
	"TargetConfig.IgnoreLevel":   "TestLevelsAreHonoured",
	"TargetConfig.BatchRecords":  "TestBatchesHaveBounds",
	"TargetConfig.BatchBytes":    "TestBatchesHaveBounds, TestFieldsHaveAnEffect",
	"TargetConfig.BatchAge":      "TestBatchWaitsForItsAge",
	"TargetConfig.RetryStart":    "TestFieldsHaveAnEffect",
	"TargetConfig.RetryFactor":   "TestFieldsHaveAnEffect",
	"TargetConfig.RetryMax":      "TestRetry",
	"TargetConfig.RetryJitter":   "TestFieldsHaveAnEffect",
	"TargetConfig.RetryAttempts": "TestRetry",
	"TargetConfig.RetryFor":      "TestRetry",
	"TargetConfig.DeadLetter":    "TestRetry",
	"TargetConfig.SkipWhenFull":  "TestSkipWhenFull",

	"DiskConfig.Dir":          "TestDiskOutlivesATargetThatIsDown",
	"DiskConfig.MaxBytes":     "TestAFullLogTakesMoreWhenItIsRead",
	"DiskConfig.SegmentBytes": "TestSegmentsGoWhenEveryCursorHasPassedThem",
	"DiskConfig.Sync":         "TestDiskSyncs",
	"DiskConfig.GroupEvery":   "TestDiskSyncs",
	"DiskConfig.GroupRecords": "TestDiskSyncs",
	"DiskConfig.OnError":      "TestASegmentOfGarbageIsPutAside",

	"ListenerConfig.Targets":         "TestListenerDeliversWhatWasQueuedBeforeStop",
	"ListenerConfig.PrepareDelivery": "TestListenerTellsWhatWasDropped",
	"ListenerConfig.StopTimeout":     "TestListenerGivesBackWhatItsTargetDidNotTake",
	"ListenerConfig.OnDrop":          "TestListenerTellsWhatWasDropped",
	"ListenerConfig.OnError":         "TestListenerTellsWhatWasDropped",
}

func TestEveryFieldIsHeldByATest(t *testing.T) {
	var fields []string
	for _, typ := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[TargetConfig](), reflect.TypeFor[ListenerConfig](), reflect.TypeFor[DiskConfig]()} {
		for i := range typ.NumField() {
			fields = append(fields, typ.Name()+"."+typ.Field(i).Name)
		}
	}
	for _, field := range fields {
		require.NotEmpty(t, heldBy[field], "%s: which test holds that it has an effect?", field)
	}
	for field := range heldBy {
		require.True(t, slices.Contains(fields, field), "there is no %s", field)
	}
}

func TestFieldsHaveAnEffect(t *testing.T) {
	t.Run("BlockTimeoutError", func(t *testing.T) {
		core, f := stalled(t, Config{BlockTimeout: time.Hour, BlockTimeoutError: 5 * time.Millisecond})
		defer close(f.gate)
		for core.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: bulky("error")}, nil) == nil { // until there is nothing lower to evict
		}
	})
	t.Run("OmitNotice", func(t *testing.T) {
		for _, omit := range []bool{false, true} {
			core, f := stalled(t, Config{Overflow: DropNewest, OmitNotice: omit})
			fill(t, core)
			write(t, core, zapcore.InfoLevel, bulky("lost")+bulky(""))
			close(f.gate)
			require.NoError(t, core.Close())
			require.Equal(t, !omit, slices.Contains(f.all(), "records dropped"))
		}
	})
	t.Run("Name", func(t *testing.T) {
		var heard said
		f := &fakeBatchWriter{}
		f.fail(1, errors.New("bad"))
		core := start(t, Config{Targets: []TargetConfig{{Core: f, Name: "file"}}, OnError: heard.onError})
		write(t, core, zapcore.InfoLevel, "lost")
		require.NoError(t, core.Sync())
		write(t, core, zapcore.InfoLevel, "delivered")
		_ = core.Close()
		require.Contains(t, heard.errs[len(heard.errs)-1].Error(), "target file")
	})
	t.Run("Name of the members of a Tee", func(t *testing.T) {
		engine := NewMemory(0)
		a, aSeen := observer.New(zapcore.DebugLevel)
		b, bSeen := observer.New(zapcore.DebugLevel)
		h, err := NewHandler(engine, Config{})
		require.NoError(t, err)
		write(t, h, zapcore.InfoLevel, "one")
		require.NoError(t, h.Close())
		l, err := NewListener(engine, ListenerConfig{Targets: []TargetConfig{{Core: zapcore.NewTee(a, b), Name: "both"}}})
		require.NoError(t, err, "each has a cursor of its own")
		l.Start()
		require.NoError(t, l.Stop())
		require.Equal(t, 1, aSeen.Len())
		require.Equal(t, 1, bSeen.Len())
	})
	t.Run("BatchBytes of a Listener", func(t *testing.T) {
		engine := NewMemory(0)
		h, err := NewHandler(engine, Config{})
		require.NoError(t, err)
		write(t, h, zapcore.InfoLevel, bulky("a"), bulky("b"), bulky("c"), bulky("d"))
		require.NoError(t, h.Close())
		f := &fakeBatchWriter{}
		l, err := NewListener(engine, ListenerConfig{Targets: []TargetConfig{{Core: f, BatchBytes: 300}}})
		require.NoError(t, err)
		l.Start()
		require.NoError(t, l.Stop())
		require.Equal(t, []int{2, 2}, f.batches)
	})
	t.Run("Retry", func(t *testing.T) {
		target := TargetConfig{
			Core: zapcore.NewNopCore(), RetryStart: time.Minute, RetryFactor: 3, RetryJitter: true, RetryMax: time.Hour,
		}
		require.NoError(t, target.setDefaults())
		d := target.delivery(nil, base.NewReporter("", nil))
		require.Equal(t, base.Backoff{Start: time.Minute, Factor: 3, Max: time.Hour, Jitter: true}, d.Backoff)
		target = TargetConfig{Core: zapcore.NewNopCore(), RetryStart: time.Minute}
		require.NoError(t, target.setDefaults())
		require.Equal(t, time.Minute, target.RetryMax, "the default is no less than RetryStart")
		target = TargetConfig{Core: zapcore.NewNopCore(), RetryMax: time.Millisecond}
		require.NoError(t, target.setDefaults())
		require.Equal(t, time.Millisecond, target.RetryStart, "the default is no more than RetryMax")
	})
}

// A bare number is nanoseconds: 10 for ten seconds, 100 for as many milliseconds.
func TestDurationsThatNobodyMeansAreRefused(t *testing.T) {
	target := func(t TargetConfig) Config { t.Core = zapcore.NewNopCore(); return Config{Targets: []TargetConfig{t}} }
	ok := Targets(zapcore.NewNopCore())
	for field, cfg := range map[string]Config{
		"Config.BlockTimeout ":      {Targets: ok, BlockTimeout: 100},
		"Config.BlockTimeoutError ": {Targets: ok, BlockTimeoutError: 5},
		"Config.DrainTimeout ":      {Targets: ok, DrainTimeout: 5000},
		"Config.FatalTimeout ":      {Targets: ok, FatalTimeout: 5},
		"Targets[0].BatchAge ":      target(TargetConfig{BatchAge: 1000}),
		"Targets[0].RetryStart ":    target(TargetConfig{RetryStart: 1}),
		"Targets[0].RetryMax ":      target(TargetConfig{RetryMax: 30}),
		"Targets[0].RetryFor ":      target(TargetConfig{RetryFor: 60}),
	} {
		_, err := New(cfg)
		require.ErrorContains(t, err, field)
		require.Regexp(t, `write (\d+ \* )?time\.`, err.Error())
	}
	_, err := NewListener(NewMemory(0), ListenerConfig{Targets: ok, StopTimeout: 10})
	require.ErrorContains(t, err, "ListenerConfig.StopTimeout")
	require.ErrorContains(t, err, "write 10 * time.Second")
}

func TestSettingsThatContradictThemselvesAreRefused(t *testing.T) {
	for field, target := range map[string]TargetConfig{
		"RetryMax":    {RetryStart: time.Minute, RetryMax: time.Second},
		"RetryFactor": {RetryFactor: math.NaN()},
	} {
		target.Core = zapcore.NewNopCore()
		_, err := New(Config{Targets: []TargetConfig{target}})
		require.ErrorContains(t, err, field)
	}
	for field, target := range map[string]TargetConfig{"SkipWhenFull": {SkipWhenFull: true}, "BatchAge": {BatchAge: time.Second}} {
		target.Core = zapcore.NewNopCore()
		engine := NewMemory(0)
		_, err := NewListener(engine, ListenerConfig{Targets: []TargetConfig{target}})
		require.ErrorContains(t, err, field)
		require.NoError(t, engine.Close(context.Background()))
	}
}
