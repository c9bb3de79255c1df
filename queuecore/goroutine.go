package queuecore

import (
	"bytes"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
)

// goroutineID returns the number of the calling goroutine. Go hides it for good reasons and makes asking slow (1.7 µs), so it is asked
// only where the answer keeps a target from waiting for itself: when the arena is full, and in Sync, Close and Fatal.
func goroutineID() uint64 {
	var buf [64]byte
	text := buf[:runtime.Stack(buf[:], false)]
	text = bytes.TrimPrefix(text, []byte("goroutine "))
	text, _, _ = bytes.Cut(text, []byte(" "))
	id, _ := strconv.ParseUint(string(text), 10, 64)
	return id
}

// goroutine remembers which goroutine has entered it.
type goroutine struct{ atomic.Uint64 }

func (g *goroutine) enter() { g.Store(goroutineID()) }
func (g *goroutine) leave() { g.Store(0) }

// current returns the listener whose goroutine is calling, or nil.
func (q *queue) current() *listener {
	id := goroutineID()
	for _, l := range q.listeners {
		if l.goroutine.Load() == id {
			return l
		}
	}
	return nil
}

// inside tells whether the caller is called by a target: by way of a listener, or of a Write that delivers itself. It must not wait
// for what only that target can do.
func (q *queue) inside() bool {
	if q.current() != nil {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Contains(q.writers, goroutineID())
}
