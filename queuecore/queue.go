package queuecore

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// queue is what a Core, its With children and the listeners share.
type queue struct {
	cfg       Config
	report    *base.Reporter
	listeners []*listener
	abandoned chan struct{}          // closed when Close has waited long enough
	wanted    []zapcore.LevelEnabler // what each target wants

	// A producer has met another at the lock since a listener last found nothing to do: they make their records before they
	// lock, and lock for a copy only.
	crossing atomic.Bool
	// A target has logged to its own full queue: producers ask whether they are called by one before they wait.
	reentrant atomic.Bool
	refused   atomic.Uint64

	mu       *sync.Mutex // the arena's; guards the fields below; held for the making or the copy of a record, never for a call of anyone's code
	arena    *arena.Arena
	wakeAt   int // a Write that finds more bytes than this taken wakes the listeners
	overflow overflow
	closed   bool // no more records
	isOver   bool // what is left has been counted
	drops    dropTeller

	writers throughWriters
}

const (
	wakeAlways = -1          // a listener sleeps
	wakeNever  = math.MaxInt // no listener sleeps or naps
)

func newQueue(cfg Config) *queue {
	memory := arena.New(cfg.MaxBytes, len(cfg.Targets))
	q := &queue{
		cfg:       cfg,
		mu:        memory.Mutex(),
		arena:     memory,
		report:    base.NewReporter("queuecore", cfg.OnError),
		wakeAt:    wakeNever,
		abandoned: make(chan struct{}),
	}
	q.drops = dropTeller{onDrop: cfg.OnDrop, report: q.report, mu: q.mu}
	q.overflow = overflow{targets: cfg.Targets, arena: memory, put: q.putLocked}
	q.overflow.lose = func(reader int, cause Cause, level zapcore.Level) { q.dropLocked(q.listeners[reader], cause, level) }
	for i := range cfg.Targets {
		q.listeners = append(q.listeners, newListener(q, i))
		q.wanted = append(q.wanted, cfg.Targets[i].wanted())
	}
	return q
}

func (q *queue) start() {
	for _, l := range q.listeners {
		go l.run()
	}
}

// enabled tells whether anybody wants records of level l. If a level panics nobody knows, and the record is taken.
func (q *queue) enabled(l zapcore.Level) (enabled bool) {
	defer func() {
		if p := recover(); p != nil {
			enabled = true
			q.report.Failed(fmt.Errorf("queuecore: Enabled: %w", &base.PanicError{Value: p}), 0)
		}
	}()
	if q.cfg.Level != nil && !q.cfg.Level.Enabled(l) {
		return false
	}
	for _, wanted := range q.wanted {
		if wanted.Enabled(l) {
			return true
		}
	}
	return false
}

func (q *queue) level() (low zapcore.Level) {
	defer func() {
		if recover() != nil {
			low = everything
		}
	}()
	low = zapcore.InvalidLevel
	for i := range q.cfg.Targets {
		low = min(low, q.cfg.Targets[i].lowest())
	}
	if q.cfg.Level != nil {
		low = max(low, zapcore.LevelOf(q.cfg.Level))
	}
	return low
}

// wantsWakeLocked tells whether the record just put is one that wakes the listeners.
func (q *queue) wantsWakeLocked() bool {
	if q.arena.Used() <= q.wakeAt {
		return false
	}
	q.wakeAt = wakeNever
	return true
}

// wake makes the listeners look: those that sleep or nap now, the others before they would.
func (q *queue) wake() {
	for _, l := range q.listeners {
		l.idle.Wake()
	}
}

// dropLocked counts a record that listener l lost, for Targets, for OnDrop and for the notice.
func (q *queue) dropLocked(l *listener, cause Cause, level zapcore.Level) {
	d := Drop{Target: l.index, Level: level, Cause: cause, Records: 1}
	l.drops.add(d)
	l.notice.gap.add(d)
	q.drops.addLocked(d)
}

func (q *queue) stats() base.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.arena.Stats()
	s.Refused += q.refused.Load()
	return s
}

// close is Core.Close. A target that closes its own queue does not wait for itself.
func (q *queue) close() error {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	q.closed = true
	dismissed := q.overflow.Dismiss()
	dropped := q.arena.Stats().Dropped
	q.mu.Unlock()
	dismissed.Wake()

	q.wake()
	self := q.current()
	expired, stop := after(q.cfg.DrainTimeout)
	defer stop()
	for _, l := range q.listeners {
		if l == self {
			continue
		}
		select {
		case <-l.stopped:
		case <-expired:
			return q.abandon(dropped)
		}
	}
	if self != nil {
		if q.cfg.DrainTimeout >= 0 {
			time.AfterFunc(q.cfg.DrainTimeout, func() { _ = q.abandon(dropped) })
		}
		return nil
	}
	return q.abandon(dropped)
}

// abandon gives up what is left, if anything is, and returns what went wrong since the number of dropped records was that.
func (q *queue) abandon(dropped uint64) error {
	defer q.drops.tellWithin(q.cfg.DrainTimeout)
	defer close(q.abandoned) // after Abandon: what a listener resolves then counts no more
	var err error
	q.mu.Lock()
	defer q.mu.Unlock()
	q.isOver = true
	q.arena.Abandon(func(i int, level zapcore.Level) { q.dropLocked(q.listeners[i], Closed, level) })
	lost := q.arena.Stats().Dropped - dropped
	for _, l := range q.listeners {
		err = multierr.Append(err, l.lastError)
	}
	if lost > 0 {
		return &base.LostError{Records: lost, Err: err}
	}
	return err
}

// after returns a channel that gets a value when the timeout has passed; never if it is negative.
func after(timeout time.Duration) (expired <-chan time.Time, stop func() bool) {
	if timeout < 0 {
		return nil, func() bool { return true }
	}
	t := time.NewTimer(timeout)
	return t.C, t.Stop
}
