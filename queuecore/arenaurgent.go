package queuecore

import (
	"time"

	base "example.com/zaphandlers/zapcore"
)

// What a target gets beside its records in their turn, and what it answers.

// answer syncs the target if somebody waits for that, and tells them.
func (s *arenaSource) answer() {
	s.q.mu.Lock()
	due := s.requests.take(s.reader.Done)
	s.q.mu.Unlock()
	if due == nil {
		return
	}
	err := s.delivery.Sync()
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	answerLocked(s, due, err)
}

// overtake delivers, ahead of what is queued before them, records above Error of which the time is running out.
func (s *arenaSource) overtake() {
	if s.requests.urgent.Load() == 0 {
		return
	}
	s.q.mu.Lock()
	late := s.requests.late(time.Now(), s.reader.Done)
	if s.q.isOver {
		late = nil
	}
	s.q.mu.Unlock()
	for _, u := range late {
		if outcome, _ := s.delivery.Offer(u.tape); outcome != base.Delivered {
			continue // it keeps its turn
		}
		if s.requests.overtaken == nil {
			s.requests.overtaken = make(map[uint64]bool)
		}
		s.requests.overtaken[u.sequence] = true
		wentAhead(s, u.sequence)
		if err := s.delivery.Sync(); err != nil {
			s.report.Failed(err, 0)
		}
	}
}

// wasDelivered tells whether the held record i was delivered ahead of its turn, or by a former process, and forgets that.
func (s *arenaSource) wasDelivered(i int) bool {
	if s.resumesAt == 0 && len(s.requests.overtaken) == 0 {
		return false
	}
	sequence := s.reader.Sequence(i)
	if sequence < s.resumesAt {
		s.reader.SetOutcome(i, base.Skipped)
		return true
	}
	s.resumesAt = 0
	was := s.requests.overtaken[sequence]
	delete(s.requests.overtaken, sequence)
	return was
}

// Overtaken implements delivery.Source.
func (s *arenaSource) Overtaken(i int) bool {
	s.overtake()
	return s.wasDelivered(i)
}

// tellDrops tells the target, once it has caught up, of the records that it did not get. It returns whether it told. A target that
// takes nothing is not told of that, and one that refuses the notice for good does not get it again.
func (s *arenaSource) tellDrops() bool {
	s.q.mu.Lock()
	var gap drops
	if !s.q.cfg.OmitNotice && !s.q.isOver {
		gap = s.notice.takeLocked()
	}
	s.q.mu.Unlock()
	if gap == nil {
		return false
	}
	outcome, err := s.delivery.OfferPlain(notice(gap).Bytes())
	s.notice.took(outcome == base.Delivered)
	if err != nil {
		s.report.Failed(err, 0)
	}
	s.q.mu.Lock()
	defer s.q.mu.Unlock()
	switch outcome {
	case base.Delivered:
		s.notice.sent++
		s.delivery.Wrote()
		return true
	case base.Kept:
		s.notice.keepLocked(gap)
	}
	return false
}
