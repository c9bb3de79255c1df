package queuecore

import (
	"fmt"
	"sync/atomic"
	"time"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// A listener naps for minNap when it has found nothing, twice as long each time it finds nothing again, and sleeps when the nap
// would be longer than maxNap.
const (
	minNap = 200 * time.Microsecond
	maxNap = 5 * time.Millisecond
)

// listener is the goroutine of one target.
type listener struct {
	q       *queue
	target  TargetConfig
	writer  base.BatchWriter // target.Core, if it is one
	flusher base.Flusher     // target.Core, if it is one
	report  *base.Reporter

	goroutine atomic.Uint64
	looks     chan struct{} // of capacity 1: a value means that there may be something to do
	stopped   chan struct{} // closed when the goroutine ends

	asks      []*ask // in the order of upto; guarded by q.mu
	lastError error  // of the Sync at the end; guarded by q.mu

	// Owned by the goroutine.
	reader  *arena.Reader // its methods but Next, Len and Tape need q.mu
	batch   base.Batch
	members []int // where the records of batch are among those that the reader holds
	backoff base.Backoff
	nap     time.Duration
	dirty   bool        // something was delivered since the last flush
	record  base.Record // shows the target one record

	sawClosed bool   // urged has spoken of the Close
	sawUrgent uint64 // and of the urgent asks up to this one
}

func newListener(q *queue, i int) *listener {
	l := &listener{
		q:       q,
		target:  q.cfg.Targets[i],
		report:  base.NewReporter(fmt.Sprintf("queuecore: target %d", i), q.cfg.OnError),
		looks:   make(chan struct{}, 1),
		stopped: make(chan struct{}),
		reader:  q.arena.Reader(i),
		nap:     minNap,
	}
	l.writer, _ = l.target.Core.(base.BatchWriter)
	l.flusher, _ = l.target.Core.(base.Flusher)
	l.backoff = base.Backoff{
		Start:  l.target.RetryStart,
		Factor: l.target.RetryFactor,
		Max:    l.target.RetryMax,
		Jitter: l.target.RetryJitter,
	}
	return l
}

// look makes the listener look for something to do before it next sleeps. It never blocks.
func (l *listener) look() {
	select {
	case l.looks <- struct{}{}:
	default:
	}
}

// run delivers until the queue is closed and empty, or abandoned.
func (l *listener) run() {
	defer close(l.stopped)
	l.goroutine.Store(goroutineID())
	defer l.goroutine.Store(0)
	for {
		switch {
		case l.fill():
			l.nap = minNap
			l.deliver()
			l.answer()
		case l.dirty:
			l.flush()
		case !l.rest():
			l.finish()
			return
		}
	}
}

// fill claims what is new and makes a batch of it. It returns whether there is anything to resolve: perhaps only records that the
// target does not want.
func (l *listener) fill() bool {
	l.q.mu.Lock()
	found := l.reader.Claim(l.target.BatchBytes)
	l.q.mu.Unlock()
	if found {
		l.walk(l.target.BatchRecords, l.target.BatchBytes)
	}
	return found
}

// walk adds claimed records to the batch up to its bounds.
func (l *listener) walk(records, bytes int) {
	for l.batch.Len() < records && bytes > 0 {
		tape, level, ok := l.reader.Next()
		if !ok {
			return
		}
		if !l.target.enabled(level) {
			l.reader.SetFate(l.reader.Len()-1, arena.Skipped)
			continue
		}
		l.members = append(l.members, l.reader.Len()-1)
		l.batch.Add(tape)
		bytes -= len(tape)
	}
}

// resolve settles the first n records that the reader holds.
func (l *listener) resolve(n int) {
	l.q.mu.Lock()
	l.reader.Resolve(n)
	l.q.admitLocked()
	l.q.mu.Unlock()
}

// flush makes a target that gathers what it gets hand it on.
func (l *listener) flush() {
	l.dirty = false
	if l.flusher == nil {
		return
	}
	if err := l.guard(l.flusher.Flush); err != nil {
		l.report.Failed(err, 0)
	}
}

// rest naps, or sleeps, until there may be something to do. It returns false when there never will be.
func (l *listener) rest() bool {
	l.q.mu.Lock()
	switch {
	case l.dueLocked():
		l.q.mu.Unlock()
		l.answer()
		return true
	case l.reader.Behind() > 0:
		l.q.mu.Unlock()
		return true
	case l.q.closed:
		l.q.mu.Unlock()
		return false
	}
	nap := l.nap <= maxNap
	if nap {
		l.q.wakeAt = min(l.q.wakeAt, l.q.arena.Used()+l.q.cfg.MaxBytes/4)
	} else {
		l.q.wakeAt = wakeAlways
		l.q.arena.Trim()
	}
	l.q.mu.Unlock()
	if !nap {
		<-l.looks
		l.nap = minNap
		return true
	}
	l.pause(l.nap)
	l.nap *= 2
	return true
}

// pause waits for d, or until there is something to look at, and returns how much of d is left.
func (l *listener) pause(d time.Duration) (left time.Duration) {
	until := time.Now().Add(d)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return 0
	case <-l.looks:
	case <-l.q.abandoned:
	}
	return max(0, time.Until(until))
}

// finish syncs the target, after which the goroutine ends.
func (l *listener) finish() {
	if l.isAbandoned() {
		return
	}
	err := l.guard(l.target.Core.Sync)
	l.q.mu.Lock()
	l.lastError = err
	l.q.mu.Unlock()
	l.answer()
}

// guard calls code of the target and makes an error of its panic.
func (l *listener) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p}
		}
	}()
	return f()
}

// panicError is a panic of a target.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("target panicked: %v", e.value) }
