package queuecore

import (
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// writeThrough delivers a record that found no room to every target, on the caller's goroutine. It tries once; as there is no
// telling then who is to hear of an error, OnError is.
func (q *queue) writeThrough(level zapcore.Level, tape []byte) {
	self := base.GoroutineID()
	q.writers.enter(self)
	defer q.writers.leave(self)
	fates := make([]arena.Fate, len(q.listeners))
	causes := make([]Cause, len(q.listeners))
	for i, l := range q.listeners {
		t := &through{listener: l}
		t.delivery = newDelivery(l.target, l.report, t)
		t.target.RetryAttempts = 1
		t.add(0, tape, level, q.cfg.PrepareDelivery)
		t.deliver()
		fates[i], causes[i] = t.fate, t.cause
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.arena.CountThrough(fates)
	for i, l := range q.listeners {
		if fates[i] == arena.Dropped {
			q.dropLocked(l, causes[i], level)
		}
	}
}

// through is the source of a delivery of one record that was never in the arena.
type through struct {
	*listener
	delivery

	fate  arena.Fate
	cause Cause
}

func (t *through) settle(_ int, fate arena.Fate, cause Cause, _ zapcore.Level) {
	t.fate, t.cause = fate, cause
}

func (t *through) resolve(int) {}

func (t *through) took(bool) {}

func (t *through) overtaken(int) bool { return false }

var _ source = (*through)(nil)
