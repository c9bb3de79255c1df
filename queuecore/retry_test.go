package queuecore

import (
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	base "example.com/zaphandlers/zapcore"
)

func TestRetry(t *testing.T) {
	down := &base.RetryError{Err: errors.New("down")}
	t.Run("until it works", func(t *testing.T) {
		f := &fakeBatchWriter{}
		f.fail(5, down)
		var said []string
		core := start(t, Config{
			Targets: []TargetConfig{{Core: f, RetryStart: time.Millisecond}},
			OnError: func(err error) { said = append(said, err.Error()) },
		})
		write(t, core, zapcore.InfoLevel, numbered(20)...)
		require.NoError(t, core.Sync())
		require.Equal(t, numbered(20), f.all())
		require.NoError(t, core.Close())
		require.Len(t, said, 2, "the error once, and that it is over: %q", said)
	})
	t.Run("attempts have a bound", func(t *testing.T) {
		f, dead := &fakeBatchWriter{}, &fakeBatchWriter{}
		f.fail(3, down)
		core := start(t, Config{Targets: []TargetConfig{{Core: f, RetryStart: time.Millisecond, RetryAttempts: 3, DeadLetter: dead}}})
		write(t, core, zapcore.InfoLevel, "unlucky")
		require.NoError(t, core.Sync())
		write(t, core, zapcore.InfoLevel, "lucky")
		require.NoError(t, core.Sync())
		require.Contains(t, f.all(), "lucky")
		require.Equal(t, []string{"unlucky"}, dead.all())
		require.Equal(t, map[Cause]uint64{GaveUp: 1}, dropsOf(core.Targets()[0]))
		require.Equal(t, uint64(1), core.Targets()[0].DeadLetter)
	})
	t.Run("time has a bound", func(t *testing.T) {
		f := &fakeBatchWriter{}
		f.fail(1<<30, down)
		core := start(t, Config{Targets: []TargetConfig{{Core: f, RetryStart: time.Millisecond, RetryFor: 5 * time.Millisecond}}})
		write(t, core, zapcore.InfoLevel, "unlucky")
		require.NoError(t, core.Sync())
		require.Equal(t, map[Cause]uint64{GaveUp: 1}, dropsOf(core.Targets()[0]))
	})
	t.Run("patience that is asked for is capped", func(t *testing.T) {
		f := &fakeBatchWriter{}
		f.fail(1, &base.RetryError{After: time.Hour, Err: errors.New("busy")})
		core := start(t, Config{Targets: []TargetConfig{{Core: f, RetryStart: time.Millisecond, RetryMax: 2 * time.Millisecond}}})
		write(t, core, zapcore.InfoLevel, "message")
		require.NoError(t, core.Sync())
		require.Equal(t, []string{"message"}, f.all())
	})
	t.Run("rejected for good", func(t *testing.T) {
		dead, deadSeen := observer.New(zapcore.DebugLevel)
		f := &fakeBatchWriter{each: func(r *base.Record) error {
			if r.Entry().Message == "record 0003" {
				return &base.RejectedError{Err: errors.New("malformed"), Indexes: []int{0}}
			}
			return nil
		}}
		core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{{Core: f, DeadLetter: dead}}})
		write(t, core, zapcore.InfoLevel, numbered(10)...)
		require.NoError(t, core.Sync())
		require.Equal(t, 9, f.len())
		require.Equal(t, []string{"record 0003"}, observed(deadSeen))
		require.Equal(t, map[Cause]uint64{Rejected: 1}, dropsOf(core.Targets()[0]))
	})
	t.Run("no retry for any other Core", func(t *testing.T) {
		dead, deadSeen := observer.New(zapcore.DebugLevel)
		calls := 0
		failing := zapcore.RegisterHooks(nopAt(zapcore.DebugLevel), func(zapcore.Entry) error { calls++; return errors.New("bad") })
		core := start(t, Config{OmitNotice: true, Targets: []TargetConfig{{Core: failing, DeadLetter: dead}}})
		write(t, core, zapcore.InfoLevel, "message")
		require.NoError(t, core.Sync())
		require.Equal(t, 1, calls)
		require.Equal(t, []string{"message"}, observed(deadSeen))
		require.Equal(t, map[Cause]uint64{Failed: 1}, dropsOf(core.Targets()[0]))
	})
}

// busyWithFirst is a target that is too busy for the first record of each batch, and takes the others.
type busyWithFirst struct{ fakeBatchWriter }

func (b *busyWithFirst) WriteBatch(batch *base.Batch) (int, error) {
	_, _ = b.fakeBatchWriter.WriteBatch(batch)
	return batch.Len(), &base.RetryError{Err: errors.New("busy"), Indexes: []int{0}}
}

func TestWhatArrivedBehindARecordThatIsTriedAgainIsNotLost(t *testing.T) {
	f := &busyWithFirst{fakeBatchWriter{gate: make(chan struct{}), entered: make(chan struct{}, 100)}}
	core := start(t, Config{Targets: []TargetConfig{{Core: f, RetryStart: time.Millisecond}}, DrainTimeout: 50 * time.Millisecond})
	write(t, core, zapcore.InfoLevel, "first")
	<-f.entered
	write(t, core, zapcore.InfoLevel, numbered(10)...)
	close(f.gate)
	require.Eventually(t, func() bool { return f.len() > 13 }, 5*time.Second, time.Millisecond, "all have been offered")
	var lost *LostError
	require.ErrorAs(t, core.Close(), &lost)
	require.Equal(t, uint64(1), lost.Records)
	require.ErrorContains(t, lost, "1 left: busy")
	require.Equal(t, Stats{Accepted: 11, Delivered: 10, Dropped: 1}, core.Stats())
	require.Equal(t, map[Cause]uint64{Closed: 1}, dropsOf(core.Targets()[0]))
}

func TestFatalIsDeliveredInSpiteOfTheRetryDelay(t *testing.T) {
	f := &fakeBatchWriter{}
	f.fail(1, &base.RetryError{After: time.Hour, Err: errors.New("down")})
	core := start(t, Config{Targets: []TargetConfig{{Core: f, RetryStart: time.Hour, RetryMax: time.Hour}}})
	write(t, core, zapcore.InfoLevel, "before")
	require.Eventually(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.failures == 0 }, 5*time.Second, time.Millisecond)
	write(t, core, zapcore.FatalLevel, "last words")
	require.Equal(t, []string{"before", "last words"}, f.all(), "when Write returns")
	require.NotZero(t, f.syncs)
}

func TestFatalWaitsNoLongerThanItsTimeout(t *testing.T) {
	f := &fakeBatchWriter{gate: make(chan struct{})}
	var reported atomic.Bool
	core := start(t, Config{
		Targets: Targets(f), FatalTimeout: 20 * time.Millisecond, DrainTimeout: 20 * time.Millisecond,
		OnError: func(err error) { reported.Store(errors.Is(err, os.ErrDeadlineExceeded) || reported.Load()) },
	})
	begin := time.Now()
	write(t, core, zapcore.FatalLevel, "last words")
	require.Less(t, time.Since(begin), 2*time.Second)
	require.True(t, reported.Load())
	require.Error(t, core.Close())
	close(f.gate)
}

// A target that is closed before its queue is told with what to do about it.
func TestATargetThatIsClosedFirst(t *testing.T) {
	f, said := &fakeBatchWriter{}, texts{}
	f.fail(1, ErrClosed)
	core := start(t, Config{Targets: Targets(f), OnError: said.add})
	write(t, core, zapcore.InfoLevel, "late")
	require.NoError(t, core.Sync())
	require.Equal(t, []string{"queuecore: target 0: zaphandlers: closed before the queue: close the queue first"}, said.list())
}
