package queuecore

import (
	"math"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/delivery"
	"example.com/zaphandlers/queuecore/internal/idle"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// arenaSource is the source of one target's delivery, and its goroutine: the records of the queue's arena.
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
	dead      uint64 // records that the dead-letter Core took

	// Owned by the goroutine.
	delivery *delivery.Delivery
	reader   *arena.Reader // its methods but Next, SetOutcome, Len, Level, Sequence and Tape need q.mu
	losses   losses

	resumesAt uint64 // a former process has delivered what comes before this sequence number
	sawClosed bool   // Interrupts has told of the Close
	synced    bool   // for the last time
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

// deliverQueued is run on one goroutine.
func deliverQueued(s *arenaSource) {
	forfeit(s, s.delivery, s.reader.Len(), s.reader.Outcome, s.reader.Level, s.report)
	s.delivery.Run()
	if s.Abandoned() || s.synced {
		return
	}
	s.synced = true
	err := s.delivery.Sync()
	s.q.mu.Lock()
	s.lastError = err
	s.q.mu.Unlock()
	s.answer()
}

// Next implements delivery.Source.
func (s *arenaSource) Next() bool {
	for {
		s.overtake()
		switch {
		case s.fill():
			s.idle.Busy()
			s.linger()
			return true
		case s.tellDrops():
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
	s.answer()
}

// fill claims what is new and adds it to the batch. It returns whether there is anything to resolve: perhaps only records
// that the target does not want.
func (s *arenaSource) fill() bool {
	s.q.mu.Lock()
	found := s.reader.Claim(s.claimBytes())
	s.q.mu.Unlock()
	if found {
		s.walk(s.target.BatchRecords, s.target.BatchBytes)
	}
	return found
}

// claimBytes is how much is claimed at once. What is claimed cannot be evicted, so that is never more than a part of the arena.
func (s *arenaSource) claimBytes() int { return min(s.target.BatchBytes, s.q.cfg.MaxBytes/4) }

// FillUp implements delivery.Source: it adds everything that is queued, whatever the bounds. A Handler makes an exception of a batch
// that holds an urgent record, not of what comes before it. Some rounds, because each list may have been claimed in part.
func (s *arenaSource) FillUp() {
	for range arena.Lists + 1 {
		s.q.mu.Lock()
		s.reader.Claim(math.MaxInt)
		s.q.mu.Unlock()
		s.walk(math.MaxInt, math.MaxInt)
	}
}

// TopUp implements delivery.Source. What is delivered behind a record that is not stays in the arena, so there is a bound.
func (s *arenaSource) TopUp() {
	if s.delivery.Len() < s.target.BatchRecords && s.delivery.Bytes() < s.claimBytes() && s.reader.Len()/2 < s.target.BatchRecords {
		s.fill()
	}
}

// walk adds claimed records to the batch up to its bounds.
func (s *arenaSource) walk(records, bytes int) {
	bytes -= s.delivery.Bytes()
	for s.delivery.Len() < records && bytes > 0 {
		tape, level, ok := s.reader.Next()
		if !ok {
			return
		}
		if i := s.reader.Len() - 1; !s.wasDelivered(i) {
			bytes -= s.delivery.Add(i, tape, level)
		}
	}
}

// SetOutcome implements delivery.Source.
func (s *arenaSource) SetOutcome(i int, o base.Outcome, level zapcore.Level) {
	if o == base.Delivered {
		wentAhead(s, s.reader.Sequence(i))
		return
	}
	s.reader.SetOutcome(i, o)
	if o != base.Skipped {
		s.losses = append(s.losses, loss{i, causeOf(o), level})
	}
}

// wentAhead notes that a record has been delivered ahead of its turn.
func wentAhead(s *arenaSource, sequence uint64) {
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
	if q.isOver { // Close has counted them
		q.mu.Unlock()
		return
	}
	s.reader.Resolve(n)
	s.losses.resolve(n, func(lost loss) { q.dropLocked(s, lost.cause, lost.level) })
	q.enqueuer.resolutions.Add(1)
	admitted, wake := q.enqueuer.admitLocked(false)
	pending := q.drops.pendingLocked()
	q.mu.Unlock()
	admitted.Wake()
	if wake {
		q.wake()
	}
	if q.enqueuer.overflow.Len() > 0 {
		q.enqueuer.admit(false) // others may be kept waiting by a target that does not want this
	}
	if pending {
		q.drops.callOnDrop()
	}
}

// confirm waits until a target that confirms later, as a netcore.Core with Ack, has confirmed what it has taken: a Spool keeps that
// until then, for in the memory of this process it would not survive. It returns false if the queue is given up before.
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

// confirms tells whether what a target has taken may yet be lost with the process.
func confirms(core zapcore.Core) bool {
	c, ok := core.(base.Confirmer)
	return ok && c.Confirms()
}

// Accepts implements delivery.Source.
func (s *arenaSource) Accepts(any bool) { s.notice.took(any) }

// DeadLettered implements delivery.Source.
func (s *arenaSource) DeadLettered() {
	s.q.mu.Lock()
	s.dead++
	s.q.mu.Unlock()
}
