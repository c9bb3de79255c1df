package zapcore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// LockWithin locks mu, or gives up after wait and returns false. It is for Close and Sync, which must end even if the holder of
// the lock never does. A goroutine that goes on waiting for the lock is left behind then; the next caller takes it over, so there are
// never more such goroutines than simultaneous callers.
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

// lockWaiter is a goroutine that waits for a mutex on behalf of a caller.
type lockWaiter struct {
	locked chan struct{} // of capacity 1: gets a value when the mutex is locked for the caller
	wanted bool          // a caller waits; guarded by lockWaiters.mu
}

// lockWaiters holds, by mutex, the waiters whose callers have given up.
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

// leave gives up waiting, unless the mutex has just been locked: then it returns true.
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

// Within runs f, which may never return, on a new goroutine, and returns its error; a panic is a *PanicError. After
// wait it returns an error that wraps os.ErrDeadlineExceeded, and f goes on in the background.
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

// lock locks o.mu for a call that must end. It returns an error if the holder of the lock does not release it within lockWait.
func (o *output) lock() error {
	if o.lockWait == 0 {
		o.mu.Lock()
		return nil
	}
	if !LockWithin(&o.mu, o.lockWait) {
		return fmt.Errorf("%s: a write does not come to an end: %w", o.name, os.ErrDeadlineExceeded)
	}
	return nil
}

// guarded calls f, a method of the Emitter. If f panics, or ends its goroutine, the error names the operation.
func (o *output) guarded(what string, f func() error) error {
	err := Guard(f)
	if isPanic(err) || err == errExited {
		return fmt.Errorf("%s: %s: %w", o.name, what, err)
	}
	return err
}

// syncNumber returns the number of a call that is about to wait for the lock and then needs a Sync; 0 if it needs none.
func (o *output) syncNumber(forSync bool) uint64 {
	if !forSync {
		return 0
	}
	return o.syncCalls.Add(1)
}

// syncLocked syncs the Emitter, for all calls that have a number by now.
func (o *output) syncLocked() error {
	covers := o.syncCalls.Load()
	err := o.guarded("sync", o.emitter.Sync)
	o.syncedUpTo, o.lastSync = covers, err
	return err
}

// syncUrgentLocked syncs after a record above Error. If a Sync that began while the record waited for the lock has timed out, it
// returns that error and does not wait again.
func (o *output) syncUrgentLocked(number uint64) error {
	if number <= o.syncedUpTo && isTimeout(o.lastSync) {
		return o.lastSync
	}
	return o.syncLocked()
}

// sync is Handler.Sync. It waits for at most two Syncs of the Emitter, however many callers there are: the one that is running, and one
// that begins afterwards, whose result all waiting callers share.
func (o *output) sync() error {
	defer o.reportNotice()
	number := o.syncNumber(true)
	if err := o.lock(); err != nil {
		return err
	}
	defer o.mu.Unlock()
	if o.closed.Load() {
		return nil
	}
	if number <= o.syncedUpTo {
		return o.lastSync
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
	defer o.reportNotice()
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

// count is Handler.Stats. It waits for a running Emit only if the Emitter is an Accountant, which must be asked under the lock.
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
