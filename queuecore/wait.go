package queuecore

import (
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/waitline"
	"example.com/zaphandlers/zapcore/arena"
)

// How a producer waits for room.

// putWaiting puts the record as soon as there is room. A Write called by a target does not wait, for the target must make the room.
func (e *enqueuer) putWaiting(level zapcore.Level, tape []byte, policy Overflow, timeout time.Duration) (sequence uint64, err error) {
	lane := arena.LaneOf(level)
	if e.reentrant.Load() && e.q.callers.calledByTarget() {
		timeout = 0
	}
	if timeout == 0 || !e.overflow.Ahead(lane) {
		sequence, err = e.putNow(level, tape, policy, timeout == 0)
		if err != ErrFull || timeout == 0 {
			return sequence, err
		}
	}
	w, alone := e.overflow.Join(level, tape, policy != Block)
	if alone {
		e.admit(admitEach)
	}
	e.q.wake()
	if e.waitFor(w, timeout) {
		outcome, sequence := w.Done()
		if outcome == waitline.Dismissed {
			return 0, ErrClosed
		}
		return sequence, nil
	}
	return e.giveUpWaiting(w, level, tape)
}

// waitFor is w.Wait, but returns false early if a target calls the caller, which then waits for itself. That check is expensive, so it
// is first made after a quarter of the timeout, when most producers have been admitted.
func (e *enqueuer) waitFor(w *waitline.Waiter, timeout time.Duration) bool {
	before, step := e.q.callers.takeSnapshot(), maxCheckDelay
	if timeout >= 0 {
		step = min(timeout/4, maxCheckDelay)
	}
	for timeout < 0 || step < timeout {
		if w.Wait(step) {
			return true
		}
		if e.q.callers.calledByTargetSince(before, e.overflow.Len()) {
			e.reentrant.Store(true)
			return false
		}
		if timeout >= 0 {
			timeout -= step
			step *= 2
		}
	}
	return w.Wait(timeout)
}

// maxCheckDelay is how long a producer waits at most before that check.
const maxCheckDelay = 250 * time.Millisecond

// putNow puts the record if there is room, or room can be made. At the last attempt lower records may be evicted under any policy.
func (e *enqueuer) putNow(level zapcore.Level, tape []byte, policy Overflow, last bool) (sequence uint64, err error) {
	e.passOver()
	e.mu.Lock()
	sequence, wake, err := e.putNowLocked(level, tape, policy, last)
	e.mu.Unlock()
	if wake {
		e.q.wake()
	}
	return sequence, err
}

func (e *enqueuer) putNowLocked(level zapcore.Level, tape []byte, policy Overflow, last bool) (sequence uint64, wake bool, err error) {
	if last && policy == Block {
		policy = DropNewest
	}
	switch {
	case e.closed:
		return 0, false, ErrClosed
	case e.overflow.makeRoomLocked(arena.LaneOf(level), len(tape), policy):
		sequence = e.putLocked(level, tape)
		return sequence, e.needsWakeLocked(), nil
	}
	return 0, false, ErrFull
}

// giveUpWaiting ends a wait that has lasted too long. Unless the record has just been admitted, it makes a last attempt to put it, for
// which a record of Error or above may evict lower ones.
func (e *enqueuer) giveUpWaiting(w *waitline.Waiter, level zapcore.Level, tape []byte) (sequence uint64, err error) {
	wake := false
	e.mu.Lock()
	outcome := e.overflow.Leave(w)
	switch outcome {
	case waitline.Waiting:
		sequence, wake, err = e.putNowLocked(level, tape, Block, true)
	case waitline.Admitted:
		sequence = w.Sequence
	case waitline.Dismissed:
		err = ErrClosed
	}
	e.mu.Unlock()
	w.Left(outcome)
	if e.overflow.Len() > 0 {
		e.admit(admitEach) // there may be room for the producer behind this one
	} else if wake {
		e.q.wake()
	}
	return sequence, err
}

// admit puts the records of waiting producers, as far as there is room, and wakes these producers.
func (e *enqueuer) admit(how admission) {
	if e.overflow.Len() > 0 {
		e.passOver()
	}
	e.admitNow(how)
}

// admitNow is admit without passOver.
func (e *enqueuer) admitNow(how admission) {
	e.mu.Lock()
	admitted, wake := e.admitLocked(how)
	e.mu.Unlock()
	admitted.Wake()
	if wake {
		e.q.wake()
	}
}

// admitLocked is admitNow without the wake-ups, which its caller must do after the lock.
func (e *enqueuer) admitLocked(how admission) (admitted waitline.List, wake bool) {
	switch {
	case e.overflow.Len() == 0:
		return admitted, false
	case e.closed:
		return e.overflow.Dismiss(), false
	}
	admitted = e.overflow.admitLocked(how)
	return admitted, e.needsWakeLocked()
}
