package zapcore

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// However often callers give up waiting for a lock, no more goroutines are left behind than callers waited at the same time; and when the
// lock is released, no such goroutine keeps it.
func TestLockWithinLeavesNoCrowd(t *testing.T) {
	var mu sync.Mutex
	mu.Lock()
	before := runtime.NumGoroutine()
	for range 200 {
		require.False(t, LockWithin(&mu, time.Microsecond))
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before+1)

	got := make(chan bool)
	go func() { got <- LockWithin(&mu, time.Minute) }() // by the goroutine that is left
	require.Eventually(t, func() bool {
		lockWaiters.mu.Lock()
		defer lockWaiters.mu.Unlock()
		return len(lockWaiters.left[&mu]) == 0
	}, 10*time.Second, time.Millisecond)
	require.LessOrEqual(t, runtime.NumGoroutine(), before+2)
	mu.Unlock()
	require.True(t, <-got)
	require.False(t, mu.TryLock())
	require.False(t, LockWithin(&mu, time.Microsecond))
	mu.Unlock()
	require.Eventually(t, mu.TryLock, 10*time.Second, time.Millisecond)
	mu.Unlock()
	require.True(t, LockWithin(&mu, 0))
}

// Many callers, some of whom give up early, exclude each other.
func TestLockWithinExcludes(t *testing.T) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	inside, entered := 0, 0
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				if LockWithin(&mu, time.Duration((g+i)%3)*50*time.Microsecond) {
					inside++
					entered++
					runtime.Gosched()
					inside--
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	require.True(t, LockWithin(&mu, time.Minute))
	require.Zero(t, inside)
	require.Positive(t, entered)
	mu.Unlock()
}
