package waitline

import (
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/arena"
)

// Outcome is how a wait ended.
type Outcome uint8

// The outcomes.
const (
	Waiting   Outcome = iota // it has not
	Admitted                 // the record has been put
	Dismissed                // it never will be
)

// Waiter is one producer in a Line, with its record.
type Waiter struct {
	Level    zapcore.Level
	Tape     []byte // valid while the producer waits
	Evicts   bool   // it may evict other records
	Sequence uint64 // of the record, once it is admitted; set by Admit's take

	lane       arena.Lane
	outcome    Outcome // guarded by the owner's lock
	prev, next *Waiter // in a list, guarded by the owner's lock; next in the stack is written before the push, and needs no lock
	ready      chan struct{}
	timer      *time.Timer
	pool       *sync.Pool // where it came from
}

// Line is the queue of waiting producers. Its methods may be called at any time, except where they need the owner's lock. The zero value is
// empty and ready.
type Line struct {
	counts  [arena.Lanes]atomic.Int64
	total   atomic.Int64
	arrived atomic.Pointer[Waiter] // a stack of those that joined since the last Admit
	lists   [arena.Lanes]list      // the others; guarded by the owner's lock
	pool    sync.Pool              // of Waiters
}

type list struct{ first, last *Waiter }

// Len returns how many wait.
func (l *Line) Len() int { return int(l.total.Load()) }

// Ahead reports whether a producer waits with a record of this lane or a higher one, which goes before a new record of this lane.
func (l *Line) Ahead(lane arena.Lane) bool {
	for ; lane < arena.Lanes; lane++ {
		if l.counts[lane].Load() > 0 {
			return true
		}
	}
	return false
}

// Join adds a producer. It takes no lock. If it returns alone, Admit must be called afterwards.
func (l *Line) Join(level zapcore.Level, tape []byte, evicts bool) (w *Waiter, alone bool) {
	w, _ = l.pool.Get().(*Waiter)
	if w == nil {
		w = &Waiter{ready: make(chan struct{}, 1), pool: &l.pool}
	}
	w.Level, w.Tape, w.Evicts, w.lane, w.outcome = level, tape, evicts, arena.LaneOf(level), Waiting
	for {
		w.next = l.arrived.Load()
		if l.arrived.CompareAndSwap(w.next, w) {
			break
		}
	}
	l.counts[w.lane].Add(1)
	return w, l.total.Add(1) == 1
}

// Wait waits until w is admitted or dismissed, and returns true. If timeout passes first it returns false; then call Wait again, or Leave.
// A negative timeout is no bound.
func (w *Waiter) Wait(timeout time.Duration) bool {
	if timeout < 0 {
		<-w.ready
		return true
	}
	if w.timer == nil {
		w.timer = time.NewTimer(timeout)
	} else {
		w.timer.Reset(timeout)
	}
	defer w.timer.Stop()
	select {
	case <-w.ready:
		return true
	case <-w.timer.C:
		return false
	}
}

// Leave removes w from the line and returns Waiting, or returns the outcome if w was just admitted or dismissed. It is called under the
// owner's lock.
func (l *Line) Leave(w *Waiter) Outcome {
	if w.outcome == Waiting {
		l.gather()
		l.unlink(w)
		return Waiting
	}
	return w.outcome
}

// Done returns the outcome after Wait has returned true, and returns w to the pool.
func (w *Waiter) Done() (outcome Outcome, sequence uint64) {
	outcome, sequence = w.outcome, w.Sequence
	w.free()
	return outcome, sequence
}

// Left returns w to the pool. outcome is what Leave returned.
func (w *Waiter) Left(outcome Outcome) {
	if outcome != Waiting {
		<-w.ready // the Wake is under way
	}
	w.free()
}

func (w *Waiter) free() {
	w.Tape, w.prev, w.next = nil, nil, nil
	w.pool.Put(w)
}

// List is a list of producers whose wait has ended, but who have not been woken yet.
type List struct{ first, last *Waiter }

// Admit calls take for one producer after the other, in turn, and ends their wait, until take returns false because it could not put the
// record. It is called under the owner's lock, and so is take. Wake must be called for the result, without the lock.
func (l *Line) Admit(take func(*Waiter) bool) List { return l.end(Admitted, take) }

// Dismiss ends the wait of all. It is called under the owner's lock; see Admit.
func (l *Line) Dismiss() List { return l.end(Dismissed, func(*Waiter) bool { return true }) }

func (l *Line) end(outcome Outcome, take func(*Waiter) bool) (ended List) {
	for l.total.Load() > 0 {
		l.gather()
		w := l.head()
		if w == nil || !take(w) {
			break // there is none, or one that is just joining; or there is no room for it
		}
		l.unlink(w)
		w.outcome = outcome
		if ended.last == nil {
			ended.first = w
		} else {
			ended.last.next = w
		}
		ended.last = w
	}
	return ended
}

// Wake wakes the producers.
func (e List) Wake() {
	for w := e.first; w != nil; {
		next := w.next // the producer may use w again as soon as it knows
		w.ready <- struct{}{}
		w = next
	}
}

// head returns the producer whose turn it is.
func (l *Line) head() *Waiter {
	for lane := arena.Lanes - 1; lane >= 0; lane-- {
		if w := l.lists[lane].first; w != nil {
			return w
		}
	}
	return nil
}

// gather moves the producers on the stack to the lists, in the order in which they joined.
func (l *Line) gather() {
	if l.arrived.Load() == nil {
		return
	}
	var inOrder *Waiter
	for w := l.arrived.Swap(nil); w != nil; {
		next := w.next
		w.next, inOrder = inOrder, w
		w = next
	}
	for w := inOrder; w != nil; {
		next := w.next
		at := &l.lists[w.lane]
		w.prev, w.next = at.last, nil
		if at.last == nil {
			at.first = w
		} else {
			at.last.next = w
		}
		at.last = w
		w = next
	}
}

// unlink takes w out of its list and out of the count.
func (l *Line) unlink(w *Waiter) {
	at := &l.lists[w.lane]
	if w.prev == nil {
		at.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		at.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next = nil, nil
	l.counts[w.lane].Add(-1)
	l.total.Add(-1)
}
