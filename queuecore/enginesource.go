package queuecore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// receiver is the goroutine of one target of a Listener. It is the source of that target's delivery.
type receiver struct {
	delivery
	listener  *Listener
	index     int
	goroutine goroutine
	ctx       context.Context // done when stop is closed
	cancel    context.CancelFunc
	stop      chan struct{} // closed by Stop, after upto is set
	upto      uint64        // the last record to deliver before the end
	disowned  chan struct{} // closed when Stop waits no longer
	stopped   chan struct{} // closed when the goroutine ends

	// Owned by the goroutine.
	read    base.Batch
	fates   []arena.Fate // of the records of read that are not resolved
	losses  losses       // of those
	number  uint64       // of the last that is
	unacked bool         // the engine has not been told
	warned  bool         // urged has spoken
}

func newReceiver(l *Listener, i int) *receiver {
	r := &receiver{
		listener: l,
		index:    i,
		stop:     make(chan struct{}),
		disowned: make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	target := l.cfg.Targets[i]
	r.delivery = newDelivery(target, target.reporter(l.cfg.OnError), r)
	return r
}

// run delivers until it is stopped.
func (r *receiver) run() {
	defer close(r.stopped)
	r.goroutine.enter()
	defer r.goroutine.leave()
	for !r.gone() {
		if r.unacked && !r.ack() {
			continue
		}
		r.read.Reset()
		last, err := r.readMore()
		switch {
		case err == nil:
			r.backoff.Succeeded(time.Now())
			r.receive(last)
			if !r.stopping() || r.number < r.upto {
				continue
			}
		case errors.Is(err, ErrClosed), r.stopping():
		default:
			r.report.Failed(err, 0)
			r.hold(err)
			continue
		}
		break
	}
	if !r.gone() {
		if err := base.Guard(r.target.Core.Sync); err != nil {
			r.report.Failed(err, 0)
		}
	}
}

// readMore waits for records. An engine that panics has failed.
func (r *receiver) readMore() (last uint64, err error) {
	err = base.Guard(func() (err error) {
		last, err = r.listener.engine.Read(r.ctx, r.target.Name, &r.read)
		return err
	})
	return last, err
}

// acknowledge tells the engine how far this target has come.
func (r *receiver) acknowledge(number uint64) error {
	return base.Guard(func() error { return r.listener.engine.Ack(r.target.Name, number) })
}

// receive delivers what was read, of which the last record has that number.
func (r *receiver) receive(last uint64) {
	n := r.read.Len()
	r.number = last - uint64(n)
	r.fates = append(r.fates[:0], make([]arena.Fate, n)...)
	r.count(func(s *TargetStats) { s.Accepted += uint64(n); s.Pending += uint64(n) })
	for i := 0; i < n; {
		done := n - len(r.fates)
		for bytes := 0; i < n && len(r.members) < r.target.BatchRecords && bytes < r.target.BatchBytes; i++ {
			bytes += r.add(i-done, r.read.Tape(i), r.read.Level(i), r.listener.cfg.PrepareDelivery)
		}
		r.deliver()
		r.resolve(i - (n - len(r.fates)))
		if r.gone() {
			return
		}
	}
	r.flush()
}

// count changes the counts, unless they are nobody's business any more.
func (r *receiver) count(change func(*TargetStats)) {
	r.listener.mu.Lock()
	defer r.listener.mu.Unlock()
	if !r.gone() {
		change(&r.listener.counts[r.index])
	}
}

// disownLocked gives what is not resolved back to the engine.
func (r *receiver) disownLocked() {
	s := &r.listener.counts[r.index]
	s.Accepted -= s.Pending
	s.Pending = 0
	close(r.disowned)
}

func (r *receiver) stopping() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

// settle implements source.
func (r *receiver) settle(i int, fate arena.Fate, cause Cause, level zapcore.Level) {
	r.fates[i] = fate
	if fate == arena.Dropped {
		r.losses = append(r.losses, loss{i, cause, level})
	}
}

// resolve implements source.
func (r *receiver) resolve(n int) {
	if n == 0 || r.gone() {
		return
	}
	var counts [3]uint64
	for _, f := range r.fates[:n] {
		counts[f]++
	}
	r.fates = r.fates[n:]
	r.number += uint64(n)
	var lost drops
	r.losses.resolve(n, func(l loss) { lost.add(Drop{Target: r.index, Level: l.level, Cause: l.cause, Records: 1}) })
	r.count(func(s *TargetStats) {
		s.Delivered += counts[arena.Delivered]
		s.Skipped += counts[arena.Skipped]
		s.Dropped += counts[arena.Dropped]
		s.Pending -= uint64(n)
		for _, d := range lost {
			(*drops)(&s.Drops).add(d)
		}
	})
	r.unacked = true
	r.unacked = r.acknowledge(r.number) != nil
	r.tell(lost)
}

// tell calls OnDrop.
func (r *receiver) tell(lost drops) {
	if r.listener.cfg.OnDrop == nil {
		return
	}
	for _, d := range lost {
		if err := base.Guard(func() error { r.listener.cfg.OnDrop(d); return nil }); err != nil {
			r.report.Failed(fmt.Errorf("queuecore: OnDrop: %w", err), 0)
		}
	}
}

// ack tells the engine what it would not hear before: to read on would be to read the same again. It waits after a failure.
func (r *receiver) ack() bool {
	err := r.acknowledge(r.number)
	r.unacked = err != nil && !errors.Is(err, ErrClosed)
	if r.unacked {
		r.report.Failed(err, 0)
		r.hold(err)
	}
	return !r.unacked
}

// pause implements source.
func (r *receiver) pause(d time.Duration) (left time.Duration) {
	until := time.Now().Add(d)
	t := time.NewTimer(d)
	defer t.Stop()
	stop := r.stop
	if r.warned {
		stop = nil
	}
	select {
	case <-t.C:
		return 0
	case <-stop:
	case <-r.disowned:
	}
	return max(0, time.Until(until))
}

// gone implements source.
func (r *receiver) gone() bool {
	select {
	case <-r.disowned:
		return true
	default:
		return false
	}
}

// urged implements source.
func (r *receiver) urged() bool {
	urged := r.stopping() && !r.warned
	r.warned = r.stopping()
	return urged
}

// overtaken implements source: who writes to an engine does not wait for its reader.
func (r *receiver) overtaken(int) bool { return false }

// fillUp implements source: what was read is all there is.
func (r *receiver) fillUp() {}

// took implements source: it is the queue that tells of drops.
func (r *receiver) took(bool) {}

// deadLettered implements source.
func (r *receiver) deadLettered() { r.count(func(s *TargetStats) { s.DeadLetter++ }) }
