package queuecore

import "time"

// How a listener waits.

// lingerStep is the longest that a batch which is full already may wait: a listener that lingers looks that often, since no Write
// wakes it.
const lingerStep = 20 * time.Millisecond

// linger waits for the batch to be full or old enough, if it has an age.
func (l *listener) linger() {
	if l.target.BatchAge <= 0 || l.batch.Len() == 0 {
		return
	}
	step := min(max(maxNap, l.target.BatchAge/16), lingerStep)
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
	return !l.q.closed && len(l.asks) == 0 && l.q.arena.Used() < l.q.arena.Limit()/2
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
	l.q.crossing.Store(false)
	nap := l.nap <= maxNap
	if nap {
		l.q.wakeAt = min(l.q.wakeAt, l.q.arena.Used()+l.q.arena.Limit()/4)
	} else {
		l.q.wakeAt = wakeAlways
		l.q.arena.Trim()
	}
	l.q.mu.Unlock()
	if nap {
		l.pause(l.nap)
		l.nap *= 2
	} else {
		<-l.looks
		l.nap = minNap
	}
	return true
}

// pause implements source.
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

// urged implements source.
func (l *listener) urged() bool {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	urged := l.q.closed && !l.sawClosed
	l.sawClosed = l.q.closed
	for _, a := range l.asks {
		if a.urgent && a.upto > l.sawUrgent {
			l.sawUrgent = a.upto
			urged = true
		}
	}
	return urged
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
