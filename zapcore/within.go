package zapcore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// LockWithin takes mu, or gives up after that time and reports false. It is for those who must come to an end although whoever has
// the lock may not: Close, Sync. What waits for a lock that never comes is a goroutine; it is used again by whoever comes next, so that
// there are no more of them than callers at the same time, however often they ask.
func LockWithin(mu *sync.Mutex, wait time.Duration) bool {
	if mu.TryLock() {
		return true
	}
	w := lockWaiterFor(mu)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-w.locked:
		return true
	case <-timer.C:
		return w.leave(mu)
	}
}

// lockWaiter is a goroutine that waits for a mutex.
type lockWaiter struct {
	locked chan struct{} // of capacity 1: it has the mutex, for whoever wants that
	wanted bool          // guarded by lockWaiters.mu
}

// lockWaiters are those whose callers have given up.
var lockWaiters = struct {
	mu   sync.Mutex // guards the field below
	left map[*sync.Mutex][]*lockWaiter
}{left: make(map[*sync.Mutex][]*lockWaiter)}

func lockWaiterFor(mu *sync.Mutex) *lockWaiter {
	lockWaiters.mu.Lock()
	defer lockWaiters.mu.Unlock()
	if left := lockWaiters.left[mu]; len(left) > 0 {
		w := left[0]
		w.removeLocked(mu)
		w.wanted = true
		return w
	}
	w := &lockWaiter{locked: make(chan struct{}, 1), wanted: true}
	go w.wait(mu)
	return w
}

func (w *lockWaiter) wait(mu *sync.Mutex) {
	mu.Lock()
	lockWaiters.mu.Lock()
	defer lockWaiters.mu.Unlock()
	if w.wanted {
		w.locked <- struct{}{}
		return
	}
	w.removeLocked(mu)
	mu.Unlock()
}

// leave gives up, and reports whether the mutex has come all the same.
func (w *lockWaiter) leave(mu *sync.Mutex) (locked bool) {
	lockWaiters.mu.Lock()
	defer lockWaiters.mu.Unlock()
	select {
	case <-w.locked:
		return true
	default:
	}
	w.wanted = false
	lockWaiters.left[mu] = append(lockWaiters.left[mu], w)
	return false
}

func (w *lockWaiter) removeLocked(mu *sync.Mutex) {
	left := slices.DeleteFunc(lockWaiters.left[mu], func(other *lockWaiter) bool { return other == w })
	if lockWaiters.left[mu] = left; len(left) == 0 {
		delete(lockWaiters.left, mu)
	}
}

var errExited = errors.New("the goroutine was ended (runtime.Goexit)")

// Within runs f, which may wait for what does not come, by a goroutine of its own, and returns its error; a panic is a *PanicError. After
// that time it returns an error that says so and wraps os.ErrDeadlineExceeded, and f goes on in the background.
func Within(wait time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errExited
		defer func() { done <- err }()
		err = Guard(f)
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("not done after %v: %w", wait, os.ErrDeadlineExceeded)
	}
}

// lock takes the lock for a call that has to come to an end. The error says that whoever has it does not.
func (o *output) lock() error {
	if o.patience == 0 {
		o.mu.Lock()
		return nil
	}
	if !LockWithin(&o.mu, o.patience) {
		return fmt.Errorf("%s: a write does not come to an end: %w", o.name, os.ErrDeadlineExceeded)
	}
	return nil
}

// guarded calls a method of the Emitter's. A panic, or that it has ended its goroutine, is an error that says what was done.
func (o *output) guarded(what string, f func() error) error {
	err := Guard(f)
	if isPanic(err) || err == errExited {
		return fmt.Errorf("%s: %s: %w", o.name, what, err)
	}
	return err
}

// ask returns a number for a call that is about to wait for the lock, and then for a Sync; 0 if it is to wait for none.
func (o *output) ask(forSync bool) uint64 {
	if !forSync {
		return 0
	}
	return o.asked.Add(1)
}

// syncLocked does what sync promises to all who have asked by now.
func (o *output) syncLocked() error {
	covers := o.asked.Load()
	err := o.guarded("sync", o.emitter.Sync)
	o.covered, o.synced = covers, err
	return err
}

// syncUrgentLocked syncs a record above Error that was just emitted, unless a Sync that began while it waited for the lock has timed out.
func (o *output) syncUrgentLocked(number uint64) error {
	if number <= o.covered && isTimeout(o.synced) {
		return o.synced
	}
	return o.syncLocked()
}

// sync waits for one Sync of another and one more at most, however many wait: what began since it was called is for it as well.
func (o *output) sync() error {
	defer o.tell()
	number := o.ask(true)
	if err := o.lock(); err != nil {
		return err
	}
	defer o.mu.Unlock()
	if o.closed.Load() {
		return nil
	}
	if number <= o.covered {
		return o.synced
	}
	return o.syncLocked()
}

func (o *output) flush() error {
	f, ok := o.emitter.(Flusher)
	if !ok {
		return nil
	}
	if err := o.lock(); err != nil {
		return err
	}
	defer o.mu.Unlock()
	if o.closed.Load() {
		return nil
	}
	return o.guarded("flush", f.Flush)
}

func (o *output) close() error {
	if i, ok := o.emitter.(Interrupter); ok {
		i.Interrupt()
	}
	defer o.report.Stop()
	defer o.tell()
	if err := o.lock(); err != nil {
		if o.closed.Swap(true) {
			return nil
		}
		return err
	}
	defer o.mu.Unlock()
	if o.closed.Swap(true) {
		return nil
	}
	return o.guarded("close", o.emitter.Close)
}

// count does not wait for an Emit that is under way, unless the Emitter has to be asked what became of its frames.
func (o *output) count() Stats {
	n := o.accepted.Load()
	s := Stats{Accepted: n, Delivered: n, Refused: o.refused.Load()}
	a, ok := o.emitter.(Accountant)
	if !ok {
		return s
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	s.Accepted = o.accepted.Load()
	s.Delivered = s.Accepted
	if delivered, dropped, ok := a.Account(); ok {
		s.Delivered, s.Dropped = delivered, dropped
		s.Pending = s.Accepted - delivered - dropped
	}
	return s
}
