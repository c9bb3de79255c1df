package queuecore

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// asleep tells whether every listener waits without a timer: the next record has to wake it.
func (c *Core) asleep() bool {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	for _, l := range c.queue.targets {
		if l.idle.Woken() {
			return false
		}
	}
	return c.queue.enqueuer.wakeAt == wakeAlways
}

func TestAnIdleQueueSleepsAndALoneRecordWakesIt(t *testing.T) {
	target := &fakeBatchWriter{}
	core, err := New(Config{Targets: Targets(target)})
	require.NoError(t, err)
	defer core.Close()
	for i := range 100 {
		require.Eventually(t, core.asleep, 5*time.Second, time.Millisecond,
			"a queue with nothing to do takes no time: it waits for a record, not for a clock")
		require.NoError(t, core.Write(zapcore.Entry{Message: fmt.Sprint(i)}, nil))
		require.Eventually(t, func() bool { return target.len() == i+1 }, 5*time.Second, 100*time.Microsecond,
			"a lone record after silence is never stuck")
	}
}

func TestATargetMayLogToItsOwnQueueEvenWhenThatIsFull(t *testing.T) {
	var logger *zap.Logger
	gossip := hookCore{func(ent zapcore.Entry) error {
		if ent.LoggerName != "gossip" {
			logger.Named("gossip").Info("about " + ent.Message)
		}
		return nil
	}}
	core, err := New(Config{
		Targets: Targets(gossip), MaxBytes: minBytes, BlockTimeout: 50 * time.Millisecond,
		OnError: func(error) {},
	})
	require.NoError(t, err)
	logger = zap.New(core, zap.ErrorOutput(zapcore.AddSync(io.Discard)))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			logger.Info(fmt.Sprint("record ", i))
		}
		_ = core.Sync()
		_ = core.Close()
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		require.Fail(t, "a target that logs to its own full queue deadlocks")
	}
	s := core.Stats()
	require.Zero(t, s.Missing())
	require.Zero(t, s.Pending)
	require.Equal(t, uint64(4000), s.Accepted+s.Refused, "each record and what was logged about it is accounted for")
}

// Each of several targets that wait for room in their own queue at the same moment finds out that it waits for itself, though only one may
// ask at a time.
func TestSeveralTargetsMayLogToTheirOwnFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var core *Core
		var returned atomic.Int32
		begin := make(chan struct{})
		gossip := hookCore{func(ent zapcore.Entry) error {
			if ent.Message == "outer" {
				<-begin
				_ = core.Write(info(strings.Repeat("inner", 100)), nil)
				returned.Add(1)
			}
			return nil
		}}
		core = start(t, Config{Targets: Targets(gossip, gossip, gossip), MaxBytes: minBytes, BlockTimeout: time.Minute})
		write(t, core, zapcore.InfoLevel, "outer")
		synctest.Wait()
		write(t, core, zapcore.InfoLevel, strings.Repeat("x", minBytes-200))
		close(begin)
		time.Sleep(5 * time.Second)
		require.Equal(t, int32(3), returned.Load())
	})
}

// Of ten thousand waiting producers only a few check whether a target calls them, because the check would take the processor from the
// goroutine for which they wait.
func TestFewOfManyThatWaitAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := callers{start: time.Now()}
		var asked atomic.Int32
		var all sync.WaitGroup
		for range 10_000 {
			all.Go(func() {
				for range 4 {
					if c.mayCheck() {
						asked.Add(1)
					}
					time.Sleep(checkEvery)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(4), asked.Load())
	})
}

// TestFatalOfATargetDoesNotWaitForItself: the target's goroutine is the one that would have to deliver it.
func TestFatalOfATargetDoesNotWaitForItself(t *testing.T) {
	var core *Core
	logged := false
	hook := hookCore{func(ent zapcore.Entry) error {
		if !logged {
			logged = true
			return core.Write(zapcore.Entry{Level: zapcore.FatalLevel, Message: "from the target"}, nil)
		}
		return nil
	}}
	core, err := New(Config{Targets: Targets(hook), FatalTimeout: time.Minute})
	require.NoError(t, err)
	begin := time.Now()
	require.NoError(t, core.Write(zapcore.Entry{Message: "first"}, nil))
	require.NoError(t, core.Sync())
	require.NoError(t, core.Close())
	require.Less(t, time.Since(begin), 10*time.Second)
	require.Equal(t, uint64(2), core.Stats().Delivered)
}

// hookCore is a foreign core that is one function.
type hookCore struct{ write func(zapcore.Entry) error }

func (hookCore) Enabled(zapcore.Level) bool          { return true }
func (c hookCore) With([]zapcore.Field) zapcore.Core { return c }
func (hookCore) Sync() error                         { return nil }
func (c hookCore) Check(ent zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(ent, c)
}
func (c hookCore) Write(ent zapcore.Entry, _ []zapcore.Field) error { return c.write(ent) }

// A queue that was idle for long takes next to no memory, whatever went through it before.
func TestAQueueThatRestsLetsGoOfItsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target := &fakeBatchWriter{gate: make(chan struct{})}
		core, err := New(Config{Targets: Targets(target), MaxBytes: 8 << 20})
		require.NoError(t, err)
		defer core.Close()
		before := heap()
		for range 4000 {
			require.NoError(t, core.Write(zapcore.Entry{Message: strings.Repeat("x", 1000)}, nil))
		}
		close(target.gate)
		require.NoError(t, core.Sync())
		target.messages, target.batches = nil, nil // nobody else has them: the queue rests
		time.Sleep(time.Second)
		require.Greater(t, heap()-before, int64(512<<10), "blocks for the next burst")
		time.Sleep(10 * time.Second)
		require.Less(t, heap()-before, int64(64<<10))
		require.NoError(t, core.Write(zapcore.Entry{Message: "after all"}, nil))
		require.NoError(t, core.Sync())
		require.Equal(t, []string{"after all"}, target.all())
	})
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
