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

// engineSource is the source of the delivery of one target of a Listener, and its goroutine: the records of an engine.
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
	upto      uint64        // the last record to deliver before the end
	disowned  chan struct{} // closed when Stop waits no longer
	stopped   chan struct{} // closed when the goroutine ends

	// Owned by the goroutine.
	read     base.Batch
	next     int            // of read, the first that is not in a batch yet
	outcomes []base.Outcome // of the records of read that are not resolved
	losses   losses         // of those
	number   uint64         // of the last that is
	unacked  bool           // the engine has not been told
	warned   bool           // Interrupts has told of the Stop
	synced   bool           // for the last time
}

var _ delivery.Source = (*engineSource)(nil)

func newEngineSource(l *Listener, i int) *engineSource {
	s := &engineSource{
		listener: l,
		index:    i,
		target:   &l.cfg.Targets[i],
		stop:     make(chan struct{}),
		disowned: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.report = s.target.reporter(l.cfg.OnError)
	s.delivery = delivery.New(s.target.delivery(l.cfg.PrepareDelivery, s.report), s)
	return s
}

// run delivers until it is stopped.
func (s *engineSource) run() { s.goroutine.run(func() { deliverRead(s) }, s.Abandoned, s.stopped) }

// Next implements delivery.Source: it makes a batch of what is left of the last reading, or reads on.
func (s *engineSource) Next() bool {
	for !s.Abandoned() {
		switch {
		case s.next < s.read.Len():
			s.fill()
			return true
		case s.delivery.Dirty():
			s.delivery.Flush()
		case s.stopping() && s.number >= s.upto && s.hasRead():
			return false
		case s.unacked:
			s.acknowledgeAgain()
		case !s.readOn():
			return false
		}
	}
	return false
}

// hasRead tells whether anything has been read.
func (s *engineSource) hasRead() bool { return s.read.Len() > 0 }

// fill adds records to the batch up to its bounds.
func (s *engineSource) fill() {
	resolved := s.read.Len() - len(s.outcomes)
	for bytes := 0; s.next < s.read.Len() && s.delivery.Len() < s.target.BatchRecords && bytes < s.target.BatchBytes; {
		i := s.next
		s.next++ // before what is not ours is asked
		bytes += s.delivery.Add(i-resolved, s.read.Tape(i), s.read.Level(i))
	}
}

// Done implements delivery.Source.
func (s *engineSource) Done() { s.Resolve(s.next - (s.read.Len() - len(s.outcomes))) }

// readOn waits for records. It returns false when there will be none.
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
		s.number = last - uint64(n)
		s.outcomes = make([]base.Outcome, n)
		s.count(func(t *TargetStats) { t.Accepted += uint64(n); t.Pending += uint64(n); s.listener.passed[s] = s.number })
	case errors.Is(err, ErrClosed), s.stopping():
		return false
	default:
		s.read.Reset()
		s.report.Failed(err, 0)
		s.delivery.Backoff(err)
	}
	return true
}

// errEmptyRead is of an engine that does not wait for records as it should: to ask it again at once would go on for ever.
var errEmptyRead = errors.New("queuecore: the engine's Read has returned no record and no error")

// readMore waits for records. An engine that panics has failed.
func (s *engineSource) readMore() (last uint64, err error) {
	err = base.Guard(func() (err error) {
		last, err = s.listener.engine.Read(s.ctx, s.target.Name, &s.read)
		return err
	})
	return last, err
}

// acknowledge tells the engine how far this target has come, once that is confirmed: what is acknowledged never comes again.
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

// confirm waits for the confirmation of what a target has taken, if there will be one, as of a netcore.Core with Ack: until then it is
// in the memory of this process only.
func (s *engineSource) confirm() error {
	if confirms(s.target.Core) {
		return s.target.Core.Sync()
	}
	return nil
}

// count changes the counts, unless they are nobody's business any more.
func (s *engineSource) count(change func(*TargetStats)) {
	s.listener.mu.Lock()
	defer s.listener.mu.Unlock()
	if !s.Abandoned() {
		change(&s.listener.counts[s.index])
	}
}

// disownLocked gives what is not resolved back to the engine.
func (s *engineSource) disownLocked() {
	t := &s.listener.counts[s.index]
	t.Accepted -= t.Pending
	t.Pending = 0
	close(s.disowned)
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
	s.number += uint64(n)
	var lost drops
	s.losses.resolve(n, func(l loss) { lost.add(Drop{Target: s.index, Level: l.level, Cause: l.cause, Records: 1}) })
	s.count(func(t *TargetStats) {
		t.Delivered += delivered
		t.Skipped += skipped
		t.Dropped += dropped
		t.Pending -= uint64(n)
		s.listener.passed[s] = s.number
		for _, d := range lost {
			(*drops)(&t.Drops).add(d)
		}
	})
	s.unacked = true
	s.unacked = s.acknowledge(s.number) != nil
	s.tell(lost)
}

// tell calls OnDrop.
func (s *engineSource) tell(lost drops) {
	if s.listener.cfg.OnDrop == nil {
		return
	}
	for _, d := range lost {
		if err := base.Guard(func() error { s.listener.cfg.OnDrop(d); return nil }); err != nil {
			s.report.Failed(fmt.Errorf("queuecore: OnDrop: %w", err), 0)
		}
	}
}

// acknowledgeAgain tells the engine what it would not hear before: to read on would be to read the same again. It waits after a
// failure.
func (s *engineSource) acknowledgeAgain() {
	err := s.acknowledge(s.number)
	s.unacked = err != nil && !errors.Is(err, ErrClosed)
	if s.unacked {
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
	if s.warned {
		stop = nil
	}
	select {
	case <-t.C:
		return 0
	case <-stop:
	case <-s.disowned:
	}
	return max(0, time.Until(until))
}

// Abandoned implements delivery.Source.
func (s *engineSource) Abandoned() bool {
	select {
	case <-s.disowned:
		return true
	default:
		return false
	}
}

// Interrupts implements delivery.Source: Stop does, once.
func (s *engineSource) Interrupts() bool {
	urged := s.stopping() && !s.warned
	s.warned = s.stopping()
	return urged
}

// Overtaken implements delivery.Source: who writes to an engine does not wait for its reader.
func (s *engineSource) Overtaken(int) bool { return false }

// FillUp implements delivery.Source: what was read is all there is.
func (s *engineSource) FillUp() {}

// Accepts implements delivery.Source: it is the queue that tells of drops.
func (s *engineSource) Accepts(bool) {}

// DeadLettered implements delivery.Source.
func (s *engineSource) DeadLettered() { s.count(func(t *TargetStats) { t.DeadLetter++ }) }
