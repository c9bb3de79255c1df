package queuecore

import (
	"math"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/idle"
	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// listener is the goroutine of one target. It is the source of that target's delivery.
type listener struct {
	q     *queue
	index int

	goroutine goroutine
	idle      *idle.Idle
	stopped   chan struct{} // closed when the goroutine ends

	// Guarded by q.mu.
	flushes   flushRequests
	notice    gapNotice
	lastError error // of the Sync at the end
	drops     drops
	dead      uint64 // records that the dead-letter Core took

	// Owned by the goroutine.
	delivery
	reader *arena.Reader // its methods but Next, SetFate, Len, Level and Tape need q.mu
	losses losses

	sawClosed bool // urged has spoken of the Close
}

func newListener(q *queue, i int) *listener {
	l := &listener{
		q:       q,
		index:   i,
		idle:    idle.New(),
		stopped: make(chan struct{}),
		reader:  q.arena.Reader(i),
	}
	target := q.cfg.Targets[i]
	l.delivery = newDelivery(target, target.reporter(q.cfg.OnError), l)
	return l
}

// run delivers until the queue is closed and empty, or abandoned.
func (l *listener) run() {
	defer close(l.stopped)
	l.goroutine.enter()
	defer l.goroutine.leave()
	for {
		l.overtake()
		switch {
		case l.fill():
			l.idle.Busy()
			l.linger()
			l.deliver()
			l.resolve(l.reader.Len())
			l.answer()
		case l.tellGap():
		case l.dirty:
			l.flush()
		case !l.wait():
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
// words, not of what comes before them. Some rounds, because each lane may have been claimed in part.
func (l *listener) fillUp() {
	for range arena.Lanes + 1 {
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
		if i := l.reader.Len() - 1; !l.wasDelivered(i) {
			bytes -= l.add(i, tape, level, l.q.cfg.PrepareDelivery)
		}
	}
}

// wasDelivered tells whether the held record i was delivered ahead of its turn, and forgets that.
func (l *listener) wasDelivered(i int) bool {
	if len(l.flushes.overtaken) == 0 {
		return false
	}
	sequence := l.reader.Sequence(i)
	was := l.flushes.overtaken[sequence]
	delete(l.flushes.overtaken, sequence)
	return was
}

// overtaken implements source.
func (l *listener) overtaken(i int) bool {
	l.overtake()
	return l.wasDelivered(i)
}

// overtake delivers, ahead of what is queued before them, records above Error of which the time is running out.
func (l *listener) overtake() {
	if l.flushes.urgent.Load() == 0 {
		return
	}
	l.q.mu.Lock()
	late := l.flushes.late(time.Now(), l.reader.Done)
	if l.q.isOver {
		late = nil
	}
	l.q.mu.Unlock()
	for _, u := range late {
		if fate, _ := l.deliverOne(u.tape); fate != base.Delivered {
			continue // it keeps its turn
		}
		if l.flushes.overtaken == nil {
			l.flushes.overtaken = make(map[uint64]bool)
		}
		l.flushes.overtaken[u.sequence] = true
		if err := base.Guard(l.target.Core.Sync); err != nil {
			l.report.Failed(err, 0)
		}
	}
}

// deliverOne hands a record to the target that is none of those in hand.
func (l *listener) deliverOne(tape []byte) (fate base.Fate, err error) {
	var batch, view base.Batch
	var fates [1]base.Fate
	batch.Add(tape)
	if prepare := l.q.cfg.PrepareDelivery; prepare != nil {
		kept, err := l.prepare(tape, prepare)
		if err != nil || kept == nil {
			return base.Unwanted, err
		}
		view.Add(kept)
		batch = view
	}
	enabled, err := l.target.asked(batch.Level(0))
	if err != nil || !enabled {
		return base.Unwanted, err
	}
	rejection, err := base.Offer(l.target.Core, &batch, l.target.IgnoreLevel, fates[:])
	return fates[0], multierr.Append(rejection, err)
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
	q := l.q
	q.mu.Lock()
	if q.isOver { // Close has counted them
		q.mu.Unlock()
		return
	}
	l.reader.Resolve(n)
	l.losses.resolve(n, func(lost loss) { q.dropLocked(l, lost.cause, lost.level) })
	admitted, wake := q.admitLocked(false)
	pending := q.drops.pendingLocked()
	q.mu.Unlock()
	admitted.Wake()
	if wake {
		q.wake()
	}
	if pending {
		q.drops.tell()
	}
}

// took implements source.
func (l *listener) took(any bool) { l.notice.took(any) }

// deadLettered implements source.
func (l *listener) deadLettered() {
	l.q.mu.Lock()
	l.dead++
	l.q.mu.Unlock()
}

// tellGap tells the target, once it has caught up, of the records that it did not get. It returns whether it told. A target that
// takes nothing is not told of that, and one that refuses the notice for good does not get it again.
func (l *listener) tellGap() bool {
	l.q.mu.Lock()
	var gap drops
	if !l.q.cfg.OmitNotice && !l.q.isOver {
		gap = l.notice.takeLocked()
	}
	l.q.mu.Unlock()
	if gap == nil {
		return false
	}
	r := notice(gap)
	enabled, err := l.target.asked(r.Level())
	if err != nil || !enabled {
		return false
	}
	var batch base.Batch
	var fate [1]base.Fate
	batch.Add(r.Bytes())
	rejection, err := base.Offer(l.target.Core, &batch, l.target.IgnoreLevel, fate[:])
	l.notice.took(fate[0] == base.Delivered)
	if fate[0] != base.Delivered {
		if err = multierr.Append(rejection, err); err != nil {
			l.report.Failed(err, 0)
		}
	}
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	switch fate[0] {
	case base.Delivered:
		l.notice.sent++
		l.dirty = true
		return true
	case base.Kept:
		l.notice.keepLocked(gap)
	}
	return false
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
