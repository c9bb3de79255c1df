package queuecore

import (
	"slices"
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
	if q.current() != nil {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Contains(q.writers, base.GoroutineID())
}
