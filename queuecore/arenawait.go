package queuecore

import (
	"time"

	"example.com/zaphandlers/queuecore/internal/idle"
	base "example.com/zaphandlers/zapcore"
)

// How a target's goroutine waits.

// lingerStep is the longest that a batch which is full already may wait: a goroutine that lingers looks that often, since no Write
// wakes it.
const lingerStep = 20 * time.Millisecond

// linger waits for the batch to be full or old enough, if it has an age.
func (s *arenaSource) linger() {
	if s.target.BatchAge <= 0 || s.delivery.Len() == 0 {
		return
	}
	step := min(max(idle.MaxNap, s.target.BatchAge/16), lingerStep)
	for left := s.target.BatchAge; left > 0 && s.mayLinger(); left -= step {
		for d := min(step, left); d > 0 && s.mayLinger(); {
			d = s.Pause(d)
		}
		s.fill()
	}
}

// mayLinger tells whether nothing speaks against waiting for more records.
func (s *arenaSource) mayLinger() bool {
	if s.delivery.Len() >= s.target.BatchRecords || s.delivery.Bytes() >= s.target.BatchBytes {
		return false
	}
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	return !s.q.enqueuer.closed && len(s.requests.pending) == 0 && s.q.arena.Used() < s.q.arena.Limit()/2
}

// wait naps, or sleeps, until there may be something to do. It returns false when there never will be.
func (s *arenaSource) wait() bool {
	q, e := s.q, &s.q.enqueuer
	q.mu.Lock()
	switch {
	case s.requests.answerable(s.reader.Done):
		q.mu.Unlock()
		s.answer()
		return true
	case q.isOver: // what is unread stays in the spool
		q.mu.Unlock()
		return false
	case s.reader.Behind() > 0:
		q.mu.Unlock()
		return true
	case e.closed:
		q.mu.Unlock()
		return false
	}
	e.crossing.Store(false)
	if s.idle.Sleeps() {
		e.wakeAt = wakeAlways
		q.arena.Trim(false)
	} else {
		e.wakeAt = min(e.wakeAt, q.arena.Used()+q.arena.Limit()/4)
	}
	q.mu.Unlock()
	s.idle.Wait(s.rest)
	return true
}

// rest is what there is to do when no record has come for long. It lets go of memory that only records need; and it has a target that
// confirms later see to what is not confirmed, which after the end of a connection nobody else would before the next record.
func (s *arenaSource) rest() (again bool) {
	s.q.mu.Lock()
	s.q.arena.Trim(true)
	s.q.mu.Unlock()
	s.reader.Shrink()
	s.delivery.Shrink()
	if !confirms(s.target.Core) {
		return false
	}
	if err := base.Guard(s.target.Core.Sync); err != nil {
		s.report.Failed(err, 0)
		return true
	}
	s.report.Recovered()
	return false
}

// Pause implements delivery.Source.
func (s *arenaSource) Pause(d time.Duration) (left time.Duration) {
	return s.idle.Pause(d, s.q.abandoned)
}

// Interrupts implements delivery.Source: Close does, and a record above Error, each once.
func (s *arenaSource) Interrupts() bool {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	closing := s.q.enqueuer.closed && !s.sawClosed
	s.sawClosed = s.q.enqueuer.closed
	return s.requests.urged() || closing
}

// Abandoned implements delivery.Source.
func (s *arenaSource) Abandoned() bool {
	select {
	case <-s.q.abandoned:
		return true
	default:
		return false
	}
}
