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

// One goroutine at a time flushes, under the flushLock. A flush hands over what the buffer held when it began, and no more, however much
// others, or the target itself, log meanwhile. A Write that has a reason to flush does not wait for a running flush: another flush follows
// on a new goroutine. Only Sync, Close, SetTarget and an entry above Error wait for its end, within a deadline, and not if the target
// calls them from within the flush.

// flush flushes, unless a flush is running or the target is left alone after a failure.
func (b *buffer) flush() {
	b.mu.Lock()
	may := b.mayFlushLocked()
	b.mu.Unlock()
	if may && b.lock.tryAcquire() {
		b.flushHeld()
	}
}

// flushHeld flushes if the buffer may, reports an error, and releases the lock, which the caller holds.
func (b *buffer) flushHeld() {
	b.mu.Lock()
	may := b.mayFlushLocked()
	b.mu.Unlock()
	if !may {
		release(b)
		return
	}
	if err := b.finish(b.flusher.next()); err != nil {
		b.report.Failed(err, 0)
	}
}

// mayFlushLocked reports whether a Write may flush: there is a target, and no recent failure.
func (b *buffer) mayFlushLocked() bool {
	return b.target != nil && b.attempts.allowed()
}

// attempts decides when a Write may flush again after a failure.
type attempts struct {
	retry   base.Backoff
	failing bool // the target did not take everything at the last flush
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

// noteSuccess notes that the target is done with everything. If works, it has also taken every record, and a failure is reported as over.
func (b *buffer) noteSuccess(works bool) {
	b.mu.Lock()
	b.attempts.succeeded()
	b.mu.Unlock()
	if works {
		b.report.Recovered()
	}
}

// untilEmpty is larger than any sequence number: a flush up to it ends when the buffer is empty.
const untilEmpty = ^uint64(0)

// finish flushes at least the records before sequence number upto, and releases the lock, which the caller holds. The error says why
// records are left.
func (b *buffer) finish(upto uint64) error {
	defer release(b)
	return b.flusher.run(upto)
}

// release releases the lock, or hands it to a new goroutine if another flush is wanted.
func release(b *buffer) {
	if b.lock.release() {
		go b.flushHeld()
	}
}

// finishAndSync is finish, and syncs the target before it releases the lock, so that without the lock nobody uses the target. With urgent
// it makes one batch of everything first, see flusher.fillUp.
func (b *buffer) finishAndSync(urgent bool, upto uint64) error {
	defer release(b)
	if urgent {
		b.flusher.fillUp()
	}
	err := b.flusher.run(upto)
	b.mu.Lock()
	target := b.target
	b.mu.Unlock()
	if target != nil {
		err = multierr.Append(err, base.Guard(target.Sync))
	}
	return err
}

// syncNow is Core.Sync. Records that come meanwhile do not delay it.
func (b *buffer) syncNow(timeout time.Duration) error {
	begin := time.Now()
	switch b.lock.acquireFirst(timeout) {
	case reentrant:
		return nil
	case busy:
		return timeoutError(timeout)
	}
	upto := b.flusher.next()
	return bounded(begin, timeout, func() error { return b.finishAndSync(false, upto) })
}

// bounded calls f, which calls the target, on a new goroutine, and waits for it until timeout after begin; a negative timeout is no bound.
// After that f goes on in the background.
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
		return timeoutError(timeout)
	}
}

// errExited is the error of a target that ends the goroutine that calls it, as t.FailNow does.
var errExited = errors.New("buffercore: the target has ended its goroutine (runtime.Goexit)")

func timeoutError(timeout time.Duration) error {
	return fmt.Errorf("buffercore: the target is not done within %v: %w", timeout, os.ErrDeadlineExceeded)
}

// setTarget is Core.SetTarget.
func (b *buffer) setTarget(target zapcore.Core) {
	if belongsTo(target, b) {
		b.report.Failed(errTargetIsBuffer, 0)
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
		b.report.Failed(fmt.Errorf("buffercore: SetTarget: the old target is still in use: %w", timeoutError(b.cfg.DrainTimeout)), 0)
	}
}

func (b *buffer) setTargetLocked(target zapcore.Core) {
	b.target = target
	b.generation++
}

// isCurrent reports whether the target of that generation is still the target.
func isCurrent(b *buffer, turn uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.generation == turn
}

var errTargetIsBuffer = errors.New("buffercore: SetTarget: a buffer that flushes to itself would do so for ever; the old target stays")

// belongsTo reports whether core is a Core or a Recording of b, or a Tee with one.
func belongsTo(core zapcore.Core, b *buffer) bool {
	if members, is := tees.Members(core); is {
		return slices.ContainsFunc(members, func(m zapcore.Core) bool { return belongsTo(m, b) })
	}
	switch c := core.(type) {
	case *Core:
		return c.buffer == b
	case *Recording:
		return c.shared.buffer == b
	}
	return false
}

// errNoTarget is the cause of the LostError of a buffer without a target.
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
	err := finalFlush(b)
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

// finalFlush flushes, or discards what is left, and waits for the goroutine of FlushInterval to end, all within DrainTimeout.
func finalFlush(b *buffer) error {
	begin, timeout := time.Now(), b.cfg.DrainTimeout
	switch b.lock.acquireFirst(timeout) {
	case reentrant:
		return nil
	case busy:
		return timeoutError(timeout)
	}
	return bounded(begin, timeout, func() (err error) {
		if b.cfg.DiscardOnClose {
			b.flusher.discard()
			release(b)
		} else {
			err = b.finish(untilEmpty)
		}
		<-b.stopped
		return err
	})
}

// flushPeriodically flushes every FlushInterval until Close. If the target, or OnError, ends its goroutine, another goes on.
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
