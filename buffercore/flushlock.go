package buffercore

import (
	"sync"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// flushLock is held by the goroutine that flushes. Unlike a mutex it can be waited for with a deadline, and it knows the goroutine that
// calls the target: a target that calls the buffer from within a flush does not wait for itself.
type flushLock struct {
	mu            sync.Mutex // guards the fields below
	held          bool
	flushWanted   bool          // a tryAcquire failed: another flush has to follow
	waiters       int           // callers in wait
	urgentWaiters int           // those of them that go before all others
	owner         uint64        // the goroutine that calls the target; 0 before setOwner
	since         time.Time     // when setOwner was called
	free          chan struct{} // nil unless somebody waits; closed by release
}

// acquisition is the result of waiting for the lock.
type acquisition uint8

const (
	acquired  acquisition = iota
	busy                  // another goroutine holds it, and the timeout has passed
	reentrant             // the caller's own goroutine holds it
)

// tryAcquire takes the lock if it is free. If not, it returns false, and release will report that another flush is wanted.
func (l *flushLock) tryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushWanted = l.held || l.urgentWaiters > 0
	return l.takeLocked(false)
}

// takeLocked takes the lock if it is free. Urgent callers go first: on a busy machine, goroutines that flush again and again would take
// it each time before a woken waiter runs.
func (l *flushLock) takeLocked(urgent bool) bool {
	if l.held || l.urgentWaiters > 0 && !urgent {
		return false
	}
	l.held, l.owner = true, 0
	return true
}

// acquire waits for the lock up to timeout, or without a bound if it is negative.
func (l *flushLock) acquire(timeout time.Duration) acquisition { return l.wait(timeout, false) }

// acquireFirst is acquire with precedence over others: for an entry above Error, Sync, SetTarget and Close.
func (l *flushLock) acquireFirst(timeout time.Duration) acquisition { return l.wait(timeout, true) }

func (l *flushLock) wait(timeout time.Duration, urgent bool) acquisition {
	self := uint64(0)
	var expired <-chan time.Time
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiters++
	defer func() { l.waiters-- }()
	if urgent {
		l.urgentWaiters++
		defer l.urgentDoneLocked()
	}
	for !l.takeLocked(urgent) {
		if self == 0 {
			self = base.GoroutineID()
			if timeout >= 0 {
				t := time.NewTimer(timeout)
				defer t.Stop()
				expired = t.C
			}
		}
		if l.owner == self {
			return reentrant
		}
		if l.free == nil {
			l.free = make(chan struct{})
		}
		free := l.free
		l.mu.Unlock()
		select {
		case <-free:
			l.mu.Lock()
		case <-expired:
			l.mu.Lock()
			if l.takeLocked(urgent) { // released at the last moment
				return acquired
			}
			return busy
		}
	}
	return acquired
}

// urgentDoneLocked ends the precedence of an urgent waiter. If it gave up on a free lock, the other waiters have to be woken.
func (l *flushLock) urgentDoneLocked() {
	if l.urgentWaiters--; l.urgentWaiters == 0 && !l.held {
		l.wakeLocked()
	}
}

func (l *flushLock) wakeLocked() {
	if l.free != nil {
		close(l.free)
		l.free = nil
	}
}

// timeLeft returns how much of timeout is left for the running flush, so that callers that come late do not wait all of timeout for a
// stuck one.
func (l *flushLock) timeLeft(timeout time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if timeout < 0 || !l.held || l.owner == 0 {
		return timeout
	}
	return max(0, timeout-time.Since(l.since))
}

// setOwner notes that the calling goroutine is about to call the target.
func (l *flushLock) setOwner() {
	id := base.GoroutineID()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owner, l.since = id, time.Now()
}

func (l *flushLock) isHeld() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// release releases the lock, unless another flush is wanted and nobody waits: then it returns true, and the lock stays held for that
// flush. (A waiter will release it next, and start the flush then.)
func (l *flushLock) release() (asked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flushWanted && l.waiters == 0 {
		l.flushWanted, l.owner = false, 0
		return true
	}
	l.held, l.owner = false, 0 // an urgent waiter may go first, and the last owner is no longer inside
	l.wakeLocked()
	return false
}
