package queuecore

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/delivery"
	base "example.com/zaphandlers/zapcore"
)

// goroutine holds the id of a target's goroutine, 0 if none runs.
type goroutine struct {
	atomic.Uint64
	returns atomic.Uint64 // how often calls of the target have returned
}

func (g *goroutine) enter() { g.Store(base.GoroutineID()) }
func (g *goroutine) leave() { g.Store(0) }

// run calls f, and closes stopped when f has returned. If f's goroutine is ended from within (runtime.Goexit, as t.FailNow does), a new
// one calls f again, unless over returns true.
func (g *goroutine) run(f func(), over func() bool, stopped chan struct{}) {
	returned := false
	g.enter()
	defer func() {
		g.leave()
		if returned || over() {
			close(stopped)
			return
		}
		time.AfterFunc(restartDelay, func() { g.run(f, over, stopped) })
	}()
	f()
	returned = true
}

// restartDelay is the pause before a new goroutine follows one that was ended: each of them may be ended at once.
const restartDelay = time.Millisecond

// dropInFlight drops the records that the goroutine before, which was ended, was delivering: those without an outcome among the first
// held records of s. Nobody knows what became of them.
func dropInFlight(s delivery.Source, d *delivery.Delivery, held int, outcome func(int) base.Outcome, level func(int) zapcore.Level, report *base.Reporter) {
	lost := 0
	for i := range held {
		if outcome(i) == base.Delivered {
			s.SetOutcome(i, base.Panicked, level(i))
			lost++
		}
	}
	delivery.Clear(d)
	s.Resolve(held)
	if lost > 0 {
		report.Failed(errExited, lost)
	}
}

// errExited is reported when a target has ended its goroutine.
var errExited = errors.New("the goroutine was ended by what it called (runtime.Goexit)")

// callers knows the goroutines that call targets. If a target logs to its own queue, its Write must not wait for room that only this
// goroutine can make.
type callers struct {
	goroutines    []*goroutine // of the targets
	writeThroughs writeThroughCallers
	start         time.Time
	nextCheck     atomic.Int64 // when mayCheck next returns true, in nanoseconds since start
}

// If more than fewWaiting producers wait, only one checks every checkEvery whether a target calls it: a check takes microseconds, and ten
// thousand producers may wait for the goroutine that needs the processor.
const (
	checkEvery = 500 * time.Microsecond
	fewWaiting = 50
)

// maxSnapshot is how many targets a snapshot covers.
const maxSnapshot = 8

// snapshot is how often each target had returned at some moment.
type snapshot [maxSnapshot]uint64

// takeSnapshot returns a snapshot of this moment.
func (c *callers) takeSnapshot() (o snapshot) {
	for i := range min(len(c.goroutines), maxSnapshot) {
		o[i] = c.goroutines[i].returns.Load()
	}
	return o
}

// calledByTargetSince is calledByTarget for a caller that has waited since the snapshot o. A target that has returned meanwhile cannot
// have called it, which saves the expensive check. While many wait, it returns false without a check to all but a few; they ask again.
func (c *callers) calledByTargetSince(o snapshot, waiting int) bool {
	ask := len(c.goroutines) > maxSnapshot || c.writeThroughs.n.Load() > 0
	for i := range min(len(c.goroutines), maxSnapshot) {
		ask = ask || c.goroutines[i].returns.Load() == o[i]
	}
	return ask && (waiting <= fewWaiting || c.mayCheck()) && c.calledByTarget()
}

func (c *callers) mayCheck() bool {
	now, at := int64(time.Since(c.start)), c.nextCheck.Load()
	return now >= at && c.nextCheck.CompareAndSwap(at, now+int64(checkEvery))
}

// calledByTarget reports whether a target calls the caller: on the target's goroutine, or on that of a write-through.
func (c *callers) calledByTarget() bool {
	id := base.GoroutineID()
	for _, g := range c.goroutines {
		if g.Load() == id {
			return true
		}
	}
	return c.writeThroughs.contain(id)
}

// writeThroughCallers are the goroutines that are delivering a record by write-through.
type writeThroughCallers struct {
	n atomic.Int32 // how many there are: mostly none

	mu  sync.Mutex // guards the field below
	ids []uint64
}

func (w *writeThroughCallers) enter(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n.Add(1)
	w.ids = append(w.ids, id)
}

func (w *writeThroughCallers) leave(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n.Add(-1)
	i := slices.Index(w.ids, id)
	w.ids = slices.Delete(w.ids, i, i+1)
}

func (w *writeThroughCallers) contain(id uint64) bool {
	if w.n.Load() == 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.ids, id)
}
