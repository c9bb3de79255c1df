package queuecore

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// TestHeldUpTargetTakesRoomOfWhatItWantsOnly: a collector that wants warnings is down while a file takes everything, many times what the
// queue holds. Nobody waits, no warning is lost, and each record is counted by what became of it.
func TestHeldUpTargetTakesRoomOfWhatItWantsOnly(t *testing.T) {
	for _, policy := range []Overflow{Block, DropNewest, DropOldest, WriteThrough} {
		for name, spool := range map[string]string{"memory": "", "spool": t.TempDir()} {
			t.Run(fmt.Sprint(policy, " ", name), func(t *testing.T) {
				if spool != "" && runtime.GOOS == "windows" {
					t.Skip("no Spool there")
				}
				file, collector := &fakeBatchWriter{}, &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
				core := start(t, Config{
					Targets: []TargetConfig{{Name: "file", Core: file}, {Name: "collector", Core: collector, Level: zap.WarnLevel, BatchBytes: 2 << 10}},
					Spool:   spool, MaxBytes: 64 << 10, Overflow: policy, BlockTimeout: 20 * time.Second, OmitNotice: true,
				})
				write(t, core, zapcore.WarnLevel, "the one that holds it up")
				<-collector.entered
				const rounds, warnings = 4000, 40
				for i := range rounds {
					level := zapcore.InfoLevel
					switch {
					case i%(rounds/warnings) == 0:
						level = zapcore.WarnLevel
					case i%3 == 0:
						level = zapcore.DebugLevel
					}
					write(t, core, level, bulky(fmt.Sprint(i)))
					if i%50 == 0 && policy != Block { // which do not wait for the file either
						require.Eventually(t, func() bool { return file.len() == i+2 }, 20*time.Second, time.Millisecond)
					}
				}
				require.Eventually(t, func() bool { return file.len() == rounds+1 }, 20*time.Second, time.Millisecond)
				close(collector.gate)
				require.NoError(t, core.Sync())
				assert.Equal(t, warnings+1, collector.len())
				targets := core.Targets()
				assert.Equal(t, Stats{Accepted: rounds + 1, Delivered: rounds + 1}, targets[0].Stats)
				assert.Equal(t, Stats{Accepted: rounds + 1, Delivered: warnings + 1, Skipped: rounds - warnings}, targets[1].Stats)
				assert.Equal(t, Stats{Accepted: rounds + 1, Delivered: rounds + 1}, core.Stats())
			})
		}
	}
}

// TestLevelThatIsLoweredCounts: what is logged after a target's level was lowered is for it, also while it is held up.
func TestLevelThatIsLoweredCounts(t *testing.T) {
	file, collector := &fakeBatchWriter{}, &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	level := zap.NewAtomicLevelAt(zap.WarnLevel)
	core := start(t, Config{
		Targets:  []TargetConfig{{Core: file}, {Core: collector, Level: level, BatchBytes: 2 << 10}},
		MaxBytes: 64 << 10, BlockTimeout: 20 * time.Second,
	})
	write(t, core, zapcore.WarnLevel, "the one that holds it up")
	<-collector.entered
	for range 1000 {
		write(t, core, zapcore.InfoLevel, bulky("not for it"))
	}
	require.Eventually(t, func() bool { return file.len() == 1001 }, 20*time.Second, time.Millisecond)
	core.queue.enqueuer.unwanted.ask() // else what it did not want until now would be for it, and take the room of what comes
	level.SetLevel(zap.InfoLevel)
	const more = 50
	for range more {
		write(t, core, zapcore.InfoLevel, bulky("for it"))
	}
	close(collector.gate)
	require.NoError(t, core.Sync())
	stats := core.Targets()[1].Stats
	assert.Zero(t, stats.Missing())
	assert.Zero(t, stats.Dropped)
	assert.GreaterOrEqual(t, stats.Delivered, uint64(more+1))
	last := names(collector.all())
	assert.Equal(t, "for it", last[len(last)-more])
}

// TestHookThatChangesLevelsIsAsked: a record that a hook raises may be wanted in the end, so that none is passed over.
func TestHookThatChangesLevelsIsAsked(t *testing.T) {
	file, collector := &fakeBatchWriter{}, &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	core := start(t, Config{
		Targets:  []TargetConfig{{Core: file}, {Core: collector, Level: zap.WarnLevel}},
		MaxBytes: minBytes, BlockTimeout: time.Millisecond,
		PrepareDelivery: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			ent.Level = zapcore.WarnLevel
			return fields, true
		},
	})
	write(t, core, zapcore.WarnLevel, "the one that holds it up")
	<-collector.entered
	accepted := 1
	for range 100 {
		var r base.Record
		require.NoError(t, r.Capture(zapcore.Entry{Level: zapcore.InfoLevel, Message: bulky("raised")}, base.Context{}, nil))
		if core.Write(r.Entry(), nil) == nil {
			accepted++
		}
	}
	assert.Less(t, accepted, 100, "there is no room")
	close(collector.gate)
	require.NoError(t, core.Sync())
	assert.Equal(t, accepted, collector.len())
}

// TestWhatNobodyWantedIsNotLost: what is given up, for want of room or at the end, counts as dropped for those who wanted it.
func TestWhatNobodyWantedIsNotLost(t *testing.T) {
	file := &fakeBatchWriter{}
	dead := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 1000)}
	defer close(dead.gate)
	core := start(t, Config{Targets: []TargetConfig{{Name: "file", Core: file}, {Name: "dead", Core: dead, Level: zap.WarnLevel}}, DrainTimeout: time.Millisecond})
	write(t, core, zapcore.WarnLevel, "the one that holds it up")
	<-dead.entered
	for range 100 {
		write(t, core, zapcore.InfoLevel, "for the file")
	}
	write(t, core, zapcore.WarnLevel, "left")
	require.Eventually(t, func() bool { return file.len() == 102 }, 20*time.Second, time.Millisecond)
	var lost *base.LostError
	require.ErrorAs(t, core.Close(), &lost)
	assert.EqualValues(t, 2, lost.Records)
	targets := core.Targets()
	assert.Equal(t, Stats{Accepted: 102, Delivered: 102}, targets[0].Stats)
	assert.Equal(t, Stats{Accepted: 102, Dropped: 2, Skipped: 100}, targets[1].Stats)
	assert.Equal(t, []Drop{{Target: 1, Level: zapcore.WarnLevel, Cause: Closed, Records: 2}}, targets[1].Drops)
	assert.Equal(t, Stats{Accepted: 102, Delivered: 100, Dropped: 2}, core.Stats())
}
