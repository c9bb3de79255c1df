package queuecore

import (
	"math"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/delivery"
	"example.com/zaphandlers/queuecore/internal/idle"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// arenaSource delivers records of the queue's arena to one target. It is the source of the target's Delivery, and runs its goroutine.
type arenaSource struct {
	q      *queue
	index  int
	target *TargetConfig
	report *base.Reporter

	goroutine goroutine
	idle      *idle.Idle
	stopped   chan struct{} // closed when the goroutine ends

	// Guarded by q.mu.
	requests  flushRequests
	notice    dropNotice
	lastError error // of the Sync at the end
	drops     drops
	dead      uint64 // how many records the dead-letter Core took

	// Owned by the goroutine.
	delivery *delivery.Delivery
	reader   *arena.Reader // needs q.mu, except where package arena says otherwise
	losses   losses

	resumesAt   uint64 // a former process has delivered the records before this sequence number
	closeSeen   bool   // Interrupts has reported the Close
	syncedAtEnd bool   // the last Sync was made
}

var _ delivery.Source = (*arenaSource)(nil)

func newArenaSource(q *queue, i int) *arenaSource {
	s := &arenaSource{
		q:       q,
		index:   i,
		target:  &q.cfg.Targets[i],
		idle:    idle.New(),
		stopped: make(chan struct{}),
		reader:  q.arena.Reader(i),
	}
	s.report = s.target.reporter(q.cfg.OnError)
	s.delivery = delivery.New(s.target.delivery(q.cfg.PrepareDelivery, s.report), s)
	return s
}

// run delivers until the queue is closed and empty, or abandoned.
func (s *arenaSource) run() { s.goroutine.run(func() { deliverQueued(s) }, s.Abandoned, s.stopped) }

// deliverQueued is run on one goroutine. If a goroutine before it was ended, its records in flight are dropped first.
func deliverQueued(s *arenaSource) {
	dropInFlight(s, s.delivery, s.reader.Len(), s.reader.Outcome, s.reader.Level, s.report)
	s.delivery.Run()
	if s.Abandoned() || s.syncedAtEnd {
		return
	}
	s.syncedAtEnd = true
	err := s.delivery.Sync()
	s.q.mu.Lock()
	s.lastError = err
	s.q.mu.Unlock()
	s.answerRequests()
}

// Next implements delivery.Source.
func (s *arenaSource) Next() bool {
	for {
		s.deliverOverdue()
		switch {
		case s.fill():
			s.idle.Busy()
			s.linger()
			return true
		case s.sendNotice():
		case s.delivery.Dirty():
			s.delivery.Flush()
		case !s.wait():
			return false
		}
	}
}

// Done implements delivery.Source.
func (s *arenaSource) Done() {
	s.Resolve(s.reader.Len())
	s.answerRequests()
}

// fill claims new records and adds them to the batch. It returns whether it claimed any, even if the target wants none of them: they
// must be resolved.
func (s *arenaSource) fill() bool {
	s.q.mu.Lock()
	found := s.reader.Claim(s.claimBytes())
	s.q.mu.Unlock()
	if found {
		s.addClaimed(s.target.BatchRecords, s.target.BatchBytes)
	}
	return found
}

// claimBytes is how many bytes are claimed at once: only a part of the arena, because claimed records cannot be evicted.
func (s *arenaSource) claimBytes() int { return min(s.target.BatchBytes, s.q.cfg.MaxBytes/4) }

// FillUp implements delivery.Source. It adds everything that is queued, whatever the bounds, so that an urgent record is in the batch: a
// Handler tries a batch in spite of a backoff only if it holds one. It takes some rounds, because lists may have been claimed in part.
func (s *arenaSource) FillUp() {
	for range arena.Lists + 1 {
		s.q.mu.Lock()
		s.reader.Claim(math.MaxInt)
		s.q.mu.Unlock()
		s.addClaimed(math.MaxInt, math.MaxInt)
	}
}

// TopUp implements delivery.Source. Records delivered ahead of one that is not stay in the arena, so their number is bounded.
func (s *arenaSource) TopUp() {
	if s.delivery.Len() < s.target.BatchRecords && s.delivery.Bytes() < s.claimBytes() && s.reader.Len()/2 < s.target.BatchRecords {
		s.fill()
	}
}

// addClaimed adds claimed records to the batch, up to these bounds of the batch.
func (s *arenaSource) addClaimed(records, bytes int) {
	bytes -= s.delivery.Bytes()
	for s.delivery.Len() < records && bytes > 0 {
		tape, level, ok := s.reader.Next()
		if !ok {
			return
		}
		if i := s.reader.Len() - 1; !s.alreadyDelivered(i) {
			bytes -= s.delivery.Add(i, tape, level)
		}
	}
}

// SetOutcome implements delivery.Source.
func (s *arenaSource) SetOutcome(i int, o base.Outcome, level zapcore.Level) {
	if o == base.Delivered {
		noteAhead(s, s.reader.Sequence(i))
		return
	}
	s.reader.SetOutcome(i, o)
	if o != base.Skipped {
		s.losses = append(s.losses, loss{i, causeOf(o), level})
	}
}

// noteAhead tells the arena that a record was delivered ahead of its turn.
func noteAhead(s *arenaSource, sequence uint64) {
	s.q.mu.Lock()
	s.reader.Ahead(sequence)
	s.q.mu.Unlock()
}

// Resolve implements delivery.Source.
func (s *arenaSource) Resolve(n int) {
	if n == 0 || !s.confirm() {
		return
	}
	s.goroutine.returns.Add(1)
	q := s.q
	q.mu.Lock()
	if q.countsFinal { // Close has counted them
		q.mu.Unlock()
		return
	}
	s.reader.Resolve(n)
	s.losses.resolve(n, func(lost loss) { q.dropLocked(s, lost.cause, lost.level) })
	q.enqueuer.resolutions.Add(1)
	admitted, wake := q.enqueuer.admitLocked(admitMany)
	pending := q.drops.pendingLocked()
	q.mu.Unlock()
	admitted.Wake()
	if wake {
		q.wake()
	}
	if q.enqueuer.overflow.Len() > 0 {
		q.enqueuer.admit(admitMany) // passes over records that only a held-up target keeps and does not want
	}
	if pending {
		q.drops.callOnDrop()
	}
}

// confirm waits until a target that confirms later, such as a netcore.Core with Ack, has confirmed the records that it took. Until
// then they are only in the memory of this process, so the Spool must keep them. It returns false if the queue is abandoned first.
func (s *arenaSource) confirm() bool {
	if s.q.cfg.Spool == "" || !confirms(s.target.Core) {
		return true
	}
	for !s.Abandoned() {
		err := base.Guard(s.target.Core.Sync)
		if err == nil {
			return true
		}
		s.report.Failed(err, 0)
		if !s.delivery.Backoff(err) {
			break
		}
	}
	return false
}

// confirms reports whether records that the target took may still be lost with the process.
func confirms(core zapcore.Core) bool {
	c, ok := core.(base.Confirmer)
	return ok && c.Confirms()
}

// Accepts implements delivery.Source.
func (s *arenaSource) Accepts(any bool) { s.notice.noteTaken(any) }

// DeadLettered implements delivery.Source.
func (s *arenaSource) DeadLettered() {
	s.q.mu.Lock()
	s.dead++
	s.q.mu.Unlock()
}
