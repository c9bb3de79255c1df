package queuecore

import (
	"time"

	"example.com/zaphandlers/queuecore/internal/idle"
	base "example.com/zaphandlers/zapcore"
)

// How a target's goroutine waits.

// lingerStep is how often linger looks whether the batch is full, since no Write wakes it. A full batch waits no longer than that.
const lingerStep = 20 * time.Millisecond

// linger waits until the batch is full, or as old as BatchAge.
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

// mayLinger reports whether the batch may wait for more records: there is room, and nobody waits for a flush or for Close.
func (s *arenaSource) mayLinger() bool {
	if s.delivery.Len() >= s.target.BatchRecords || s.delivery.Bytes() >= s.target.BatchBytes {
		return false
	}
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	return !s.q.enqueuer.closed && len(s.requests.pending) == 0 && s.q.arena.Used() < s.q.arena.Limit()/2
}

// wait naps or sleeps until there may be something to do. It returns false if the goroutine must end.
func (s *arenaSource) wait() bool {
	q, e := s.q, &s.q.enqueuer
	q.mu.Lock()
	switch {
	case s.requests.answerable(s.reader.Done):
		q.mu.Unlock()
		s.answerRequests()
		return true
	case q.countsFinal: // unread records are dropped, or stay in the spool
		q.mu.Unlock()
		return false
	case s.reader.Behind() > 0:
		q.mu.Unlock()
		return true
	case e.closed:
		q.mu.Unlock()
		return false
	}
	e.contended.Store(false)
	if s.idle.Sleeps() {
		e.wakeAt = wakeAlways
		q.arena.Trim(false)
	} else {
		e.wakeAt = min(e.wakeAt, q.arena.Used()+q.arena.Limit()/4)
	}
	q.mu.Unlock()
	s.idle.Wait(s.idleWork)
	return true
}

// idleWork runs when no record has come for 10 s. It releases memory, and syncs a target that confirms later: after a lost connection
// nothing else would send the unconfirmed records again before the next record comes. It returns true to be called again in 10 s.
func (s *arenaSource) idleWork() (again bool) {
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

// Interrupts implements delivery.Source: it returns true once for Close, and once for each record above Error.
func (s *arenaSource) Interrupts() bool {
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	closing := s.q.enqueuer.closed && !s.closeSeen
	s.closeSeen = s.q.enqueuer.closed
	return s.requests.newUrgent() || closing
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
