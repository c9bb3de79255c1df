package queuecore

import (
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/waitline"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// write puts a record into the arena. An entry above Error is about to end the program: it returns when that is delivered.
func (q *queue) write(level zapcore.Level, tape []byte) error {
	sequence, err := q.put(level, tape)
	if err != nil || level <= zapcore.ErrorLevel {
		return err
	}
	q.deliverUrgently(sequence, tape)
	return nil
}

// put is the way of a tape that is made.
func (q *queue) put(level zapcore.Level, tape []byte) (sequence uint64, err error) {
	if q.overflow.Len() > 0 {
		return q.putSlowly(level, tape)
	}
	q.lock()
	if q.closed || !q.arena.Fits(len(tape)) {
		q.mu.Unlock()
		return q.putSlowly(level, tape)
	}
	sequence = q.putLocked(level, tape)
	wake := q.wantsWakeLocked()
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return sequence, nil
}

// capture records plain data where it is to lie, which spares it a copy. It returns false, and has done nothing, if there is
// anything in the way: then the record takes the long way by write.
func (q *queue) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field) bool {
	if q.crossing.Load() || ent.Level > zapcore.ErrorLevel || !base.IsPlain(fields) {
		return false
	}
	if !q.mu.TryLock() {
		q.crossing.Store(true)
		return false
	}
	ok := !q.closed && q.overflow.Len() == 0 && q.arena.Capture(ent, context, fields)
	wake := ok && q.wantsWakeLocked()
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return ok
}

// spins is how often lock asks: for longer than any holder that runs takes, and shorter than one step of a mutex that waits.
const spins = 100

// lock locks q.mu for a producer. Another one that holds it is done in a few dozen nanoseconds, and the mutex's own waiting is
// made for longer, so lock asks a few times first.
func (q *queue) lock() {
	for range spins {
		if q.mu.TryLock() {
			return
		}
	}
	q.mu.Lock()
}

// putLocked adds a record that fits.
func (q *queue) putLocked(level zapcore.Level, tape []byte) (sequence uint64) {
	lane := arena.LaneOf(level)
	sequence = q.arena.Put(lane, level, tape)
	if lane == arena.Urgent {
		q.overflow.awaitLocked(sequence)
	}
	return sequence
}

// putSlowly is put when the arena is full or closed, or others wait for room.
func (q *queue) putSlowly(level zapcore.Level, tape []byte) (sequence uint64, err error) {
	if arena.Size(len(tape)) > q.cfg.MaxBytes {
		q.refused.Add(1)
		return 0, ErrTooLarge
	}
	policy, found := q.cfg.OverflowByLevel[level]
	if !found {
		policy = q.cfg.Overflow
	}
	timeout := q.cfg.BlockTimeout
	if arena.LaneOf(level) != arena.Low {
		timeout = q.cfg.BlockTimeoutError
	}
	switch {
	case policy == DropNewest, policy == DropOldest:
		sequence, err = q.putOrDrop(level, tape, policy, timeout)
	case policy == WriteThrough && !q.inside():
		sequence, err = q.putOrWriteThrough(level, tape)
	default:
		sequence, err = q.putWaiting(level, tape, Block, timeout)
	}
	if err != nil {
		q.refused.Add(1)
	}
	q.drops.tell()
	return sequence, err
}

// putOrDrop puts the record if there is room or others can make it; else it drops it, unless it is above Error: then it waits.
func (q *queue) putOrDrop(level zapcore.Level, tape []byte, policy Overflow, timeout time.Duration) (sequence uint64, err error) {
	lane := arena.LaneOf(level)
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return 0, ErrClosed
	}
	room := !(q.overflow.Ahead(arena.Urgent) && lane != arena.Urgent) && q.overflow.makeRoomLocked(lane, len(tape), policy)
	wake := true
	switch {
	case room:
		sequence = q.putLocked(level, tape)
		wake = q.wantsWakeLocked()
	case lane == arena.Urgent:
		q.mu.Unlock()
		return q.putWaiting(level, tape, policy, timeout)
	default:
		q.arena.Count(0, 1)
		for _, l := range q.listeners {
			q.dropLocked(l, Full, level)
		}
	}
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return sequence, nil
}

// putOrWriteThrough puts the record if there is room; else the caller delivers it.
func (q *queue) putOrWriteThrough(level zapcore.Level, tape []byte) (sequence uint64, err error) {
	lane := arena.LaneOf(level)
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return 0, ErrClosed
	}
	if q.overflow.makeRoomLocked(lane, len(tape), WriteThrough) {
		sequence = q.putLocked(level, tape)
		wake := q.wantsWakeLocked()
		q.mu.Unlock()
		if wake {
			q.wake()
		}
		return sequence, nil
	}
	q.mu.Unlock()
	q.wake()
	q.writeThrough(level, tape)
	return writtenThrough, nil
}

// writtenThrough stands for the sequence number of a record that never was in the arena.
const writtenThrough = ^uint64(0)

// putWaiting puts the record as soon as there is room. A target must not wait for the room that it makes.
func (q *queue) putWaiting(level zapcore.Level, tape []byte, policy Overflow, timeout time.Duration) (sequence uint64, err error) {
	lane := arena.LaneOf(level)
	if q.reentrant.Load() && q.inside() {
		timeout = 0
	}
	if timeout == 0 || !q.overflow.Ahead(lane) {
		sequence, err = q.putNow(level, tape, policy, timeout == 0)
		if err != ErrFull || timeout == 0 {
			return sequence, err
		}
	}
	w, alone := q.overflow.Join(level, tape, policy != Block)
	if alone {
		q.admit(true)
	}
	q.wake()
	if q.waitFor(w, timeout) {
		outcome, sequence := w.Done()
		if outcome == waitline.Dismissed {
			return 0, ErrClosed
		}
		return sequence, nil
	}
	return q.giveUpWaiting(w, level, tape)
}

// waitFor is w.Wait, but returns false early if the caller is called by a target, and so waits for itself. To ask for that is
// expensive, and most have been served before a quarter of their time has passed.
func (q *queue) waitFor(w *waitline.Waiter, timeout time.Duration) bool {
	first := min(timeout/4, maxPatience)
	if timeout < 0 {
		first = maxPatience
	}
	switch {
	case w.Wait(first):
		return true
	case !q.reentrant.Load() && q.inside():
		q.reentrant.Store(true)
		return false
	case timeout < 0:
		return w.Wait(timeout)
	}
	return w.Wait(timeout - first)
}

// maxPatience is how long a producer waits at most before it asks.
const maxPatience = 250 * time.Millisecond

// putNow puts the record if there is room, or room can be made; if it is the last attempt, of the room of lower records too.
func (q *queue) putNow(level zapcore.Level, tape []byte, policy Overflow, last bool) (sequence uint64, err error) {
	q.mu.Lock()
	sequence, wake, err := q.putNowLocked(level, tape, policy, last)
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return sequence, err
}

func (q *queue) putNowLocked(level zapcore.Level, tape []byte, policy Overflow, last bool) (sequence uint64, wake bool, err error) {
	if last && policy == Block {
		policy = DropNewest
	}
	switch {
	case q.closed:
		return 0, false, ErrClosed
	case q.overflow.makeRoomLocked(arena.LaneOf(level), len(tape), policy):
		sequence = q.putLocked(level, tape)
		return sequence, q.wantsWakeLocked(), nil
	}
	return 0, false, ErrFull
}

// giveUpWaiting is the end of a wait that has lasted too long: the record is put if it has just been admitted, or room can be made of
// lower ones for one of Error or above; else it is refused.
func (q *queue) giveUpWaiting(w *waitline.Waiter, level zapcore.Level, tape []byte) (sequence uint64, err error) {
	wake := false
	q.mu.Lock()
	outcome := q.overflow.Leave(w)
	switch outcome {
	case waitline.Waiting:
		sequence, wake, err = q.putNowLocked(level, tape, Block, true)
	case waitline.Admitted:
		sequence = w.Sequence
	case waitline.Dismissed:
		err = ErrClosed
	}
	q.mu.Unlock()
	w.Left(outcome)
	if q.overflow.Len() > 0 {
		q.admit(true) // there may be room for one who was behind
	} else if wake {
		q.wake()
	}
	return sequence, err
}

// admit puts records of producers that wait, if there is room, and wakes those.
func (q *queue) admit(exact bool) {
	q.mu.Lock()
	admitted, wake := q.admitLocked(exact)
	q.mu.Unlock()
	admitted.Wake()
	if wake {
		q.wake()
	}
}

// admitLocked is admit but for the wakings, which are to be done without the lock.
func (q *queue) admitLocked(exact bool) (admitted waitline.List, wake bool) {
	switch {
	case q.overflow.Len() == 0:
		return admitted, false
	case q.closed:
		return q.overflow.Dismiss(), false
	}
	admitted = q.overflow.admitLocked(exact)
	return admitted, q.wantsWakeLocked()
}

// skip counts a record that Prepare has dropped.
func (q *queue) skip() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		q.refused.Add(1)
		return ErrClosed
	}
	q.arena.Count(1, 0)
	return nil
}
