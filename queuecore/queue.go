package queuecore

import (
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/spool"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// queue is what a Core, its With children and the goroutines of the targets share.
type queue struct {
	cfg       Config
	report    *base.Reporter
	targets   []*arenaSource
	abandoned chan struct{}          // closed when Close gives up what is left
	wanted    []zapcore.LevelEnabler // the levels that each target wants
	callers   callers
	flushes   flushes

	enqueuer    enqueuer
	mu          *sync.Mutex // the arena's; guards the fields below
	arena       *arena.Arena
	spool       *spool.Spool // holds the arena, or is nil
	countsFinal bool         // abandon has counted what is left; resolving changes no counts
	drops       dropReports
}

func newQueue(cfg Config) (*queue, error) {
	memory, sp, err := newMemory(cfg)
	if err != nil {
		return nil, fmt.Errorf("queuecore: Config.Spool: %w", err)
	}
	q := &queue{
		cfg:       cfg,
		mu:        memory.Mutex(),
		arena:     memory,
		spool:     sp,
		report:    base.NewReporter("queuecore", cfg.OnError),
		abandoned: make(chan struct{}),
	}
	q.drops = dropReports{onDrop: cfg.OnDrop, report: q.report, mu: q.mu}
	q.flushes.q = q
	q.callers.start = time.Now()
	e := &q.enqueuer
	e.q, e.mu, e.arena, e.wakeAt = q, q.mu, memory, wakeNever
	e.overflow = overflow{targets: cfg.Targets, arena: memory, put: e.putLocked}
	e.unwanted.q = q
	e.overflow.onEvict = func(reader int, cause Cause, level zapcore.Level) { q.dropLocked(q.targets[reader], cause, level) }
	for i := range cfg.Targets {
		s := newArenaSource(q, i)
		q.targets = append(q.targets, s)
		q.callers.goroutines = append(q.callers.goroutines, &s.goroutine)
		q.wanted = append(q.wanted, cfg.Targets[i].wanted())
		if sp != nil {
			s.resumesAt = sp.Done(cfg.Targets[i].Name)
		}
	}
	if sp != nil {
		for _, note := range sp.Notes {
			q.report.Failed(fmt.Errorf("queuecore: Config.Spool: %w", note), 0)
		}
	}
	return q, nil
}

// newMemory makes the arena. If there is a spool, the arena lies in it, and holds the records that a former process left there.
func newMemory(cfg Config) (*arena.Arena, *spool.Spool, error) {
	if cfg.Spool == "" {
		return arena.New(cfg.MaxBytes, len(cfg.Targets)), nil, nil
	}
	var names []string
	for _, t := range cfg.Targets {
		names = append(names, t.Name)
	}
	sp, err := spool.Open(cfg.Spool, cfg.MaxBytes, names)
	if err != nil {
		return nil, nil, err
	}
	memory := arena.WithBacking(sp.Backing(), cfg.MaxBytes, len(cfg.Targets))
	var r base.Record
	for _, held := range sp.Records {
		r.View(held.Tape)
		memory.Restore(held.Sequence, r.Level(), held.Tape)
	}
	memory.SetNext(sp.Next)
	sp.Records = nil
	if err := sp.Begin(); err != nil {
		sp.Close(false, false)
		return nil, nil, err
	}
	return memory, sp, nil
}

func (q *queue) start() {
	for _, s := range q.targets {
		go s.run()
	}
}

// enabled reports whether a target wants records of level l. If a level panics, the record is taken.
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

// level is Core.Level.
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

// wake makes the goroutines of the targets look for work: those that sleep or nap at once, the others before they next would.
func (q *queue) wake() {
	for _, s := range q.targets {
		s.idle.Wake()
	}
}

// dropLocked counts a record that a target lost, for Targets, for OnDrop and for the notice.
func (q *queue) dropLocked(s *arenaSource, cause Cause, level zapcore.Level) {
	d := Drop{Target: s.index, Level: level, Cause: cause, Records: 1}
	s.drops.add(d)
	s.notice.pending.add(d)
	q.drops.addLocked(d)
	if cause == Full || cause == Evicted || cause == Lagging { // with the other causes, whoever reports the target's error counts the record
		s.report.Lost(1)
	}
}

func (q *queue) stats() base.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.arena.Stats()
	s.Refused += q.enqueuer.refused.Load()
	return s
}

// close is Core.Close. A target that closes its own queue does not wait for itself.
func (q *queue) close() error {
	q.mu.Lock()
	if q.enqueuer.closed {
		q.mu.Unlock()
		return nil
	}
	q.enqueuer.closed = true
	dismissed := q.enqueuer.overflow.Dismiss()
	dropped := q.arena.Stats().Dropped
	q.mu.Unlock()
	dismissed.Wake()

	q.wake()
	self := q.current()
	expired, stop := after(q.cfg.DrainTimeout)
	defer stop()
	for _, s := range q.targets {
		if s == self {
			continue
		}
		select {
		case <-s.stopped:
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

// current returns the target whose goroutine is calling, or nil.
func (q *queue) current() *arenaSource {
	id := base.GoroutineID()
	for _, s := range q.targets {
		if s.goroutine.Load() == id {
			return s
		}
	}
	return nil
}

// abandon gives up what is left, and returns the error of Close. dropped is how many records had been dropped when Close began.
func (q *queue) abandon(dropped uint64) error {
	defer q.drops.reportWithin(q.cfg.DrainTimeout)
	defer close(q.abandoned) // after Abandon, when resolving changes no counts
	var err error
	q.enqueuer.unwanted.refresh(math.MaxUint64)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.countsFinal = true
	if q.spool != nil {
		return q.suspendLocked(dropped)
	}
	left := make([]int, len(q.targets))
	q.arena.Abandon(q.enqueuer.unwanted.has, func(i int, level zapcore.Level) {
		left[i]++
		q.dropLocked(q.targets[i], Closed, level)
	})
	lost := q.arena.Stats().Dropped - dropped
	for i, s := range q.targets {
		err = multierr.Append(err, multierr.Append(s.lastError, undelivered(s, left[i])))
	}
	if lost > 0 {
		return &base.LostError{Records: lost, Err: err}
	}
	return err
}

// undelivered returns an error that says how many records are left for the target, and why; nil if there are none.
func undelivered(s *arenaSource, records int) error {
	if records == 0 {
		return nil
	}
	why := s.report.Failing()
	if why == "" {
		why = "it has not taken them in time"
	}
	return fmt.Errorf("queuecore: target %s: %d left: %s", s.target.Name, records, why)
}

// suspendLocked is abandon for a queue with a spool: it leaves what is pending to the next process.
func (q *queue) suspendLocked(dropped uint64) (err error) {
	q.arena.Suspend()
	inUse := false
	for _, s := range q.targets {
		err = multierr.Append(err, s.lastError)
		select {
		case <-s.stopped:
		default:
			inUse = true
		}
	}
	pending := q.arena.Pending()
	found := q.spool.Close(pending == 0, inUse)
	lost := q.arena.Stats().Dropped - dropped
	switch {
	case pending > 0 && found:
		err = multierr.Append(err, fmt.Errorf("queuecore: left in %s until the next start: %d: %w", q.cfg.Spool, pending, os.ErrDeadlineExceeded))
	case pending > 0:
		lost += pending
		err = multierr.Append(err, fmt.Errorf("queuecore: Config.Spool: the file in %s was removed or moved, with what was pending: %d", q.cfg.Spool, pending))
	}
	if lost > 0 {
		return &base.LostError{Records: lost, Err: err}
	}
	return err
}

// after returns a channel that gets a value when the timeout has passed, or never if it is negative. Call stop when done.
func after(timeout time.Duration) (expired <-chan time.Time, stop func() bool) {
	if timeout < 0 {
		return nil, func() bool { return true }
	}
	t := time.NewTimer(timeout)
	return t.C, t.Stop
}
