package queuecore

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/waitline"
	"example.com/zaphandlers/zapcore/arena"
)

// overflow is what happens at a full arena: what is given up for what, and who waits. Its methods that end in Locked are called
// under the queue's lock.
//
// A record above Error goes before all others: it takes the room of theirs, is first in line, and as long as its Write waits
// for its delivery it is evicted for nothing, neither for a newer one of its kind nor for a target that lags.
type overflow struct {
	waitline.Line

	targets []TargetConfig
	arena   *arena.Arena
	lose    func(reader int, cause Cause, level zapcore.Level) // counts a record that was evicted; called under the lock
	put     func(level zapcore.Level, tape []byte) uint64      // the same for the record of a producer that waits
	urgent  []uint64                                           // sequence numbers of records above Error whose Writes wait, rising
}

// admitLocked puts the records of producers that wait, if there is room or targets that are not worth waiting for can be made to
// give some. Unless it is to be exact it waits for room for many of them, so that producers and listeners do not take turns
// over each record.
func (o *overflow) admitLocked(exact bool) waitline.List {
	limit := o.arena.Limit()
	if !exact && !o.Ahead(arena.Urgent) {
		enough := limit - min(limit/8, 256<<10)
		for o.arena.Used() > enough {
			if !o.skipLocked() {
				return waitline.List{}
			}
		}
	}
	return o.Admit(func(w *waitline.Waiter) bool {
		lane, policy := arena.LaneOf(w.Level), Block
		if lane == arena.Urgent && w.Evicts {
			policy = DropNewest
		}
		if !o.arena.Fits(len(w.Tape)) && !o.makeRoomLocked(lane, len(w.Tape), policy) {
			return false
		}
		w.Sequence = o.put(w.Level, w.Tape)
		return true
	})
}

// makeRoomLocked evicts what may make room for a tape of n bytes, and returns whether there is room then. A target that
// is not worth waiting for gives up its oldest records first; then lower records make room for those of Error and above;
// then, if that is the policy, older for newer. More than it takes is not given up: not where the queue holds more than it should, because
// the MaxBytes of the process that left it in the Spool were more.
func (o *overflow) makeRoomLocked(lane arena.Lane, n int, policy Overflow) bool {
	o.arena.Settle()
	over := max(0, o.arena.Used()-o.arena.Limit())
	o.arena.Reserve(-over)
	defer o.arena.Reserve(over)
	for !o.arena.Fits(n) && o.skipLocked() {
	}
	upTo := arena.Low - 1 // the highest lane that gives up its oldest
	switch {
	case policy == Block, policy == WriteThrough:
	case policy == DropOldest:
		upTo = max(lane, arena.Low)
	default:
		upTo = lane - 1
	}
	for l := arena.Low; l <= upTo; l++ {
		for !o.arena.Fits(n) && o.evictLocked(l, Evicted) {
		}
	}
	return o.arena.Fits(n)
}

// skipLocked evicts the oldest record of a lane if only targets lose it that may be made to skip.
func (o *overflow) skipLocked() bool {
	for l := arena.Low; l < arena.Lanes; l++ {
		losers, _ := o.arena.Oldest(l)
		if !slices.ContainsFunc(losers, func(r *arena.Reader) bool { return !o.targets[r.Index()].SkipWhenFull }) &&
			o.evictLocked(l, Lagging) {
			return true
		}
	}
	return false
}

// evictLocked gives up the oldest record of a lane for the targets that have not begun to deliver it.
func (o *overflow) evictLocked(lane arena.Lane, cause Cause) bool {
	if lane == arena.Urgent && len(o.urgent) > 0 {
		if losers, sequence := o.arena.Oldest(lane); len(losers) == 0 || sequence >= o.urgent[0] {
			return false
		}
	}
	level, losers, ok := o.arena.Evict(lane)
	for _, r := range losers {
		o.lose(r.Index(), cause, level)
	}
	return ok
}

// awaitLocked keeps a record above Error from being evicted, until releaseLocked.
func (o *overflow) awaitLocked(sequence uint64) { o.urgent = append(o.urgent, sequence) }

func (o *overflow) releaseLocked(sequence uint64) {
	if i, found := slices.BinarySearch(o.urgent, sequence); found {
		o.urgent = slices.Delete(o.urgent, i, i+1)
	}
}

// passOver makes room of records that are kept for targets which are held up and do not want them. It is called without the lock.
func (e *enqueuer) passOver() {
	if len(e.q.targets) > 1 {
		e.unwanted.refresh(e.resolutions.Load() + 1)
	}
}

// unwanted is what the targets did not want when they were asked last. To ask one runs code of the program, which may never return:
// so that is done on a goroutine of its own, for which nobody waits longer than askTimeout.
type unwanted struct {
	q *queue

	asking sync.Mutex    // guards the fields below
	want   uint64        // of what that is to be: nothing has changed if it is still the same
	done   chan struct{} // closed when the goroutine has ended; nil: there is none

	sets   []levelSet // by target; this and the next are guarded by the queue's lock
	before uint64     // of records before that sequence number: a later one may have been logged by somebody who has just changed a level
}

const askTimeout = 10 * time.Millisecond

// refresh asks the targets, has those that are held up pass over what they do not want, and admits who waits for the room. It does so
// once for each value of as.
func (u *unwanted) refresh(as uint64) {
	if u.q.cfg.PrepareDelivery != nil { // what a hook makes of a record cannot be known
		return
	}
	u.asking.Lock()
	if u.want != as {
		u.want = as
		if u.done == nil {
			u.done = make(chan struct{})
			go u.run()
		}
	}
	done := u.done
	u.asking.Unlock()
	if done == nil {
		return
	}
	timer := time.NewTimer(askTimeout)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// run is refresh on the goroutine, again if something has changed meanwhile.
func (u *unwanted) run() {
	more := true
	defer func() {
		if more { // a target has ended the goroutine
			u.asking.Lock()
			u.endLocked()
			u.asking.Unlock()
		}
	}()
	for more {
		u.asking.Lock()
		as := u.want
		u.asking.Unlock()
		u.ask()
		u.q.enqueuer.admitNow(true)
		u.asking.Lock()
		if more = u.want != as; !more {
			u.endLocked()
		}
		u.asking.Unlock()
	}
}

func (u *unwanted) endLocked() {
	close(u.done)
	u.done = nil
}

// ask asks, and has targets pass over what they do not want.
func (u *unwanted) ask() {
	q := u.q
	q.mu.Lock()
	before := q.arena.Next()
	q.mu.Unlock()
	var sets []levelSet
	union := levelSet(0)
	for i := range q.cfg.Targets {
		set := q.cfg.Targets[i].unwanted()
		sets, union = append(sets, set), union|set
	}
	q.mu.Lock()
	u.sets, u.before = sets, before
	q.mu.Unlock()
	for more := union != 0; more; {
		q.mu.Lock()
		more = q.arena.PassOver(u.has)
		q.mu.Unlock()
	}
}

// has tells whether a target does not want a record of that level. It is called under the lock.
func (u *unwanted) has(target int, sequence uint64, level zapcore.Level) bool {
	return sequence < u.before && u.sets[target].has(level)
}

// levelSet has a bit for each of zap's levels.
type levelSet uint8

func levelBit(l zapcore.Level) levelSet { return 1 << uint(l-zapcore.DebugLevel) }

func (s levelSet) has(l zapcore.Level) bool {
	return l >= zapcore.DebugLevel && l <= zapcore.FatalLevel && s&levelBit(l) != 0
}

// unwanted returns the levels of which the target wants no record.
func (t *TargetConfig) unwanted() (set levelSet) {
	for l := zapcore.DebugLevel; l <= zapcore.FatalLevel; l++ {
		if enabled, err := t.asked(l); !enabled && err == nil {
			set |= levelBit(l)
		}
	}
	return set
}
