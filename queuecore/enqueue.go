package queuecore

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// enqueuer is the producers' side of a queue: it puts records into the arena.
type enqueuer struct {
	q *queue

	// contended: producers have met at the lock since a target was last idle. They record before they lock then, and lock only to copy.
	contended atomic.Bool
	// reentrant: a target has logged to its own full queue. Producers check, before they wait, whether a target calls them.
	reentrant   atomic.Bool
	nesting     base.Nesting // of Prepare
	refused     atomic.Uint64
	resolutions atomic.Uint64 // how often a target has resolved records
	unwanted    unwanted

	// mu is the arena's, and guards the fields below. It is held while a record is made or copied, never while user code runs.
	mu       *sync.Mutex
	arena    *arena.Arena
	wakeAt   int // a Write after which more bytes than this are taken wakes the targets' goroutines
	overflow overflow
	closed   bool // Close has begun
}

const (
	wakeAlways = -1          // a target's goroutine sleeps
	wakeNever  = math.MaxInt // none sleeps or naps
)

// write puts a record into the arena. logged is the level at which it was logged, which Prepare may have changed to level. If either is
// above Error, the program is about to end, and write returns when the record is delivered.
func (e *enqueuer) write(logged, level zapcore.Level, tape []byte) error {
	sequence, err := e.put(level, tape)
	switch {
	case err != nil:
		e.deliverPriorIfUrgent(logged)
	case max(logged, level) > zapcore.ErrorLevel:
		e.q.flushes.deliverUrgently(sequence, tape)
	}
	return err
}

// deliverPriorIfUrgent is called for a record that did not get into the arena. If it is above Error, the program is about to end, so the
// records before it are delivered all the same.
func (e *enqueuer) deliverPriorIfUrgent(logged zapcore.Level) {
	if logged > zapcore.ErrorLevel {
		e.q.flushes.deliverUrgently(notQueued, nil)
	}
}

// refuse counts a record that cannot be queued.
func (e *enqueuer) refuse(logged zapcore.Level) {
	e.refused.Add(1)
	e.deliverPriorIfUrgent(logged)
}

// put puts a tape into the arena.
func (e *enqueuer) put(level zapcore.Level, tape []byte) (sequence uint64, err error) {
	if e.overflow.Len() > 0 {
		return e.putSlowly(level, tape)
	}
	e.lock()
	if e.closed || !e.arena.Fits(len(tape)) {
		e.mu.Unlock()
		return e.putSlowly(level, tape)
	}
	sequence = e.putLocked(level, tape)
	wake := e.needsWakeLocked()
	e.mu.Unlock()
	if wake {
		e.q.wake()
	}
	return sequence, nil
}

// capture is the fast path of Write: it records plain data, and the texts of errors and Stringers, directly in the arena, which saves a
// copy. If it cannot, it returns false and has done nothing but call texts.Ask; then write must be used.
func (e *enqueuer) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, texts *base.Texts) bool {
	if e.contended.Load() || ent.Level > zapcore.ErrorLevel || !texts.Ask(fields) {
		return false
	}
	if !e.mu.TryLock() {
		e.contended.Store(true)
		return false
	}
	ok := !e.closed && e.overflow.Len() == 0 && e.arena.Capture(ent, context, fields, texts)
	wake := ok && e.needsWakeLocked()
	e.mu.Unlock()
	if wake {
		e.q.wake()
	}
	return ok
}

// spins is how often lock tries: longer than a running holder needs, and shorter than one step of the mutex's own waiting.
const spins = 100

// lock locks mu for a producer. Another producer holds it for a few dozen nanoseconds, too short for the mutex's own waiting, so lock
// tries a few times first.
func (e *enqueuer) lock() {
	for range spins {
		if e.mu.TryLock() {
			return
		}
	}
	e.mu.Lock()
}

// putLocked adds a record that fits.
func (e *enqueuer) putLocked(level zapcore.Level, tape []byte) (sequence uint64) {
	sequence = e.arena.Put(level, tape)
	if arena.LaneOf(level) == arena.Urgent {
		e.overflow.protectLocked(sequence)
	}
	return sequence
}

// needsWakeLocked reports whether the targets' goroutines must be woken for the record that was just put.
func (e *enqueuer) needsWakeLocked() bool {
	if e.arena.Used() <= e.wakeAt {
		return false
	}
	e.wakeAt = wakeNever
	return true
}

// putSlowly is put when the arena is full or closed, or others wait for room.
func (e *enqueuer) putSlowly(level zapcore.Level, tape []byte) (sequence uint64, err error) {
	if arena.Size(len(tape)) > e.q.cfg.MaxBytes {
		e.refused.Add(1)
		return 0, ErrTooLarge
	}
	policy, found := e.q.cfg.OverflowByLevel[level]
	if !found {
		policy = e.q.cfg.Overflow
	}
	timeout := e.q.cfg.BlockTimeout
	if arena.LaneOf(level) != arena.Low {
		timeout = e.q.cfg.BlockTimeoutError
	}
	switch {
	case policy == DropNewest, policy == DropOldest:
		sequence, err = e.putOrDrop(level, tape, policy, timeout)
	case policy == WriteThrough && arena.LaneOf(level) != arena.Urgent && !e.q.callers.calledByTarget(): // an urgent record needs retries
		sequence, err = e.putOrWriteThrough(level, tape)
	default:
		sequence, err = e.putWaiting(level, tape, Block, timeout)
	}
	if err != nil {
		e.refused.Add(1)
	}
	e.q.drops.callOnDrop()
	return sequence, err
}

// putOrDrop puts the record if there is room or others can make it; else it drops it, unless it is above Error: then it waits.
func (e *enqueuer) putOrDrop(level zapcore.Level, tape []byte, policy Overflow, timeout time.Duration) (sequence uint64, err error) {
	lane := arena.LaneOf(level)
	e.passOver()
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return 0, ErrClosed
	}
	room := !(e.overflow.Ahead(arena.Urgent) && lane != arena.Urgent) && e.overflow.makeRoomLocked(lane, len(tape), policy)
	wake := true
	switch {
	case room:
		sequence = e.putLocked(level, tape)
		wake = e.needsWakeLocked()
	case lane == arena.Urgent:
		e.mu.Unlock()
		return e.putWaiting(level, tape, policy, timeout)
	default:
		e.arena.Count(0, 1)
		for _, l := range e.q.targets {
			e.q.dropLocked(l, Full, level)
		}
	}
	e.mu.Unlock()
	if wake {
		e.q.wake()
	}
	return sequence, nil
}

// putOrWriteThrough puts the record if there is room; else the caller delivers it.
func (e *enqueuer) putOrWriteThrough(level zapcore.Level, tape []byte) (sequence uint64, err error) {
	lane := arena.LaneOf(level)
	e.passOver()
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return 0, ErrClosed
	}
	if e.overflow.makeRoomLocked(lane, len(tape), WriteThrough) {
		sequence = e.putLocked(level, tape)
		wake := e.needsWakeLocked()
		e.mu.Unlock()
		if wake {
			e.q.wake()
		}
		return sequence, nil
	}
	e.mu.Unlock()
	e.q.wake()
	e.q.writeThrough(level, tape)
	return notQueued, nil
}

// notQueued is in place of the sequence number of a record that never was in the arena.
const notQueued = ^uint64(0)

// skip counts a record that Prepare has dropped.
func (e *enqueuer) skip() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		e.refused.Add(1)
		return ErrClosed
	}
	e.arena.Count(1, 0)
	return nil
}
