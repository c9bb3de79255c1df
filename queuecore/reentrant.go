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

// goroutine remembers which goroutine has entered it, and how often that has come back from its target.
type goroutine struct {
	atomic.Uint64
	returns atomic.Uint64
}

func (g *goroutine) enter() { g.Store(base.GoroutineID()) }
func (g *goroutine) leave() { g.Store(0) }

// run calls f, and closes stopped when that has returned. Should what f calls end the goroutine (runtime.Goexit, as t.FailNow does) another
// one calls it again, unless it is over.
func (g *goroutine) run(f func(), over func() bool, stopped chan struct{}) {
	returned := false
	g.enter()
	defer func() {
		g.leave()
		if returned || over() {
			close(stopped)
			return
		}
		time.AfterFunc(exitPause, func() { g.run(f, over, stopped) })
	}()
	f()
	returned = true
}

// exitPause is how long a goroutine that was ended is not followed by the next: each may be ended at once.
const exitPause = time.Millisecond

// forfeit gives up what the goroutine before had in hand: the first records that s holds, of those that have no outcome yet. What has become
// of them nobody knows.
func forfeit(s delivery.Source, d *delivery.Delivery, held int, outcome func(int) base.Outcome, level func(int) zapcore.Level, report *base.Reporter) {
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

// errExited is what is said of it.
var errExited = errors.New("the goroutine was ended by what it called (runtime.Goexit)")

// callers knows the goroutines on which targets are called, so that none of them waits for what only it can do.
type callers struct {
	goroutines []*goroutine // of the targets
	writers    writeThroughCallers
	start      time.Time
	asksAt     atomic.Int64 // when insideSince may ask again, in nanoseconds since start
}

// askEvery is how far apart those who wait ask, if they are more than a few: it takes microseconds each, and ten thousand may wait for the
// goroutine that needs the processor.
const (
	askEvery = 500 * time.Microsecond
	few      = 50
)

// maxObserved is of how many targets an observation tells anything.
const maxObserved = 8

// observation is how often the targets had returned at some moment.
type observation [maxObserved]uint64

// observe makes an observation.
func (c *callers) observe() (o observation) {
	for i := range min(len(c.goroutines), maxObserved) {
		o[i] = c.goroutines[i].returns.Load()
	}
	return o
}

// insideSince is inside, for a caller that has waited since an observation: it was not called by a target that has returned
// meanwhile. While many wait it answers few of them, and the others no: they ask again.
func (c *callers) insideSince(o observation, waiting int) bool {
	ask := len(c.goroutines) > maxObserved || c.writers.n.Load() > 0
	for i := range min(len(c.goroutines), maxObserved) {
		ask = ask || c.goroutines[i].returns.Load() == o[i]
	}
	return ask && (waiting <= few || c.mayAsk()) && c.inside()
}

func (c *callers) mayAsk() bool {
	now, at := int64(time.Since(c.start)), c.asksAt.Load()
	return now >= at && c.asksAt.CompareAndSwap(at, now+int64(askEvery))
}

// inside tells whether the caller is called by a target: by way of its goroutine, or of a Write that delivers itself.
func (c *callers) inside() bool {
	id := base.GoroutineID()
	for _, g := range c.goroutines {
		if g.Load() == id {
			return true
		}
	}
	return c.writers.contain(id)
}

// writeThroughCallers are the goroutines that deliver a record themselves.
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
