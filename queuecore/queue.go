package queuecore

import (
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

	mu      *sync.Mutex // the arena's; guards the fields below; held for the making or the copy of a record, never for a call of anyone's code
	arena   *arena.Arena
	wakeAt  int         // a Write that finds more bytes than this taken wakes the listeners
	crowd   int         // producers that wait
	waiting [lanes]line // producers that found no room, by lane
	closed  bool        // no more records
	isOver  bool        // what is left has been counted
	refused uint64
	writers []uint64 // goroutines that deliver a record themselves: WriteThrough
	untold  drops    // of which OnDrop has not been told
	telling bool     // it is being told
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

func (q *queue) enabled(l zapcore.Level) bool {
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

func (q *queue) level() zapcore.Level {
	low := zapcore.InvalidLevel
	for i := range q.cfg.Targets {
		low = min(low, q.cfg.Targets[i].lowest())
	}
	if q.cfg.Level != nil {
		low = max(low, zapcore.LevelOf(q.cfg.Level))
	}
	return low
}

// write puts a record into the arena. An entry above Error is about to end the program: it returns when that is delivered.
func (q *queue) write(level zapcore.Level, tape []byte) error {
	if err := q.put(level, tape); err != nil || level <= zapcore.ErrorLevel {
		return err
	}
	q.lastWords()
	return nil
}

// put is the way of a tape that is made.
func (q *queue) put(level zapcore.Level, tape []byte) error {
	lane := arena.LaneOf(level)
	q.lock()
	if q.closed || q.crowd > 0 || !q.arena.Fits(len(tape)) {
		q.mu.Unlock()
		return q.putSlowly(level, tape)
	}
	wake := q.putLocked(lane, level, tape)
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return nil
}

// capture records plain data where it is to lie, which spares it a copy. It returns false, and has done nothing, if there is
// anything in the way: then the record takes the long way by write.
func (q *queue) capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field) bool {
	if q.crossing.Load() || ent.Level > zapcore.ErrorLevel || !base.IsPlain(fields) {
		return false
	}
	if !q.mu.TryLock() {
		q.crossing.Store(true)
		return false
	}
	ok := !q.closed && q.crowd == 0 && q.arena.Capture(ent, context, fields)
	wake := ok && q.wantsWakeLocked()
	q.mu.Unlock()
	if wake {
		q.wake()
	}
	return ok
}

// spins is how often lock asks: for longer than any holder that runs takes, and shorter than one step of a mutex that waits.
const spins = 100

// lock locks q.mu for a producer. Another one that holds it is done in a few dozen nanoseconds, and the mutex's own waiting is
// made for longer, so lock asks a few times first.
func (q *queue) lock() {
	for range spins {
		if q.mu.TryLock() {
			return
		}
	}
	q.mu.Lock()
}

// putLocked adds a record that fits, and returns whether the listeners are to be woken.
func (q *queue) putLocked(lane arena.Lane, level zapcore.Level, tape []byte) (wake bool) {
	q.arena.Put(lane, level, tape)
	return q.wantsWakeLocked()
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
		l.look()
	}
}

func (q *queue) refuse() {
	q.mu.Lock()
	q.refused++
	q.mu.Unlock()
}

func (q *queue) stats() base.Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.arena.Stats()
	s.Refused += q.refused
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
	q.dismissLocked()
	dropped := q.arena.Stats().Dropped
	q.mu.Unlock()

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
	defer q.tell()
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
