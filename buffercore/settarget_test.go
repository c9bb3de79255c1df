package buffercore

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// stuckCore takes records one by one, and blocks at the first until it is released.
type stuckCore struct {
	*oddCore
	entered, leave chan struct{}
}

func newStuckCore() *stuckCore {
	s := &stuckCore{entered: make(chan struct{}), leave: make(chan struct{})}
	first := true
	s.oddCore = &oddCore{method: "Write", odd: func() {
		if first {
			first = false
			close(s.entered)
			<-s.leave
		}
	}}
	return s
}

func logNumbered(core zapcore.Core, n int) (messages []string) {
	for i := range n {
		messages = append(messages, fmt.Sprint(i))
		zap.New(core).Info(messages[i])
	}
	return messages
}

// A target that returns from a call after Close has given up waiting gets none of the records that Close returned as lost.
func TestATargetThatCloseHasGivenUpGetsNoMore(t *testing.T) {
	target := newStuckCore()
	core, err := New(Config{Target: target, DrainTimeout: 20 * time.Millisecond, OnError: func(error) {}})
	require.NoError(t, err)
	logged := logNumbered(core, 10)
	var lost *LostError
	require.ErrorAs(t, core.Close(), &lost)
	require.Equal(t, uint64(10), lost.Records)
	close(target.leave)
	require.Eventually(t, func() bool { return !core.buffer.lock.isHeld() }, 10*time.Second, time.Millisecond)
	require.Equal(t, logged[:1], target.seen)
	require.Equal(t, Stats{Accepted: 10, Dropped: 10}, core.Stats())
}

// If SetTarget gives up waiting for the old target, the records that it has not taken go to the new one, as far as that wants them.
func TestATargetThatSetTargetHasGivenUpLeavesTheRest(t *testing.T) {
	for _, level := range []zapcore.Level{zapcore.InfoLevel, zapcore.WarnLevel} {
		t.Run(level.String(), func(t *testing.T) {
			target := newStuckCore()
			told := make(chan error, 10)
			core, err := New(Config{Target: target, DrainTimeout: 20 * time.Millisecond, OnError: func(err error) { told <- err }})
			require.NoError(t, err)
			logged := logNumbered(core, 10)
			require.ErrorIs(t, core.Sync(), os.ErrDeadlineExceeded)
			next, seen := observer.New(level)
			core.SetTarget(next)
			require.ErrorIs(t, <-told, os.ErrDeadlineExceeded)
			close(target.leave)
			require.Eventually(t, func() bool { return !core.buffer.lock.isHeld() }, 10*time.Second, time.Millisecond)
			atOnce := seen.Len()
			require.NoError(t, core.Close())
			require.Equal(t, logged[:1], target.seen)
			if level == zapcore.InfoLevel {
				require.Equal(t, 9, atOnce)
				require.Equal(t, 9, seen.Len())
				require.Equal(t, Stats{Accepted: 10, Delivered: 10}, core.Stats())
			} else {
				require.Zero(t, seen.Len())
				require.Equal(t, Stats{Accepted: 10, Delivered: 1, Skipped: 9}, core.Stats())
			}
		})
	}
}

// warnings is a BatchWriter with a level.
type warnings struct{ batchTarget }

func (*warnings) Enabled(l zapcore.Level) bool { return l >= zapcore.WarnLevel }

// Records that the old target asks to try again go to the new target, as far as that wants them.
func TestWhatIsTriedAgainGoesToTheTargetThatWantsIt(t *testing.T) {
	core, err := New(Config{Target: &batchTarget{}, OnError: func(error) {}})
	require.NoError(t, err)
	logNumbered(core, 3)
	zap.New(core).Warn("warning")
	require.Error(t, core.Sync())
	next := &warnings{batchTarget{left: -1}}
	core.SetTarget(next)
	require.NoError(t, core.Close())
	require.Equal(t, []string{"warning"}, next.seen)
	require.Equal(t, Stats{Accepted: 4, Delivered: 1, Skipped: 3}, core.Stats())
}

// A target that itself calls SetTarget during a flush gets no more records.
func TestATargetThatNamesAnotherFromWithin(t *testing.T) {
	next, seen := observer.New(zapcore.InfoLevel)
	var core *Core
	first := &oddCore{method: "Write", odd: func() { core.SetTarget(next) }}
	core, err := New(Config{Target: first, OnError: func(error) {}})
	require.NoError(t, err)
	logged := logNumbered(core, 10)
	require.NoError(t, core.Sync())
	require.NoError(t, core.Close())
	require.Equal(t, logged[:1], first.seen)
	require.Equal(t, logged[1:], messages(seen))
	require.Equal(t, Stats{Accepted: 10, Delivered: 10}, core.Stats())
}

// SetTarget and Close wait for a running Sync of the target, so that the caller can close the target afterwards.
func TestTheSyncOfATargetIsWaitedFor(t *testing.T) {
	for name, letGo := range map[string]func(*Core){
		"by SetTarget": func(c *Core) { c.SetTarget(nil) },
		"by Close":     func(c *Core) { _ = c.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			entered, leave := make(chan struct{}), make(chan struct{})
			var syncing atomic.Bool
			target := &oddCore{method: "Sync", odd: func() {
				syncing.Store(true)
				close(entered)
				<-leave
				syncing.Store(false)
			}}
			core, err := New(Config{Target: target, OnError: func(error) {}})
			require.NoError(t, err)
			synced := make(chan error, 1)
			go func() { synced <- core.Sync() }()
			<-entered
			wasSyncing := make(chan bool, 1)
			go func() { letGo(core); wasSyncing <- syncing.Load() }()
			require.Eventually(t, func() bool { return len(wasSyncing) > 0 || isAwaited(&core.buffer.lock) }, 10*time.Second, time.Millisecond)
			close(leave)
			require.False(t, <-wasSyncing)
			require.NoError(t, <-synced)
			require.NoError(t, core.Close())
		})
	}
}

func isAwaited(l *flushLock) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiters > 0
}

// countingCore counts how often it is synced, and flushed.
type countingCore struct {
	*stuckCore
	syncs, flushes atomic.Int32
}

func (c *countingCore) Sync() error  { c.syncs.Add(1); return nil }
func (c *countingCore) Flush() error { c.flushes.Add(1); return nil }

// The call for which SetTarget or Close gave up waiting is the last one of the old target: after it the new target is synced, not the old.
func TestATargetThatWasGivenUpIsNotSynced(t *testing.T) {
	for _, closed := range []bool{false, true} {
		target, next := &countingCore{stuckCore: newStuckCore()}, &countingCore{stuckCore: newStuckCore()}
		close(next.leave)
		core, err := New(Config{Target: target, DrainTimeout: 20 * time.Millisecond, OnError: func(error) {}})
		require.NoError(t, err)
		logNumbered(core, 2)
		require.ErrorIs(t, core.Sync(), os.ErrDeadlineExceeded)
		if closed {
			require.Error(t, core.Close())
		} else {
			core.SetTarget(next)
		}
		close(target.leave)
		require.Eventually(t, func() bool { return !core.buffer.lock.isHeld() }, 10*time.Second, time.Millisecond)
		require.NoError(t, core.Close())
		require.Zero(t, target.syncs.Load())
		require.Zero(t, target.flushes.Load())
		require.Equal(t, !closed, next.syncs.Load() == 1)
	}
}
