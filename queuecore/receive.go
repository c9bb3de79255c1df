package queuecore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// ListenerConfig makes a Listener.
type ListenerConfig struct {
	// Targets get the records, each by a goroutine and a cursor of its own. Required. The members of a Tee become targets
	// themselves. SkipWhenFull and BatchAge mean nothing here.
	Targets []TargetConfig
	// PrepareDelivery may change each record, or drop it, before a target gets it; see Config.PrepareDelivery. Defaults to none.
	PrepareDelivery Prepare
	// StopTimeout is how long Stop waits. Defaults to 10 s; negative means without a bound.
	StopTimeout time.Duration
	// OnError is told what goes wrong: see Config.OnError.
	OnError func(error)
}

// Listener is Python's QueueListener: it delivers what an engine holds. What a target could not take stays in the engine, and is
// delivered by the next Listener that has a target of that name: once at least, and more than once only if a listener ends
// between a delivery and its acknowledgement. Its methods are safe for concurrent use.
type Listener struct {
	engine Queue
	cfg    ListenerConfig

	mu        sync.Mutex  // guards the fields below, and the counts of the receivers
	receivers []*receiver // one a target; empty when stopped
	counts    []Stats     // of the targets, from receivers that have ended
}

// NewListener returns a Listener that waits for Start. An error names the field that is missing or wrong.
func NewListener(engine Queue, cfg ListenerConfig) (*Listener, error) {
	cfg.Targets = flatten(cfg.Targets)
	switch {
	case engine == nil:
		return nil, errors.New("queuecore: NewListener needs an engine")
	case len(cfg.Targets) == 0:
		return nil, errors.New("queuecore: ListenerConfig.Targets is required")
	}
	if err := setTargetDefaults(cfg.Targets); err != nil {
		return nil, err
	}
	names := make(map[string]bool)
	for _, t := range cfg.Targets {
		if names[t.Name] {
			return nil, fmt.Errorf("queuecore: ListenerConfig.Targets has two of the Name %q", t.Name)
		}
		names[t.Name] = true
	}
	setDefault(&cfg.StopTimeout, 10*time.Second)
	return &Listener{engine: engine, cfg: cfg, counts: make([]Stats, len(cfg.Targets))}, nil
}

// Start starts a goroutine for each target. It does nothing if they run.
func (l *Listener) Start() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.receivers != nil {
		return
	}
	for i := range l.cfg.Targets {
		r := newReceiver(l, i)
		l.receivers = append(l.receivers, r)
		if err := l.engine.Ack(r.target.Name, 0); err != nil { // before any of them lets the engine forget a record
			r.report.Failed(err, 0)
		}
	}
	for _, r := range l.receivers {
		go r.run()
	}
}

// Stop delivers what the engine held when Stop was called, syncs the targets and ends the goroutines. What cannot be delivered
// within StopTimeout stays in the engine, and the error, which wraps os.ErrDeadlineExceeded, says so. A target that calls it is not
// waited for. It does nothing if the Listener is not started.
func (l *Listener) Stop() error {
	l.mu.Lock()
	receivers := l.receivers
	l.receivers = nil
	l.mu.Unlock()
	if receivers == nil {
		return nil
	}
	last, err := l.engine.Append(&base.Batch{})
	if err != nil {
		last = 0 // closed or out of reach: there is nothing to wait for
	}
	self := base.GoroutineID()
	for _, r := range receivers {
		r.upto = last
		close(r.stop)
		r.cancel()
	}
	expired, done := after(l.cfg.StopTimeout)
	defer done()
	late := 0
	for _, r := range receivers {
		if r.goroutine.Load() == self {
			continue
		}
		select {
		case <-r.stopped:
		case <-expired:
			expired = expiredAlready
			late++
		}
	}
	l.mu.Lock()
	for _, r := range receivers {
		if r.goroutine.Load() != self {
			r.disownLocked()
		}
	}
	l.mu.Unlock()
	if late > 0 {
		return fmt.Errorf("queuecore: %d of %d targets not done within %v: %w", late, len(receivers), l.cfg.StopTimeout, os.ErrDeadlineExceeded)
	}
	return nil
}

var expiredAlready = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// Targets returns the counts of each target since NewListener: Accepted is what it has read and not given back.
func (l *Listener) Targets() []Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := append([]Stats(nil), l.counts...)
	return counts
}

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
		last, err := r.listener.engine.Read(r.ctx, r.target.Name, &r.read)
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

// receive delivers what was read, of which the last record has that number.
func (r *receiver) receive(last uint64) {
	n := r.read.Len()
	r.number = last - uint64(n)
	r.fates = append(r.fates[:0], make([]arena.Fate, n)...)
	r.count(func(s *Stats) { s.Accepted += uint64(n); s.Pending += uint64(n) })
	for i := 0; i < n; {
		done := n - len(r.fates)
		for i < n && len(r.members) < r.target.BatchRecords {
			r.add(i-done, r.read.Tape(i), r.read.Level(i), r.listener.cfg.PrepareDelivery)
			i++
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
func (r *receiver) count(change func(*Stats)) {
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
func (r *receiver) settle(i int, fate arena.Fate, _ Cause, _ zapcore.Level) { r.fates[i] = fate }

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
	r.count(func(s *Stats) {
		s.Delivered += counts[arena.Delivered]
		s.Skipped += counts[arena.Skipped]
		s.Dropped += counts[arena.Dropped]
		s.Pending -= uint64(n)
	})
	r.unacked = true
	r.unacked = r.listener.engine.Ack(r.target.Name, r.number) != nil
}

// ack tells the engine what it would not hear before: to read on would be to read the same again. It waits after a failure.
func (r *receiver) ack() bool {
	err := r.listener.engine.Ack(r.target.Name, r.number)
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

// fillUp implements source: what was read is all there is.
func (r *receiver) fillUp() {}

// deadLettered implements source.
func (r *receiver) deadLettered() {}
