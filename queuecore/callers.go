package queuecore

import (
	"slices"
	"sync"
	"sync/atomic"

	base "example.com/zaphandlers/zapcore"
)

// goroutine remembers which goroutine has entered it.
type goroutine struct{ atomic.Uint64 }

func (g *goroutine) enter() { g.Store(base.GoroutineID()) }
func (g *goroutine) leave() { g.Store(0) }

// current returns the listener whose goroutine is calling, or nil.
func (q *queue) current() *listener {
	id := base.GoroutineID()
	for _, l := range q.listeners {
		if l.goroutine.Load() == id {
			return l
		}
	}
	return nil
}

// inside tells whether the caller is called by a target: by way of a listener, or of a Write that delivers itself. It
// must not wait for what only that target can do.
func (q *queue) inside() bool {
	id := base.GoroutineID()
	for _, l := range q.listeners {
		if l.goroutine.Load() == id {
			return true
		}
	}
	return q.writers.contain(id)
}

// throughWriters are the goroutines that deliver a record themselves.
type throughWriters struct {
	n atomic.Int32 // how many there are: mostly none

	mu  sync.Mutex // guards the field below
	ids []uint64
}

func (w *throughWriters) enter(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n.Add(1)
	w.ids = append(w.ids, id)
}

func (w *throughWriters) leave(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n.Add(-1)
	i := slices.Index(w.ids, id)
	w.ids = slices.Delete(w.ids, i, i+1)
}

func (w *throughWriters) contain(id uint64) bool {
	if w.n.Load() == 0 {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Contains(w.ids, id)
}
