//go:build !race

package queuecore

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
)

// Ten thousand goroutines that wait for room in a small queue are served about as fast as ten: each is woken once, when its record
// has been put.
func TestWaitingIsNoStampede(t *testing.T) {
	run := func(goroutines, each int) (perSecond float64, refused uint64) {
		core := start(t, Config{Targets: Targets(nopCore{zapcore.DebugLevel}), MaxBytes: 64 << 10, BlockTimeout: time.Minute})
		var wg sync.WaitGroup
		var failed atomic.Uint64
		begin := make(chan struct{})
		for range goroutines {
			wg.Go(func() {
				<-begin
				for range each {
					if core.Write(info(bulky("record")), nil) != nil {
						failed.Add(1)
					}
				}
			})
		}
		started := time.Now()
		close(begin)
		wg.Wait()
		perSecond = float64(goroutines*each) / time.Since(started).Seconds()
		require.NoError(t, core.Close())
		require.Zero(t, core.Stats().Missing())
		return perSecond, failed.Load()
	}
	few, _ := run(10, 5_000)
	many, refused := run(10_000, 10)
	t.Logf("10 goroutines: %.0f/s, 10,000: %.0f/s", few, many)
	require.Zero(t, refused)
	require.Greater(t, many, few/25, "of 10,000 goroutines, in records a second")
}
