package queuecore

import (
	"time"

	"example.com/zaphandlers/queuecore/internal/idle"
)

// How a listener waits.

// lingerStep is the longest that a batch which is full already may wait: a listener that lingers looks that often, since no Write
// wakes it.
const lingerStep = 20 * time.Millisecond

// linger waits for the batch to be full or old enough, if it has an age.
func (l *listener) linger() {
	if l.target.BatchAge <= 0 || l.batch.Len() == 0 {
		return
	}
	step := min(max(idle.MaxNap, l.target.BatchAge/16), lingerStep)
	for left := l.target.BatchAge; left > 0 && l.mayLinger(); left -= step {
		for d := min(step, left); d > 0 && l.mayLinger(); {
			d = l.pause(d)
		}
		l.fill()
	}
}

// mayLinger tells whether nothing speaks against waiting for more records.
func (l *listener) mayLinger() bool {
	bytes := 0
	for i := range l.batch.Len() {
		bytes += len(l.batch.Tape(i))
	}
	if l.batch.Len() >= l.target.BatchRecords || bytes >= l.target.BatchBytes {
		return false
	}
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	return !l.q.closed && len(l.flushes.pending) == 0 && l.q.arena.Used() < l.q.arena.Limit()/2
}

// wait naps, or sleeps, until there may be something to do. It returns false when there never will be.
func (l *listener) wait() bool {
	q := l.q
	q.mu.Lock()
	switch {
	case l.flushes.answerable(l.reader.Done):
		q.mu.Unlock()
		l.answer()
		return true
	case l.reader.Behind() > 0:
		q.mu.Unlock()
		return true
	case q.closed:
		q.mu.Unlock()
		return false
	}
	q.crossing.Store(false)
	if l.idle.Sleeps() {
		q.wakeAt = wakeAlways
		q.arena.Trim()
	} else {
		q.wakeAt = min(q.wakeAt, q.arena.Used()+q.arena.Limit()/4)
	}
	q.mu.Unlock()
	l.idle.Wait()
	return true
}

// pause implements source.
func (l *listener) pause(d time.Duration) (left time.Duration) { return l.idle.Pause(d, l.q.abandoned) }

// urged implements source.
func (l *listener) urged() bool {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	closing := l.q.closed && !l.sawClosed
	l.sawClosed = l.q.closed
	return l.flushes.urged() || closing
}

// gone implements source.
func (l *listener) gone() bool {
	select {
	case <-l.q.abandoned:
		return true
	default:
		return false
	}
}
