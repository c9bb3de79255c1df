package queuecore

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/waitline"
	"example.com/zaphandlers/zapcore/arena"
)

// overflow decides what happens at a full arena: which records are evicted for which, and who waits. Its methods that end in Locked are
// called under the queue's lock.
//
// A record above Error has precedence over all others. It takes their room, is first in line, and is protected while its Write waits
// for its delivery: it is evicted neither for a newer record above Error nor because a target lags.
type overflow struct {
	waitline.Line

	targets   []TargetConfig
	arena     *arena.Arena
	onEvict   func(reader int, cause Cause, level zapcore.Level) // counts an evicted record for one reader; called under the lock
	put       func(level zapcore.Level, tape []byte) uint64      // puts the record of a waiting producer; called under the lock
	protected []uint64                                           // sequence numbers of records above Error whose Writes wait, rising
}

// admission says how much room there must be before waiting producers are admitted.
type admission bool

const (
	admitMany admission = false // room for many, so that producers and listeners do not take turns over each record
	admitEach admission = true  // room for the next one
)

// admitLocked puts the records of waiting producers, if there is room, or targets with SkipWhenFull can give some up.
func (o *overflow) admitLocked(how admission) waitline.List {
	limit := o.arena.Limit()
	if how == admitMany && !o.Ahead(arena.Urgent) {
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

// makeRoomLocked evicts records for a tape of n bytes, and returns whether there is room then. First, targets with
// SkipWhenFull give up their oldest records; then lower records make room for those of Error and above;
// then, if that is the policy, older ones for newer ones. It evicts no more than n needs: not even if the queue holds more than
// MaxBytes, because a former process with a larger MaxBytes left that in the Spool.
func (o *overflow) makeRoomLocked(lane arena.Lane, n int, policy Overflow) bool {
	o.arena.Settle()
	over := max(0, o.arena.Used()-o.arena.Limit())
	o.arena.Reserve(-over)
	defer o.arena.Reserve(over)
	for !o.arena.Fits(n) && o.skipLocked() {
	}
	upTo := arena.Low - 1 // the highest lane from which records are evicted
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

// skipLocked evicts the oldest record of a lane if only targets with SkipWhenFull lose it. It returns whether it found one.
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

// evictLocked evicts the oldest record of a lane, for the targets that have not begun to deliver it. It returns whether it did.
func (o *overflow) evictLocked(lane arena.Lane, cause Cause) bool {
	if lane == arena.Urgent && len(o.protected) > 0 {
		if losers, sequence := o.arena.Oldest(lane); len(losers) == 0 || sequence >= o.protected[0] {
			return false
		}
	}
	level, losers, ok := o.arena.Evict(lane)
	for _, r := range losers {
		o.onEvict(r.Index(), cause, level)
	}
	return ok
}

// protectLocked keeps a record above Error from being evicted, until unprotectLocked.
func (o *overflow) protectLocked(sequence uint64) { o.protected = append(o.protected, sequence) }

// unprotectLocked ends the protection of a record, if there is one.
func (o *overflow) unprotectLocked(sequence uint64) {
	if i, found := slices.BinarySearch(o.protected, sequence); found {
		o.protected = slices.Delete(o.protected, i, i+1)
	}
}

// passOver makes room of records that are kept only for targets which are held up and do not want them. It is called without the lock.
func (e *enqueuer) passOver() {
	if len(e.q.targets) > 1 {
		e.unwanted.refresh(e.resolutions.Load() + 1)
	}
}

// unwanted knows the levels that each target did not want when it was last asked. Asking a target runs code of the program, which may
// never return, so a goroutine of its own asks, and nobody waits for it longer than refreshTimeout.
type unwanted struct {
	q *queue

	mu      sync.Mutex    // guards the fields below
	version uint64        // the argument of the last refresh
	done    chan struct{} // closed when the goroutine ends; nil: it does not run

	// Guarded by the queue's lock.
	sets        []levelSet // of each target
	validBefore uint64     // sets holds for records before this sequence number: a level may have been changed before a later one was logged
}

const refreshTimeout = 10 * time.Millisecond

// refresh asks the targets, makes room of records that only held-up targets keep and do not want, and admits waiting producers. It does
// so once for each version.
func (u *unwanted) refresh(version uint64) {
	if u.q.cfg.PrepareDelivery != nil { // the hook may change the level of a record
		return
	}
	u.mu.Lock()
	if u.version != version {
		u.version = version
		if u.done == nil {
			u.done = make(chan struct{})
			go u.run()
		}
	}
	done := u.done
	u.mu.Unlock()
	if done == nil {
		return
	}
	timer := time.NewTimer(refreshTimeout)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// run does the work of refresh on the goroutine, and again while there is a new version.
func (u *unwanted) run() {
	more := true
	defer func() {
		if more { // a target has ended the goroutine
			u.mu.Lock()
			u.endLocked()
			u.mu.Unlock()
		}
	}()
	for more {
		u.mu.Lock()
		version := u.version
		u.mu.Unlock()
		u.ask()
		u.q.enqueuer.admitNow(admitEach)
		u.mu.Lock()
		if more = u.version != version; !more {
			u.endLocked()
		}
		u.mu.Unlock()
	}
}

func (u *unwanted) endLocked() {
	close(u.done)
	u.done = nil
}

// ask asks the targets, and makes them pass over records that they do not want.
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
	u.sets, u.validBefore = sets, before
	q.mu.Unlock()
	for more := union != 0; more; {
		q.mu.Lock()
		more = q.arena.PassOver(u.has)
		q.mu.Unlock()
	}
}

// has reports whether a target does not want a record of that level. It is called under the queue's lock.
func (u *unwanted) has(target int, sequence uint64, level zapcore.Level) bool {
	return sequence < u.validBefore && u.sets[target].has(level)
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
		if enabled, err := t.enabledSafely(l); !enabled && err == nil {
			set |= levelBit(l)
		}
	}
	return set
}
