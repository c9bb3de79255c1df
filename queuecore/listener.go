package queuecore

import (
	"math"
	"slices"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// A listener naps for minNap when it has found nothing, twice as long each time it finds nothing again, and sleeps when
// the nap would be longer than maxNap.
const (
	minNap = 200 * time.Microsecond
	maxNap = 5 * time.Millisecond
)

// listener is the goroutine of one target. It is the source of that target's delivery.
type listener struct {
	q     *queue
	index int

	goroutine goroutine
	looks     chan struct{} // of capacity 1: a value means that there may be something to do
	stopped   chan struct{} // closed when the goroutine ends

	// Guarded by q.mu.
	asks      []*ask // in the order of upto
	lastError error  // of the Sync at the end
	drops     drops
	gap       drops  // since the last notice
	notices   uint64 // delivered
	dead      uint64 // records that the dead-letter Core took

	// Owned by the goroutine.
	delivery
	reader *arena.Reader // its methods but Next, SetFate, Len, Level and Tape need q.mu
	losses losses
	nap    time.Duration

	sawClosed bool   // urged has spoken of the Close
	sawUrgent uint64 // and of the urgent asks up to this one
}

func newListener(q *queue, i int) *listener {
	l := &listener{
		q:       q,
		index:   i,
		looks:   make(chan struct{}, 1),
		stopped: make(chan struct{}),
		reader:  q.arena.Reader(i),
		nap:     minNap,
	}
	target := q.cfg.Targets[i]
	l.delivery = newDelivery(target, target.reporter(q.cfg.OnError), l)
	return l
}

// look makes the listener look for something to do before it next sleeps. It never blocks.
func (l *listener) look() {
	select {
	case l.looks <- struct{}{}:
	default:
	}
}

// run delivers until the queue is closed and empty, or abandoned.
func (l *listener) run() {
	defer close(l.stopped)
	l.goroutine.enter()
	defer l.goroutine.leave()
	for {
		switch {
		case l.fill():
			l.nap = minNap
			l.linger()
			l.deliver()
			l.resolve(l.reader.Len())
			l.answer()
		case l.tellGap():
		case l.dirty:
			l.flush()
		case !l.rest():
			l.finish()
			return
		}
	}
}

// fill claims what is new and adds it to the batch. It returns whether there is anything to resolve: perhaps only records
// that the target does not want.
func (l *listener) fill() bool {
	l.q.mu.Lock()
	found := l.reader.Claim(l.claimBytes())
	l.q.mu.Unlock()
	if found {
		l.walk(l.target.BatchRecords, l.target.BatchBytes)
	}
	return found
}

// claimBytes is how much the listener claims at once. What is claimed cannot be evicted, so that is never more than a
// part of the arena.
func (l *listener) claimBytes() int { return min(l.target.BatchBytes, l.q.cfg.MaxBytes/4) }

// fillUp adds everything that is queued, whatever the bounds: a Handler makes an exception of a batch that holds the last
// words, not of what comes before them. Two rounds, because each lane may have been claimed in part.
func (l *listener) fillUp() {
	for range 2 {
		l.q.mu.Lock()
		l.reader.Claim(math.MaxInt)
		l.q.mu.Unlock()
		l.walk(math.MaxInt, math.MaxInt)
	}
}

// walk adds claimed records to the batch up to its bounds.
func (l *listener) walk(records, bytes int) {
	for i := range l.batch.Len() {
		bytes -= len(l.batch.Tape(i))
	}
	for l.batch.Len() < records && bytes > 0 {
		tape, level, ok := l.reader.Next()
		if !ok {
			return
		}
		bytes -= l.add(l.reader.Len()-1, tape, level, l.q.cfg.PrepareDelivery)
	}
}

// settle implements source.
func (l *listener) settle(i int, fate arena.Fate, cause Cause, level zapcore.Level) {
	l.reader.SetFate(i, fate)
	if fate == arena.Dropped {
		l.losses = append(l.losses, loss{i, cause, level})
	}
}

// resolve implements source.
func (l *listener) resolve(n int) {
	if n == 0 {
		return
	}
	l.q.mu.Lock()
	l.q.resolveLocked(l, n)
	news := len(l.q.untold) > 0
	l.q.mu.Unlock()
	if news {
		l.q.tell()
	}
}

// resolveLocked resolves n records that l's reader holds.
func (q *queue) resolveLocked(l *listener, n int) {
	if q.isOver {
		return // Close has counted them
	}
	l.reader.Resolve(n)
	q.admitLocked()
	l.losses.resolve(n, func(lost loss) { q.dropLocked(l, lost.cause, lost.level) })
}

// deadLettered implements source.
func (l *listener) deadLettered() {
	l.q.mu.Lock()
	l.dead++
	l.q.mu.Unlock()
}

// tellGap tells the target, once it has caught up, of the records that it did not get. It returns whether it told.
func (l *listener) tellGap() bool {
	l.q.mu.Lock()
	if len(l.gap) == 0 || l.q.cfg.OmitNotice || l.q.isOver {
		l.q.mu.Unlock()
		return false
	}
	gap := slices.Clone(l.gap)
	l.gap = l.gap[:0]
	l.q.mu.Unlock()

	r := notice(gap)
	if !l.target.enabled(r.Level()) {
		return false
	}
	err := l.deliverNotice(r)
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	if err != nil {
		for _, d := range gap {
			l.gap.add(d)
		}
		return false
	}
	l.notices++
	l.dirty = true
	return true
}

func (l *listener) deliverNotice(r *base.Record) error {
	var batch base.Batch
	var fate [1]base.Fate
	batch.Add(r.Bytes())
	rejection, err := base.Offer(l.target.Core, &batch, l.target.IgnoreLevel, fate[:])
	return multierr.Append(rejection, err)
}

// finish syncs the target, after which the goroutine ends.
func (l *listener) finish() {
	if l.gone() {
		return
	}
	err := base.Guard(l.target.Core.Sync)
	l.q.mu.Lock()
	l.lastError = err
	l.q.mu.Unlock()
	l.answer()
}
