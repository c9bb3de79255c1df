package buffercore

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A target or a hook may end the goroutine that calls it (runtime.Goexit, as t.FailNow does): that costs at most the record, and nobody
// waits for that goroutine.
func TestAGoroutineThatIsEndedWithin(t *testing.T) {
	for _, method := range []string{"Enabled", "Check", "Write", "WriteBatch", "Sync", "Flush", "ShouldFlush", "FlushLevel", "OnError"} {
		for _, interval := range []time.Duration{0, time.Millisecond} {
			for _, timeout := range []time.Duration{10 * time.Second, -1} {
				t.Run(method, func(t *testing.T) {
					var armed atomic.Bool
					var ended atomic.Int32
					exits := func() {
						if armed.Load() {
							ended.Add(1)
							runtime.Goexit()
						}
					}
					odd := &oddCore{method: method, odd: exits}
					target := zapcore.Core(odd)
					if method == "WriteBatch" {
						target = oddBatches{odd}
					}
					hook := func(name string) {
						if name == method {
							exits()
						}
					}
					core, err := New(Config{
						Target: target, FlushInterval: interval, DrainTimeout: timeout, FatalTimeout: timeout,
						ShouldFlush: func(zapcore.Entry, int) bool { hook("ShouldFlush"); return false },
						FlushLevel:  zap.LevelEnablerFunc(func(l zapcore.Level) bool { hook("FlushLevel"); return l >= zapcore.ErrorLevel }),
						OnError:     func(error) { hook("OnError") },
					})
					require.NoError(t, err)
					armed.Store(true)
					within10s(t, func() {
						var wg sync.WaitGroup
						wg.Go(func() { zap.New(core).Info("message") })
						wg.Go(func() { zap.New(core).Error("message") })
						wg.Go(func() { zap.New(core).DPanic("message") })
						wg.Go(func() { _ = core.Sync() })
						wg.Go(func() { r := core.Begin(); defer r.End(true); zap.New(r).Info("kept"); zap.New(r).Error("message") })
						wg.Wait()
					})
					if interval > 0 && method != "ShouldFlush" && method != "FlushLevel" && method != "OnError" && method != "Sync" {
						seen := ended.Load()
						zap.New(core).Info("message")
						require.Eventually(t, func() bool { return ended.Load() > seen }, 10*time.Second, time.Millisecond)
					}
					armed.Store(false)
					zap.New(core).Info("last")
					if interval > 0 {
						require.Eventually(t, func() bool { return core.Stats().Pending == 0 }, 10*time.Second, time.Millisecond, "the timer goes on")
					}
					begin := time.Now()
					within10s(t, func() { _ = core.Close() })
					require.Less(t, time.Since(begin), 5*time.Second)
					require.Zero(t, core.Stats().Missing())
					require.Zero(t, core.Stats().Pending)
					require.Contains(t, odd.seen, "last")
					require.Equal(t, len(odd.seen), int(core.Stats().Delivered), "what has not arrived counts as dropped")
				})
			}
		}
	}
}
