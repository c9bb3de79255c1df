package queuecore

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/arena"
)

const lanes = 2

// line is where producers wait for room, first come first served, each with its lane; those with an error go first.
type line []*producer

// producer is a Write that waits.
type producer struct {
	size     int           // bytes it needs
	admitted bool          // they are reserved for it; guarded by queue.mu
	ready    chan struct{} // gets a value when it is admitted, or dismissed; of capacity 1
}

var producerPool = sync.Pool{New: func() any { return &producer{ready: make(chan struct{}, 1)} }}

// crowdedLocked tells whether others waited first.
func (q *queue) crowdedLocked(lane arena.Lane) bool {
	return len(q.waiting[arena.High]) > 0 || lane == arena.Low && len(q.waiting[arena.Low]) > 0
}

// admitLocked lets producers in when there is room, or targets that are not worth waiting for can be made to give some.
// It waits for room for many of them, so that producers and listeners do not take turns over each record.
func (q *queue) admitLocked() {
	if q.crowd == 0 {
		return
	}
	limit := q.arena.Limit()
	enough := limit - min(limit/8, 256<<10)
	for q.arena.Used() > enough {
		if !q.skipLocked(arena.Low) && !q.skipLocked(arena.High) {
			return
		}
	}
	for lane := arena.High; lane >= arena.Low; lane-- {
		ln := &q.waiting[lane]
		for len(*ln) > 0 {
			p := (*ln)[0]
			if q.arena.Used()+p.size > limit {
				return
			}
			q.arena.Reserve(p.size)
			p.admitted = true
			p.ready <- struct{}{}
			*ln = slices.Delete(*ln, 0, 1)
			q.crowd--
		}
	}
}

// dismissLocked sends all that wait away: the queue closes.
func (q *queue) dismissLocked() {
	for lane := range q.waiting {
		for _, p := range q.waiting[lane] {
			p.ready <- struct{}{}
		}
		q.waiting[lane] = nil
	}
	q.crowd = 0
}

// putSlowly is put when the arena is full or closed.
func (q *queue) putSlowly(level zapcore.Level, tape []byte) error {
	if arena.Size(len(tape)) > q.cfg.MaxBytes {
		q.refuse()
		return ErrTooLarge
	}
	inside := q.inside() // a target must not wait for the room that it makes
	policy, found := q.cfg.OverflowByLevel[level]
	if !found {
		policy = q.cfg.Overflow
	}
	defer q.tell()
	switch {
	case policy == DropNewest, policy == DropOldest:
		return q.putOrDrop(level, tape, policy)
	case policy == WriteThrough && !inside:
		return q.putOrWriteThrough(level, tape)
	case inside:
		return q.putWaiting(level, tape, 0)
	case arena.LaneOf(level) == arena.High:
		return q.putWaiting(level, tape, q.cfg.BlockTimeoutError)
	default:
		return q.putWaiting(level, tape, q.cfg.BlockTimeout)
	}
}

// putOrDrop puts the record if there is room or others can make it; else it drops it.
func (q *queue) putOrDrop(level zapcore.Level, tape []byte, policy Overflow) error {
	q.mu.Lock()
	if q.closed {
		q.refused++
		q.mu.Unlock()
		return ErrClosed
	}
	lane := arena.LaneOf(level)
	room := q.makeRoomLocked(lane, len(tape), policy)
	wake := true
	if room {
		wake = q.putLocked(lane, level, tape)
	} else {
		q.arena.Count(0, 1)
		for _, l := range q.listeners {
			q.dropLocked(l, Full, level)
		}
	}
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return nil
}

// putOrWriteThrough puts the record if there is room; else the caller delivers it.
func (q *queue) putOrWriteThrough(level zapcore.Level, tape []byte) error {
	lane := arena.LaneOf(level)
	q.mu.Lock()
	room := !q.closed && q.makeRoomLocked(lane, len(tape), WriteThrough)
	switch {
	case q.closed:
		q.refused++
		q.mu.Unlock()
		return ErrClosed
	case room:
		wake := q.putLocked(lane, level, tape)
		q.mu.Unlock()
		if wake {
			q.wake()
		}
		return nil
	}
	q.mu.Unlock()
	q.wake()
	q.writeThrough(level, tape)
	return nil
}

// makeRoomLocked evicts what may make room for a tape of n bytes, and returns whether there is room then. A target that
// is not worth waiting for gives up its oldest records first; then lower records make room for those of Error and above;
// then, if that is the policy, older for newer.
func (q *queue) makeRoomLocked(lane arena.Lane, n int, policy Overflow) bool {
	q.arena.Settle()
	for !q.arena.Fits(n) && (q.skipLocked(arena.Low) || q.skipLocked(arena.High)) {
	}
	if lane == arena.High && policy != Block && policy != WriteThrough || policy == DropOldest {
		for !q.arena.Fits(n) && q.evictLocked(arena.Low, Evicted) {
		}
	}
	if lane == arena.High && policy == DropOldest {
		for !q.arena.Fits(n) && q.evictLocked(arena.High, Evicted) {
		}
	}
	return q.arena.Fits(n)
}

// skipLocked evicts the oldest record of a lane if only targets lose it that may be made to skip.
func (q *queue) skipLocked(lane arena.Lane) bool {
	losers := q.arena.Oldest(lane)
	for _, r := range losers {
		if !q.cfg.Targets[r.Index()].SkipWhenFull {
			return false
		}
	}
	return q.evictLocked(lane, Lagging)
}

// evictLocked gives up the oldest record of a lane for the targets that have not begun to deliver it.
func (q *queue) evictLocked(lane arena.Lane, cause Cause) bool {
	level, losers, ok := q.arena.Evict(lane)
	for _, r := range losers {
		q.dropLocked(q.listeners[r.Index()], cause, level)
	}
	return ok
}

// putWaiting puts the record as soon as there is room.
func (q *queue) putWaiting(level zapcore.Level, tape []byte, timeout time.Duration) error {
	lane := arena.LaneOf(level)
	p := producerPool.Get().(*producer)
	p.size, p.admitted = arena.Size(len(tape)), false
	q.mu.Lock()
	if q.closed || timeout == 0 || !q.crowdedLocked(lane) && q.makeRoomLocked(lane, len(tape), Block) {
		return q.lastChance(p, level, tape)
	}
	q.waiting[lane] = append(q.waiting[lane], p)
	q.crowd++
	q.mu.Unlock()
	q.wake()
	p.wait(timeout)
	q.mu.Lock()
	return q.lastChance(p, level, tape)
}

// wait returns when p is admitted or dismissed, or after the timeout.
func (p *producer) wait(timeout time.Duration) {
	expired, stop := after(timeout)
	defer stop()
	select {
	case <-p.ready:
	case <-expired:
	}
}

// lastChance puts the record if p has been admitted, or if there is room now, or room can be made of lower records for
// one of Error or above; else it is refused. It is called with the lock held, and releases it.
func (q *queue) lastChance(p *producer, level zapcore.Level, tape []byte) error {
	lane := arena.LaneOf(level)
	if i := slices.Index(q.waiting[lane], p); i >= 0 {
		q.waiting[lane] = slices.Delete(q.waiting[lane], i, i+1)
		q.crowd--
	}
	select {
	case <-p.ready: // it was admitted just after its time had passed
	default:
	}
	if p.admitted {
		q.arena.Reserve(-p.size)
	}
	var err error
	wake := false
	switch {
	case q.closed:
		err = ErrClosed
	case q.makeRoomLocked(lane, len(tape), DropNewest):
		wake = q.putLocked(lane, level, tape)
	default:
		err = ErrFull
	}
	if err != nil {
		q.refused++
	}
	q.mu.Unlock()
	producerPool.Put(p)
	if wake {
		q.wake()
	}
	return err
}
