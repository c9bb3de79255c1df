package queuecore

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/arena"
)

const lanes = 2

// line is where producers wait for room, first come first served, each with its lane; those with an error go first.
type line []*producer

// producer is a Write that waits.
type producer struct {
	size     int           // bytes it needs
	admitted bool          // they are reserved for it; guarded by queue.mu
	ready    chan struct{} // gets a value when it is admitted, or dismissed; of capacity 1
}

var producerPool = sync.Pool{New: func() any { return &producer{ready: make(chan struct{}, 1)} }}

// crowdedLocked tells whether others waited first.
func (q *queue) crowdedLocked(lane arena.Lane) bool {
	return len(q.waiting[arena.High]) > 0 || lane == arena.Low && len(q.waiting[arena.Low]) > 0
}

// admitLocked lets producers in when there is room. It waits for room for many of them, so that producers and listeners do not
// take turns over each record.
func (q *queue) admitLocked() {
	if len(q.waiting[arena.High]) == 0 && len(q.waiting[arena.Low]) == 0 {
		return
	}
	limit := q.arena.Limit()
	if q.arena.Used() > limit-min(limit/8, 256<<10) {
		return
	}
	for lane := arena.High; lane >= arena.Low; lane-- {
		ln := &q.waiting[lane]
		for len(*ln) > 0 {
			p := (*ln)[0]
			if q.arena.Used()+p.size > limit {
				return
			}
			q.arena.Reserve(p.size)
			p.admitted = true
			p.ready <- struct{}{}
			*ln = slices.Delete(*ln, 0, 1)
		}
	}
}

// dismissLocked sends all that wait away: the queue closes.
func (q *queue) dismissLocked() {
	for lane := range q.waiting {
		for _, p := range q.waiting[lane] {
			p.ready <- struct{}{}
		}
		q.waiting[lane] = nil
	}
}

// putSlowly is put when the arena is full or closed.
func (q *queue) putSlowly(level zapcore.Level, tape []byte) error {
	if arena.Size(len(tape)) > q.cfg.MaxBytes {
		q.refuse()
		return ErrTooLarge
	}
	timeout := q.cfg.BlockTimeout
	if arena.LaneOf(level) == arena.High {
		timeout = q.cfg.BlockTimeoutError
	}
	if q.current() != nil {
		timeout = 0 // a target must not wait for the room it makes
	}
	return q.putWaiting(level, tape, timeout)
}

// putWaiting puts the record as soon as there is room.
func (q *queue) putWaiting(level zapcore.Level, tape []byte, timeout time.Duration) error {
	lane := arena.LaneOf(level)
	p := producerPool.Get().(*producer)
	p.size, p.admitted = arena.Size(len(tape)), false
	q.mu.Lock()
	if !q.closed && (timeout == 0 || !q.crowdedLocked(lane) && q.arena.Fits(len(tape))) {
		return q.lastChance(p, level, tape)
	}
	if !q.closed {
		q.waiting[lane] = append(q.waiting[lane], p)
		q.mu.Unlock()
		q.wake()
		p.wait(timeout)
		q.mu.Lock()
	}
	return q.lastChance(p, level, tape)
}

// wait returns when p is admitted or dismissed, or after the timeout.
func (p *producer) wait(timeout time.Duration) {
	expired, stop := after(timeout)
	defer stop()
	select {
	case <-p.ready:
	case <-expired:
	}
}

// lastChance puts the record if p has been admitted or there is room now; else it is refused. It is called with the lock held,
// and releases it.
func (q *queue) lastChance(p *producer, level zapcore.Level, tape []byte) error {
	lane := arena.LaneOf(level)
	if i := slices.Index(q.waiting[lane], p); i >= 0 {
		q.waiting[lane] = slices.Delete(q.waiting[lane], i, i+1)
	}
	select {
	case <-p.ready: // it was admitted just after its time had passed
	default:
	}
	if p.admitted {
		q.arena.Reserve(-p.size)
	}
	var err error
	wake := false
	switch {
	case q.closed:
		err = ErrClosed
	case q.arena.Fits(len(tape)):
		wake = q.putLocked(lane, level, tape)
	default:
		err = ErrFull
	}
	if err != nil {
		q.refused++
	}
	q.mu.Unlock()
	producerPool.Put(p)
	if wake {
		q.wake()
	}
	return err
}
