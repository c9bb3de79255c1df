package zapcore

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// LockWithin takes mu, or gives up after that time and reports false. It is for those who must come to an end although whoever has
// the lock may not: Close, Sync.
func LockWithin(mu *sync.Mutex, wait time.Duration) bool {
	if mu.TryLock() {
		return true
	}
	locked, over := make(chan struct{}), make(chan struct{})
	go func() {
		mu.Lock()
		select {
		case locked <- struct{}{}:
		case <-over:
			mu.Unlock()
		}
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-locked:
		return true
	case <-timer.C:
		close(over)
		return false
	}
}

// Within runs f, which may wait for what does not come, and returns its error. After that time it returns an error that says so and
// wraps os.ErrDeadlineExceeded, and f goes on in the background.
func Within(wait time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("not done after %v: %w", wait, os.ErrDeadlineExceeded)
	}
}
