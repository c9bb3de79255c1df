package queuecore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/delivery"
	base "example.com/zaphandlers/zapcore"
)

// engineSource delivers records of an engine to one target of a Listener. It is the source of the target's Delivery, and runs its
// goroutine.
type engineSource struct {
	listener  *Listener
	index     int
	target    *TargetConfig
	report    *base.Reporter
	delivery  *delivery.Delivery
	goroutine goroutine
	ctx       context.Context // done when stop is closed
	cancel    context.CancelFunc
	stop      chan struct{} // closed by Stop, after upto is set
	upto      uint64        // number of the last record to deliver before the end
	detached  chan struct{} // closed when Stop waits no longer
	stopped   chan struct{} // closed when the goroutine ends

	// Owned by the goroutine.
	read           base.Batch
	next           int            // index in read of the first record that is not in a batch yet
	outcomes       []base.Outcome // of the unresolved records, which are the last ones of read
	losses         losses         // among the unresolved records
	resolvedUpTo   uint64         // number of the last resolved record
	unacknowledged bool           // the engine has not taken the Ack for resolvedUpTo
	stopSeen       bool           // Interrupts has reported the Stop
	syncedAtEnd    bool           // the last Sync was made
}

var _ delivery.Source = (*engineSource)(nil)

func newEngineSource(l *Listener, i int) *engineSource {
	s := &engineSource{
		listener: l,
		index:    i,
		target:   &l.cfg.Targets[i],
		stop:     make(chan struct{}),
		detached: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.report = s.target.reporter(l.cfg.OnError)
	s.delivery = delivery.New(s.target.delivery(l.cfg.PrepareDelivery, s.report), s)
	return s
}

// run delivers until it is stopped.
func (s *engineSource) run() { s.goroutine.run(func() { deliverRead(s) }, s.Abandoned, s.stopped) }

// Next implements delivery.Source: it makes a batch of the records left from the last Read, or reads more.
func (s *engineSource) Next() bool {
	for !s.Abandoned() {
		switch {
		case s.next < s.read.Len():
			s.fill()
			return true
		case s.delivery.Dirty():
			s.delivery.Flush()
		case s.stopping() && s.resolvedUpTo >= s.upto && s.hasRead():
			return false
		case s.unacknowledged:
			s.acknowledgeAgain()
		case !s.readOn():
			return false
		}
	}
	return false
}

// hasRead reports whether the last Read returned records.
func (s *engineSource) hasRead() bool { return s.read.Len() > 0 }

// fill adds records to the batch up to its bounds.
func (s *engineSource) fill() {
	resolved := s.read.Len() - len(s.outcomes)
	for bytes := 0; s.next < s.read.Len() && s.delivery.Len() < s.target.BatchRecords && bytes < s.target.BatchBytes; {
		i := s.next
		s.next++ // before Add, which runs user code that may end the goroutine
		bytes += s.delivery.Add(i-resolved, s.read.Tape(i), s.read.Level(i))
	}
}

// Done implements delivery.Source.
func (s *engineSource) Done() { s.Resolve(s.next - (s.read.Len() - len(s.outcomes))) }

// readOn reads the next records, and waits for them. It returns false when there will be none.
func (s *engineSource) readOn() bool {
	s.read.Reset()
	s.next, s.outcomes = 0, nil
	last, err := s.readMore()
	if err == nil && s.read.Len() == 0 {
		err = errEmptyRead
	}
	switch {
	case err == nil:
		s.delivery.Reached()
		n := s.read.Len()
		s.resolvedUpTo = last - uint64(n)
		s.outcomes = make([]base.Outcome, n)
		s.count(func(t *TargetStats) {
			t.Accepted += uint64(n)
			t.Pending += uint64(n)
			s.listener.passed[s] = s.resolvedUpTo
		})
	case errors.Is(err, ErrClosed), s.stopping():
		return false
	default:
		s.read.Reset()
		s.report.Failed(err, 0)
		s.delivery.Backoff(err)
	}
	return true
}

// errEmptyRead is reported if an engine does not wait for records as it should. Without a backoff that would be a busy loop.
var errEmptyRead = errors.New("queuecore: the engine's Read has returned no record and no error")

// readMore calls the engine's Read; a panic is an error.
func (s *engineSource) readMore() (last uint64, err error) {
	err = base.Guard(func() (err error) {
		last, err = s.listener.engine.Read(s.ctx, s.target.Name, &s.read)
		return err
	})
	return last, err
}

// acknowledge tells the engine how far this target has come, after the target has confirmed its records: acknowledged records never
// come again.
func (s *engineSource) acknowledge(number uint64) error {
	return base.Guard(func() error {
		if number > 0 {
			if err := s.confirm(); err != nil {
				return err
			}
		}
		return s.listener.engine.Ack(s.target.Name, number)
	})
}

// confirm waits until a target that confirms later, such as a netcore.Core with Ack, has confirmed the records that it took. Until then
// they are only in the memory of this process.
func (s *engineSource) confirm() error {
	if confirms(s.target.Core) {
		return s.target.Core.Sync()
	}
	return nil
}

// count changes the target's counts, unless the source is detached.
func (s *engineSource) count(change func(*TargetStats)) {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	if !s.Abandoned() {
		change(&s.listener.counts[s.index])
	}
}

// detachLocked ends the counting of this source. Its unresolved records go back to the engine.
func (s *engineSource) detachLocked() {
	t := &s.listener.counts[s.index]
	t.Accepted -= t.Pending
	t.Pending = 0
	close(s.detached)
}

func (s *engineSource) stopping() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// SetOutcome implements delivery.Source.
func (s *engineSource) SetOutcome(i int, o base.Outcome, level zapcore.Level) {
	s.outcomes[i] = o
	if o != base.Delivered && o != base.Skipped {
		s.losses = append(s.losses, loss{i, causeOf(o), level})
	}
}

// Resolve implements delivery.Source.
func (s *engineSource) Resolve(n int) {
	if n == 0 || s.Abandoned() {
		return
	}
	var delivered, skipped, dropped uint64
	for _, o := range s.outcomes[:n] {
		switch o {
		case base.Delivered:
			delivered++
		case base.Skipped:
			skipped++
		default:
			dropped++
		}
	}
	s.outcomes = s.outcomes[n:]
	s.resolvedUpTo += uint64(n)
	var lost drops
	s.losses.resolve(n, func(l loss) { lost.add(Drop{Target: s.index, Level: l.level, Cause: l.cause, Records: 1}) })
	s.count(func(t *TargetStats) {
		t.Delivered += delivered
		t.Skipped += skipped
		t.Dropped += dropped
		t.Pending -= uint64(n)
		s.listener.passed[s] = s.resolvedUpTo
		for _, d := range lost {
			(*drops)(&t.Drops).add(d)
		}
	})
	s.unacknowledged = true
	s.unacknowledged = s.acknowledge(s.resolvedUpTo) != nil
	s.reportDrops(lost)
}

// reportDrops calls OnDrop.
func (s *engineSource) reportDrops(lost drops) {
	if s.listener.cfg.OnDrop == nil {
		return
	}
	for _, d := range lost {
		if err := base.Guard(func() error { s.listener.cfg.OnDrop(d); return nil }); err != nil {
			s.report.Failed(fmt.Errorf("queuecore: OnDrop: %w", err), 0)
		}
	}
}

// acknowledgeAgain repeats an Ack that failed: without it the next Read would return the same records. It waits after another failure.
func (s *engineSource) acknowledgeAgain() {
	err := s.acknowledge(s.resolvedUpTo)
	s.unacknowledged = err != nil && !errors.Is(err, ErrClosed)
	if s.unacknowledged {
		s.report.Failed(err, 0)
		s.delivery.Backoff(err)
	}
}

// Pause implements delivery.Source.
func (s *engineSource) Pause(d time.Duration) (left time.Duration) {
	until := time.Now().Add(d)
	t := time.NewTimer(d)
	defer t.Stop()
	stop := s.stop
	if s.stopSeen {
		stop = nil
	}
	select {
	case <-t.C:
		return 0
	case <-stop:
	case <-s.detached:
	}
	return max(0, time.Until(until))
}

// Abandoned implements delivery.Source.
func (s *engineSource) Abandoned() bool {
	select {
	case <-s.detached:
		return true
	default:
		return false
	}
}

// Interrupts implements delivery.Source: it returns true once for Stop.
func (s *engineSource) Interrupts() bool {
	stopping := s.stopping() && !s.stopSeen
	s.stopSeen = s.stopping()
	return stopping
}

// Overtaken implements delivery.Source: no Write waits for a Listener, so no record overtakes.
func (s *engineSource) Overtaken(int) bool { return false }

// FillUp implements delivery.Source. It does nothing: no urgent record waits for a Listener.
func (s *engineSource) FillUp() {}

// Accepts implements delivery.Source: a Listener sends no notices.
func (s *engineSource) Accepts(bool) {}

// DeadLettered implements delivery.Source.
func (s *engineSource) DeadLettered() { s.count(func(t *TargetStats) { t.DeadLetter++ }) }
