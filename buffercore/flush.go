package buffercore

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/internal/tees"
	base "example.com/zaphandlers/zapcore"
)

// One goroutine at a time flushes: what the buffer held when it began, and no more, however much others log meanwhile, or the target
// itself does. Whoever has a reason to flush meanwhile does not wait, but has another flush follow, by a goroutine of its own. Only Sync,
// Close, SetTarget and an entry above Error wait for it to end, within a deadline, unless they are called from within it, by the target.

// flush flushes, unless somebody does, or the target is left alone for a while.
func (b *buffer) flush() {
	b.mu.Lock()
	may := b.mayFlushLocked()
	b.mu.Unlock()
	if may && b.lock.tryAcquire() {
		b.flushHeld()
	}
}

// flushHeld flushes what there is if the buffer may, and releases the lock. An error is reported.
func (b *buffer) flushHeld() {
	b.mu.Lock()
	may := b.mayFlushLocked()
	b.mu.Unlock()
	if !may {
		release(b)
		return
	}
	if err := b.finish(false, b.flusher.next()); err != nil {
		b.report.Failed(err, 0)
	}
}

// mayFlushLocked tells whether the buffer may flush of its own accord: not too soon after a failure.
func (b *buffer) mayFlushLocked() bool {
	return b.target != nil && b.attempts.allowed()
}

// attempts decides when a buffer may flush of its own accord.
type attempts struct {
	retry   base.Backoff
	failing bool // the last flush left something
}

func (a *attempts) allowed() bool { return !a.failing || a.retry.Wait(time.Now()) == 0 }

func (a *attempts) failed() {
	a.failing = true
	a.retry.Failed(time.Now())
}

func (a *attempts) succeeded() {
	if a.failing {
		a.failing = false
		a.retry.Succeeded(time.Now())
	}
}

func (b *buffer) noteFailure() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.attempts.failed()
}

// noteSuccess notes that the target has left nothing. It works only if it has taken what it was given: one that has refused a record
// is no better than before.
func (b *buffer) noteSuccess(works bool) {
	b.mu.Lock()
	b.attempts.succeeded()
	b.mu.Unlock()
	if works {
		b.report.Recovered()
	}
}

// forever is a sequence number that no record has: a flush up to it ends when nothing is left.
const forever = ^uint64(0)

// finish flushes, up to the record of a sequence number at least, and releases the lock. The error is why something is left.
func (b *buffer) finish(urgent bool, upto uint64) error {
	defer release(b)
	return handOver(b, urgent, upto)
}

// handOver flushes, up to the record of a sequence number at least. The caller holds the lock.
func handOver(b *buffer, urgent bool, upto uint64) error {
	if urgent {
		b.flusher.fillUp()
	}
	return b.flusher.run(upto)
}

// release gives the lock to the flush that follows, if one was asked for.
func release(b *buffer) {
	if b.lock.release() {
		go b.flushHeld()
	}
}

// finishAndSync is finish, and syncs the target before that: when the lock is free again nobody uses the target.
func (b *buffer) finishAndSync(urgent bool, upto uint64) error {
	defer release(b)
	err := handOver(b, urgent, upto)
	b.mu.Lock()
	target := b.target
	b.mu.Unlock()
	if target != nil {
		err = multierr.Append(err, base.Guard(target.Sync))
	}
	return err
}

// syncNow flushes what the buffer holds and syncs the target. What comes meanwhile does not delay it.
func (b *buffer) syncNow(timeout time.Duration) error {
	begin := time.Now()
	switch b.lock.acquireFirst(timeout) {
	case within:
		return nil
	case busy:
		return late(timeout)
	}
	upto := b.flusher.next()
	return bounded(begin, timeout, func() error { return b.finishAndSync(false, upto) })
}

// bounded calls f, which calls the target, by a goroutine of its own, and waits for it until the timeout has passed since begin; negative
// is no bound. A target that is stuck is left to itself then.
func bounded(begin time.Time, timeout time.Duration, f func() error) error {
	done := make(chan error, 1)
	go func() {
		err := errExited
		defer func() { done <- err }()
		err = f()
	}()
	if timeout < 0 {
		return <-done
	}
	expired := time.NewTimer(max(0, timeout-time.Since(begin)))
	defer expired.Stop()
	select {
	case err := <-done:
		return err
	case <-expired.C:
		return late(timeout)
	}
}

// errExited is what is said of a target that ends the goroutine it is called by, as t.FailNow does.
var errExited = errors.New("buffercore: the target has ended its goroutine (runtime.Goexit)")

func late(timeout time.Duration) error {
	return fmt.Errorf("buffercore: the target is not done within %v: %w", timeout, os.ErrDeadlineExceeded)
}

func (b *buffer) setTarget(target zapcore.Core) {
	if isOf(target, b) {
		b.report.Failed(errItself, 0)
		return
	}
	got := b.lock.acquireFirst(b.cfg.DrainTimeout)
	b.mu.Lock()
	if !b.closed {
		b.setTargetLocked(target)
		b.attempts.failing = false
	}
	b.mu.Unlock()
	switch got {
	case acquired:
		release(b)
	case busy:
		b.report.Failed(fmt.Errorf("buffercore: SetTarget: the old target is still in use: %w", late(b.cfg.DrainTimeout)), 0)
	}
}

func (b *buffer) setTargetLocked(target zapcore.Core) {
	b.target = target
	b.turn++
}

// inTurn tells whether the target is still the one whose turn that was.
func inTurn(b *buffer, turn uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.turn == turn
}

var errItself = errors.New("buffercore: SetTarget: a buffer that flushes to itself would do so for ever; the old target stays")

// isOf tells whether a core is one of a buffer's, or a Tee with one.
func isOf(core zapcore.Core, b *buffer) bool {
	if members, is := tees.Members(core); is {
		return slices.ContainsFunc(members, func(m zapcore.Core) bool { return isOf(m, b) })
	}
	switch c := core.(type) {
	case *Core:
		return c.buffer == b
	case *Recording:
		return c.shared.buffer == b
	}
	return false
}

// errNoTarget is why a buffer without a target has lost what it held.
var errNoTarget = errors.New("buffercore: it has no target: give it one by Config.Target or SetTarget")

// close is Core.Close.
func (b *buffer) close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	before := b.arena.Stats().Dropped
	active := b.recordings
	b.recordings = nil
	b.mu.Unlock()
	close(b.stop)
	for r := range active {
		r.end(false)
	}
	err := lastFlush(b)
	b.mu.Lock()
	defer b.mu.Unlock()
	untargeted := b.target == nil
	b.setTargetLocked(nil)
	b.arena.Abandon(nil, func(int, zapcore.Level) {})
	if lost := b.arena.Stats().Dropped - before; lost > 0 {
		if untargeted && err == nil {
			err = errNoTarget
		}
		return &LostError{Records: lost, Err: err}
	}
	return err
}

// lastFlush flushes, or discards what is left, and waits for the goroutine of FlushInterval to end: all within DrainTimeout.
func lastFlush(b *buffer) error {
	begin, timeout := time.Now(), b.cfg.DrainTimeout
	switch b.lock.acquireFirst(timeout) {
	case within:
		return nil
	case busy:
		return late(timeout)
	}
	return bounded(begin, timeout, func() (err error) {
		if b.cfg.DiscardOnClose {
			b.flusher.discard()
			release(b)
		} else {
			err = b.finish(false, forever)
		}
		<-b.stopped
		return err
	})
}

// flushPeriodically flushes until Close. If the target, or OnError, ends the goroutine another goes on.
func flushPeriodically(b *buffer) {
	ended := true
	defer func() {
		if ended {
			go flushPeriodically(b)
		} else {
			close(b.stopped)
		}
	}()
	tick := time.NewTicker(b.cfg.FlushInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.flush()
		case <-b.stop:
			ended = false
			return
		}
	}
}
