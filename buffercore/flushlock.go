package buffercore

import (
	"sync"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// flushLock is held by the one who flushes. Unlike a mutex it can be waited for with a deadline, and knows its holder's goroutine: a target
// that comes back to the buffer from within a flush does not wait for itself.
type flushLock struct {
	mu    sync.Mutex // guards the fields below
	held  bool
	asked bool          // somebody wanted to flush while it was held, and did not wait
	waits int           // who wait in acquire
	ahead int           // of those, who go before all others
	owner uint64        // the goroutine that calls the target; 0 until it says so
	since time.Time     // when it said so
	free  chan struct{} // nil unless somebody waits; closed by release
}

// acquisition is what became of an attempt to get the lock.
type acquisition uint8

const (
	acquired acquisition = iota
	busy                 // somebody else holds it, and waiting was not asked for, or has lasted too long
	within               // the caller's own goroutine holds it
)

// tryAcquire does not wait: if somebody holds the lock, release will tell that another flush was asked for.
func (l *flushLock) tryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = l.held || l.ahead > 0
	return l.takeLocked(false)
}

// takeLocked takes the lock if it is free. Who is urgent goes first: on a busy machine those who come again and again would have it each
// time before one that was woken for it runs.
func (l *flushLock) takeLocked(urgent bool) bool {
	if l.held || l.ahead > 0 && !urgent {
		return false
	}
	l.held, l.owner = true, 0
	return true
}

// acquire waits up to the timeout, or without a bound if it is negative.
func (l *flushLock) acquire(timeout time.Duration) acquisition { return l.wait(timeout, false) }

// acquireFirst is acquire for who waits for the end of a flush: an entry above Error, Sync, SetTarget and Close.
func (l *flushLock) acquireFirst(timeout time.Duration) acquisition { return l.wait(timeout, true) }

func (l *flushLock) wait(timeout time.Duration, urgent bool) acquisition {
	self := uint64(0)
	var expired <-chan time.Time
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waits++
	defer func() { l.waits-- }()
	if urgent {
		l.ahead++
		defer l.passLocked()
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
			return within
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
			if l.takeLocked(urgent) { // it has just been left to those who wait
				return acquired
			}
			return busy
		}
	}
	return acquired
}

// passLocked ends the precedence of who is urgent. If he has given up on a lock that was left to him others have to be told.
func (l *flushLock) passLocked() {
	if l.ahead--; l.ahead == 0 && !l.held {
		l.wakeLocked()
	}
}

func (l *flushLock) wakeLocked() {
	if l.free != nil {
		close(l.free)
		l.free = nil
	}
}

// patience returns what is left of the timeout for the flush under way: who comes late to one that is stuck does not wait as long again.
func (l *flushLock) patience(timeout time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if timeout < 0 || !l.held || l.owner == 0 {
		return timeout
	}
	return max(0, timeout-time.Since(l.since))
}

// enter says that the target is called by this goroutine.
func (l *flushLock) enter() {
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

// release ends the holding, unless another flush was asked for meanwhile and nobody waits, who would be the next to release: then it
// returns true, and the lock is still held, for that flush.
func (l *flushLock) release() (asked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked && l.waits == 0 {
		l.asked, l.owner = false, 0
		return true
	}
	l.held, l.owner = false, 0 // nobody is within it, though others go before who had it last
	l.wakeLocked()
	return false
}
