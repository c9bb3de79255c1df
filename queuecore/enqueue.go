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

// enqueuer is the producers' side of a queue: how a record gets into the arena.
type enqueuer struct {
	q *queue

	// A producer has met another at the lock since a target last found nothing to do: they make their records before they
	// lock, and lock for a copy only.
	crossing atomic.Bool
	// A target has logged to its own full queue: producers ask whether they are called by one before they wait.
	reentrant   atomic.Bool
	nesting     base.Nesting // of Prepare
	refused     atomic.Uint64
	resolutions atomic.Uint64 // how often a target was done with records
	unwanted    unwanted

	mu       *sync.Mutex // the arena's; guards the fields below; held for the making or the copy of a record, never for a call of anyone's code
	arena    *arena.Arena
	wakeAt   int // a Write that finds more bytes than this taken wakes the targets' goroutines
	overflow overflow
	closed   bool // no more records
}

const (
	wakeAlways = -1          // a target's goroutine sleeps
	wakeNever  = math.MaxInt // none sleeps or naps
)

// write puts a record into the arena that was logged at a level, which Prepare may have changed. An entry above Error is about to end the
// program: it returns when that is delivered.
func (e *enqueuer) write(logged, level zapcore.Level, tape []byte) error {
	sequence, err := e.put(level, tape)
	switch {
	case err != nil:
		e.endsWithout(logged)
	case max(logged, level) > zapcore.ErrorLevel:
		e.q.flushes.deliverUrgently(sequence, tape)
	}
	return err
}

// endsWithout is for a record that is not in the arena, for whatever reason. What came before one above Error is delivered all the same.
func (e *enqueuer) endsWithout(logged zapcore.Level) {
	if logged > zapcore.ErrorLevel {
		e.q.flushes.deliverUrgently(notQueued, nil)
	}
}

// refuse counts a record that cannot be queued.
func (e *enqueuer) refuse(logged zapcore.Level) {
	e.refused.Add(1)
	e.endsWithout(logged)
}

// put is the way of a tape that is made.
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
	wake := e.wantsWakeLocked()
	e.mu.Unlock()
	if wake {
		e.q.wake()
	}
	return sequence, nil
}

// capture records plain data, and what errors and Stringers say, where it is to lie, which spares it a copy. It returns false, and has done
// nothing but ask them, if there is anything in the way: then the record takes the long way by write.
func (e *enqueuer) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, said *base.Texts) bool {
	if e.crossing.Load() || ent.Level > zapcore.ErrorLevel || !said.Ask(fields) {
		return false
	}
	if !e.mu.TryLock() {
		e.crossing.Store(true)
		return false
	}
	ok := !e.closed && e.overflow.Len() == 0 && e.arena.Capture(ent, context, fields, said)
	wake := ok && e.wantsWakeLocked()
	e.mu.Unlock()
	if wake {
		e.q.wake()
	}
	return ok
}

// spins is how often lock asks: for longer than any holder that runs takes, and shorter than one step of a mutex that waits.
const spins = 100

// lock locks mu for a producer. Another one that holds it is done in a few dozen nanoseconds, and the mutex's own waiting is
// made for longer, so lock asks a few times first.
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
		e.overflow.awaitLocked(sequence)
	}
	return sequence
}

// wantsWakeLocked tells whether the record just put is one that wakes the listeners.
func (e *enqueuer) wantsWakeLocked() bool {
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
	case policy == WriteThrough && arena.LaneOf(level) != arena.Urgent && !e.q.callers.inside(): // that is tried once; an urgent record, again and again
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
		wake = e.wantsWakeLocked()
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
		wake := e.wantsWakeLocked()
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

// notQueued stands for the sequence number of a record that never was in the arena.
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
