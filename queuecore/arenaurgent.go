package queuecore

import (
	"time"

	base "example.com/zaphandlers/zapcore"
)

// What a target does besides delivering records in order: it answers flush requests, lets urgent records overtake, sends drop notices.

// answerRequests answers the flush requests that are due, after a Sync of the target.
func (s *arenaSource) answerRequests() {
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

// deliverOverdue delivers, ahead of the records queued before them, the records above Error whose time is running out.
func (s *arenaSource) deliverOverdue() {
	if s.requests.urgent.Load() == 0 {
		return
	}
	s.q.mu.Lock()
	late := s.requests.overdue(time.Now(), s.reader.Done)
	if s.q.countsFinal {
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
		noteAhead(s, u.sequence)
		if err := s.delivery.Sync(); err != nil {
			s.report.Failed(err, 0)
		}
	}
}

// alreadyDelivered reports whether the held record i was delivered ahead of its turn, or by a former process. It is called once for each
// record.
func (s *arenaSource) alreadyDelivered(i int) bool {
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
	s.deliverOverdue()
	return s.alreadyDelivered(i)
}

// sendNotice sends the target, which has caught up, a notice of the records that it did not get, and returns whether it took it. A target
// that takes nothing gets no notice. A notice that the target refuses for good is not sent again.
func (s *arenaSource) sendNotice() bool {
	s.q.mu.Lock()
	var gap drops
	if !s.q.cfg.OmitNotice && !s.q.countsFinal {
		gap = s.notice.takeLocked()
	}
	s.q.mu.Unlock()
	if gap == nil {
		return false
	}
	outcome, err := s.delivery.OfferPlain(notice(gap).Bytes())
	s.notice.noteTaken(outcome == base.Delivered)
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
		s.notice.putBackLocked(gap)
	}
	return false
}
