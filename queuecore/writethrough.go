package queuecore

import (
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/delivery"
	base "example.com/zaphandlers/zapcore"
)

// writeThrough delivers a record that found no room to every target, on the caller's goroutine. It tries once, and reports errors to
// OnError.
func (q *queue) writeThrough(level zapcore.Level, tape []byte) {
	self := base.GoroutineID()
	q.callers.writeThroughs.enter(self)
	defer q.callers.writeThroughs.leave(self)
	sources := make([]throughSource, len(q.targets))
	for i, t := range q.targets {
		s := &sources[i]
		s.arenaSource = t
		target := t.target.delivery(q.cfg.PrepareDelivery, t.report)
		target.RetryAttempts, target.DeadLetter = 1, delivery.DeadLetterOf(t.delivery)
		s.delivery = delivery.New(target, s)
		s.delivery.Add(0, tape, level)
		s.delivery.Deliver()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	outcomes := make([]base.Outcome, len(sources))
	for i := range sources {
		outcomes[i] = sources[i].outcome
		switch o := outcomes[i]; o {
		case base.Delivered, base.Skipped:
		default:
			q.dropLocked(q.targets[i], causeOf(o), level)
		}
	}
	q.arena.CountThrough(outcomes)
}

// throughSource is the source for the delivery of one record that was never in the arena.
type throughSource struct {
	*arenaSource
	delivery *delivery.Delivery
	outcome  base.Outcome
}

var _ delivery.Source = (*throughSource)(nil)

// SetOutcome implements delivery.Source.
func (s *throughSource) SetOutcome(_ int, o base.Outcome, _ zapcore.Level) { s.outcome = o }

// Resolve implements delivery.Source.
func (s *throughSource) Resolve(int) {}

// Accepts implements delivery.Source: only the target's goroutine sends notices.
func (s *throughSource) Accepts(bool) {}

// Abandoned implements delivery.Source: Close does not give up a record that its caller delivers.
func (s *throughSource) Abandoned() bool { return false }

// Overtaken implements delivery.Source.
func (s *throughSource) Overtaken(int) bool { return false }
