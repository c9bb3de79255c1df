package queuecore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

func start(t *testing.T, cfg Config) *Core {
	t.Helper()
	if cfg.OnError == nil {
		cfg.OnError = func(error) {}
	}
	core, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = core.Close() })
	return core
}

func info(message string) zapcore.Entry { return zapcore.Entry{Message: message, Time: time.Now()} }

func write(t *testing.T, core *Core, level zapcore.Level, messages ...string) {
	t.Helper()
	for _, m := range messages {
		require.NoError(t, core.Write(zapcore.Entry{Level: level, Message: m}, nil))
	}
}

func numbered(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("record %04d", i))
	}
	return all
}

func observed(seen *observer.ObservedLogs) (all []string) {
	for _, e := range seen.All() {
		all = append(all, e.Message)
	}
	return all
}

func dropsOf(s TargetStats) map[Cause]uint64 {
	causes := make(map[Cause]uint64)
	for _, d := range s.Drops {
		causes[d.Cause] += d.Records
	}
	return causes
}

func TestTargetsDoNotWaitForEachOther(t *testing.T) {
	tests := []struct {
		name   string
		broken func(stop <-chan struct{}) zapcore.Core
	}{
		{"one blocks for ever", func(stop <-chan struct{}) zapcore.Core {
			return &fakeBatchWriter{gate: make(chan struct{})}
		}},
		{"one panics", func(<-chan struct{}) zapcore.Core {
			return &fakeBatchWriter{each: func(*base.Record) error { panic("target") }}
		}},
		{"one panics that takes records one by one", func(<-chan struct{}) zapcore.Core {
			return zapcore.RegisterHooks(nopAt(zapcore.DebugLevel), func(zapcore.Entry) error { panic("target") })
		}},
		{"one is down", func(<-chan struct{}) zapcore.Core {
			f := &fakeBatchWriter{}
			f.fail(1<<30, &base.RetryError{Err: errors.New("down")})
			return f
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			stop := make(chan struct{})
			healthy := &fakeBatchWriter{}
			core := start(t, Config{
				Targets:      Targets(test.broken(stop), healthy),
				DrainTimeout: 50 * time.Millisecond,
			})
			want := numbered(2000)
			write(t, core, zapcore.InfoLevel, want...)
			require.Eventually(t, func() bool { return healthy.len() == len(want) }, 5*time.Second, time.Millisecond)
			require.Equal(t, want, healthy.all(), "in order")
			begin := time.Now()
			err := core.Close()
			require.Less(t, time.Since(begin), time.Second, "Close keeps its deadline")
			s := core.Targets()[0]
			require.Zero(t, s.Missing())
			require.Zero(t, s.Pending)
			require.Equal(t, Stats{Accepted: 2000, Delivered: 2000}, core.Targets()[1].Stats)
			if n := dropsOf(s)[Closed]; n > 0 {
				var lost *LostError
				require.ErrorAs(t, err, &lost)
				require.GreaterOrEqual(t, lost.Records, n, "what was dropped since Close began")
			}
		})
	}
}

// nopAt is a Core that takes a level and does nothing.
func nopAt(l zapcore.Level) zapcore.Core {
	return zapcore.NewCore(jsonEncoder(), zapcore.AddSync(&strings.Builder{}), l)
}

func TestStuckTargetOfSingleRecordsLosesOnlyWhatItDidNotTake(t *testing.T) {
	stuck := make(chan struct{})
	core0, seen := observer.New(zapcore.DebugLevel)
	var calls atomic.Int32
	core := start(t, Config{
		Targets: Targets(zapcore.RegisterHooks(core0, func(zapcore.Entry) error {
			if calls.Add(1) == 6 {
				<-stuck
			}
			return nil
		})),
		DrainTimeout: 20 * time.Millisecond,
	})
	write(t, core, zapcore.InfoLevel, numbered(10)...)
	require.Eventually(t, func() bool { return calls.Load() == 6 }, 5*time.Second, time.Millisecond)
	var lost *LostError
	require.ErrorAs(t, core.Close(), &lost)
	require.Equal(t, uint64(5), lost.Records, "the sixth and those behind it")
	require.Equal(t, Stats{Accepted: 10, Delivered: 5, Dropped: 5}, core.Stats())
	require.LessOrEqual(t, seen.Len(), 6)
	close(stuck)
	<-core.queue.targets[0].stopped
	require.Equal(t, 6, seen.Len(), "what is lost does not come later")
}

// Records that a Listener leaves in the engine are delivered by the next one only, not also by a goroutine of the first.
func TestStuckTargetOfSingleRecordsIsLeftByStop(t *testing.T) {
	engine := NewMemory(0)
	stuck, entered := make(chan struct{}), make(chan struct{}, 100)
	core0, seen := observer.New(zapcore.DebugLevel)
	listener, err := NewListener(engine, ListenerConfig{StopTimeout: 20 * time.Millisecond, OnError: func(error) {}, Targets: Targets(
		zapcore.RegisterHooks(core0, func(zapcore.Entry) error {
			entered <- struct{}{}
			<-stuck
			return nil
		}))})
	require.NoError(t, err)
	var batch base.Batch
	for _, m := range numbered(10) {
		var r base.Record
		require.NoError(t, r.Capture(info(m), base.Context{}, nil))
		batch.Add(r.Bytes())
	}
	_, err = engine.Append(&batch)
	require.NoError(t, err)
	listener.Start()
	<-entered
	first := listener.sources[0]
	require.ErrorIs(t, listener.Stop(), os.ErrDeadlineExceeded)
	listener.Start()
	<-entered
	close(stuck)
	<-first.stopped
	require.Eventually(t, func() bool { return listener.Targets()[0].Delivered == 10 }, 5*time.Second, time.Millisecond)
	require.NoError(t, listener.Stop())
	require.Equal(t, 11, seen.Len(), "the record that it had in hand")
}

func TestLevelsAreHonoured(t *testing.T) {
	warn, warnSeen := observer.New(zapcore.WarnLevel)
	ignoring, ignoringSeen := observer.New(zapcore.ErrorLevel)
	above, aboveSeen := observer.New(zapcore.DebugLevel)
	core := start(t, Config{Targets: []TargetConfig{
		{Core: warn},
		{Core: ignoring, IgnoreLevel: true},
		{Core: above, Level: zapcore.ErrorLevel},
		{Core: base.FromWriter(jsonEncoder(), zapcore.AddSync(&strings.Builder{}), zapcore.ErrorLevel)},
	}})
	require.True(t, core.Enabled(zapcore.DebugLevel), "one of them wants it")
	write(t, core, zapcore.InfoLevel, "info")
	write(t, core, zapcore.WarnLevel, "warn")
	write(t, core, zapcore.ErrorLevel, "error")
	require.NoError(t, core.Sync())
	require.Equal(t, []string{"warn", "error"}, observed(warnSeen))
	require.Equal(t, []string{"info", "warn", "error"}, observed(ignoringSeen))
	require.Equal(t, []string{"error"}, observed(aboveSeen))
	require.Equal(t, Stats{Accepted: 3, Delivered: 1, Skipped: 2}, core.Targets()[3].Stats)
	require.Equal(t, Stats{Accepted: 3, Delivered: 3}, core.Stats())
}

func TestLevelOfQueue(t *testing.T) {
	core := start(t, Config{Targets: Targets(nopAt(zapcore.ErrorLevel), nopAt(zapcore.WarnLevel))})
	require.Equal(t, zapcore.WarnLevel, zapcore.LevelOf(core))
	require.False(t, core.Enabled(zapcore.InfoLevel), "nobody wants it")
}

func TestTeeIsTakenApart(t *testing.T) {
	a, aSeen := observer.New(zapcore.InfoLevel)
	b := &fakeBatchWriter{}
	c, cSeen := observer.New(zapcore.ErrorLevel)
	core := start(t, Config{Targets: Targets(zapcore.NewTee(a, zapcore.NewTee(b, c)))})
	write(t, core, zapcore.InfoLevel, "message")
	require.NoError(t, core.Sync())
	require.Len(t, core.Targets(), 3, "each member is a target")
	require.Equal(t, []string{"message"}, observed(aSeen))
	require.Equal(t, []string{"message"}, b.all(), "a BatchWriter in a Tee gets batches")
	require.Empty(t, observed(cSeen), "levels of members are honoured")
}

func TestBatchesHaveBounds(t *testing.T) {
	f := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 100)}
	core := start(t, Config{Targets: []TargetConfig{{Core: f, BatchRecords: 10}}})
	write(t, core, zapcore.InfoLevel, "first")
	<-f.entered // the listener is busy now
	write(t, core, zapcore.InfoLevel, numbered(25)...)
	close(f.gate)
	require.NoError(t, core.Sync())
	require.Equal(t, []int{1, 10, 10, 5}, f.batches)

	g := &fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 100)}
	core = start(t, Config{Targets: []TargetConfig{{Core: g, BatchBytes: 300}}})
	write(t, core, zapcore.InfoLevel, "first")
	<-g.entered
	write(t, core, zapcore.InfoLevel, strings.Repeat("x", 200), strings.Repeat("y", 200), strings.Repeat("z", 1000))
	close(g.gate)
	require.NoError(t, core.Sync())
	require.Equal(t, []int{1, 2, 1}, g.batches, "a batch is over when it has reached the bound")
}

func TestBatchWaitsForItsAge(t *testing.T) {
	f := &fakeBatchWriter{}
	core := start(t, Config{Targets: []TargetConfig{{Core: f, BatchAge: time.Hour, BatchRecords: 5}}})
	write(t, core, zapcore.InfoLevel, numbered(5)...)
	require.Eventually(t, func() bool { return f.len() == 5 }, 5*time.Second, time.Millisecond, "it goes when it is full")
	require.Len(t, f.batches, 1)
	write(t, core, zapcore.InfoLevel, "more")
	require.NoError(t, core.Sync(), "or when somebody waits for it")
	require.Equal(t, 6, f.len())

	g := &fakeBatchWriter{}
	core = start(t, Config{Targets: []TargetConfig{{Core: g, BatchAge: 20 * time.Millisecond}}})
	write(t, core, zapcore.InfoLevel, "lone")
	require.Eventually(t, func() bool { return g.len() == 1 }, 5*time.Second, time.Millisecond, "or when it is old enough")
}

func TestSyncWaitsForTheTailItSawAndNotForEmptiness(t *testing.T) {
	f := &fakeBatchWriter{}
	core := start(t, Config{Targets: Targets(f), BlockTimeout: time.Minute})
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100_000 {
			select {
			case <-stop:
				return
			default:
				_ = core.Write(info("noise"), nil)
			}
		}
	}()
	for i := range 5 {
		m := fmt.Sprint("mine ", i)
		write(t, core, zapcore.InfoLevel, m)
		require.NoError(t, core.Sync())
		require.True(t, slices.Contains(f.all(), m))
	}
	close(stop)
	<-done
}

func TestSyncGivesUpAfterDrainTimeout(t *testing.T) {
	f := &fakeBatchWriter{gate: make(chan struct{})}
	core := start(t, Config{Targets: Targets(f), DrainTimeout: 10 * time.Millisecond})
	require.NoError(t, core.Sync(), "an empty queue has nothing to wait for")
	write(t, core, zapcore.InfoLevel, "message")
	err := core.Sync()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.ErrorContains(t, err, `1 of 1 targets not done within 10ms, "0": `)
	require.Empty(t, core.queue.targets[0].requests.pending, "who gives up leaves nothing behind")
	close(f.gate)
}

func TestSyncReturnsTheTargetsError(t *testing.T) {
	bad := errors.New("disk on fire")
	core := start(t, Config{Targets: Targets(base.FromWriter(jsonEncoder(), failingSync{bad}, nil))})
	require.ErrorIs(t, core.Sync(), bad)
	require.ErrorIs(t, core.Close(), bad)
}

type failingSync struct{ err error }

func (failingSync) Write(p []byte) (int, error) { return len(p), nil }
func (f failingSync) Sync() error               { return f.err }

// reentrantTarget is a target that does to its own queue whatever f does.
type reentrantTarget struct {
	zapcore.Core
	f func(zapcore.Entry)
}

func (m reentrantTarget) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, m)
}

func (m reentrantTarget) Write(ent zapcore.Entry, _ []zapcore.Field) error { m.f(ent); return nil }

func TestTargetMayUseItsOwnQueue(t *testing.T) {
	tests := []struct {
		name string
		f    func(*Core)
	}{
		{"log", func(c *Core) { _ = c.Write(info("inner"), nil) }},
		{"log an error", func(c *Core) { _ = c.Write(zapcore.Entry{Level: zapcore.ErrorLevel, Message: "inner"}, nil) }},
		{"log the last words", func(c *Core) { _ = c.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: "inner"}, nil) }},
		{"sync", func(c *Core) { _ = c.Sync() }},
		{"close", func(c *Core) { _ = c.Close() }},
		{"fill it", func(c *Core) {
			for range 100 {
				_ = c.Write(info(strings.Repeat("x", 500)), nil)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var core *Core
			done := make(chan struct{})
			var once atomic.Bool
			ready := make(chan struct{})
			core, err := New(Config{
				MaxBytes: minBytes, BlockTimeoutError: time.Hour, BlockTimeout: time.Hour, FatalTimeout: time.Hour, DrainTimeout: time.Hour,
				Targets: Targets(reentrantTarget{nopAt(zapcore.DebugLevel), func(zapcore.Entry) {
					<-ready
					if once.CompareAndSwap(false, true) {
						test.f(core)
						close(done)
					}
				}}),
			})
			require.NoError(t, err)
			close(ready)
			_ = core.Write(info("outer"), nil)
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				require.Fail(t, "the target waits for itself")
			}
			_ = core.Close()
		})
	}
}

func TestIdleListenerSleepsAndALoneRecordIsNotStuck(t *testing.T) {
	f := &fakeBatchWriter{}
	core := start(t, Config{Targets: Targets(f)})
	asleep := func() bool {
		core.queue.mu.Lock()
		defer core.queue.mu.Unlock()
		return core.queue.enqueuer.wakeAt == wakeAlways
	}
	for i := range 200 {
		if i%20 == 0 {
			require.Eventually(t, asleep, 5*time.Second, time.Millisecond, "it sleeps for good: no timer is left")
		}
		write(t, core, zapcore.InfoLevel, "lone")
		require.Eventually(t, func() bool { return f.len() == i+1 }, 5*time.Second, 100*time.Microsecond)
	}
}

func TestTargetIsFlushedWhenTheQueueRunsEmptyAndNotSynced(t *testing.T) {
	ws := &flushCounter{}
	core := start(t, Config{Targets: Targets(base.FromWriter(jsonEncoder(), ws, nil))})
	write(t, core, zapcore.InfoLevel, "message")
	require.Eventually(t, func() bool { return ws.flushes.Load() == 1 }, 5*time.Second, time.Millisecond)
	require.Zero(t, ws.syncs.Load(), "safety on a disk is for Sync")
	require.NoError(t, core.Sync())
	require.Equal(t, int32(1), ws.syncs.Load())
}

type flushCounter struct{ flushes, syncs atomic.Int32 }

func (f *flushCounter) Write(p []byte) (int, error) { return len(p), nil }
func (f *flushCounter) Flush() error                { f.flushes.Add(1); return nil }
func (f *flushCounter) Sync() error                 { f.syncs.Add(1); return nil }

func TestPrepare(t *testing.T) {
	obs, seen := observer.New(zapcore.DebugLevel)
	core := start(t, Config{
		Targets: Targets(obs),
		Prepare: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			ent.Message = strings.ToUpper(ent.Message)
			for i := range fields {
				if fields[i].Key == "password" {
					fields[i] = zap.String("password", "***")
				}
			}
			return append(fields, zap.String("host", "a")), ent.Message != "SECRET"
		},
		PrepareDelivery: func(ent *zapcore.Entry, fields []zapcore.Field) ([]zapcore.Field, bool) {
			if ent.Message == "BOMB" {
				panic("hook")
			}
			return append(fields, zap.Bool("delivered", true)), ent.Message != "NOISE"
		},
		OmitNotice: true,
	})
	logger := zap.New(core).With(zap.String("password", "of with"))
	logger.Info("hello", zap.String("password", "of call"))
	logger.Info("secret")
	logger.Info("noise")
	logger.Info("bomb")
	var batch base.Batch
	var r base.Record
	require.NoError(t, r.Capture(info("batched"), base.Context{}, []zapcore.Field{zap.String("password", "of batch")}))
	batch.Add(r.Bytes())
	_, err := core.WriteBatch(&batch)
	require.NoError(t, err)
	require.NoError(t, core.Sync())
	require.Equal(t, []string{"HELLO", "BATCHED"}, observed(seen))
	assert.Equal(t, map[string]any{"password": "***", "host": "a", "delivered": true}, seen.All()[0].ContextMap())
	assert.Equal(t, map[string]any{"password": "***", "host": "a", "delivered": true}, seen.All()[1].ContextMap())
	require.Equal(t, Stats{Accepted: 5, Delivered: 2, Skipped: 2, Dropped: 1}, core.Stats())
	require.Equal(t, map[Cause]uint64{Panicked: 1}, dropsOf(core.Targets()[0]))
	require.NoError(t, core.Close())
	require.ErrorIs(t, core.Write(info("secret"), nil), ErrClosed, "also what Prepare would drop")
}
