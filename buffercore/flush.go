package buffercore

import (
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// One goroutine at a time flushes. Whoever comes meanwhile leaves it what there is to do, since it goes on until nothing
// is left; only Sync, Close, SetTarget and an entry above Error wait for it to end, unless they are called from within
// it, by the target.

// flushFor flushes because of a record of that level.
func (b *buffer) flushFor(level zapcore.Level) {
	if level > zapcore.ErrorLevel {
		if err := b.syncNow(true); err != nil {
			b.report.Failed(err, 0)
		}
		return
	}
	b.flush(false)
}

// mayFlushLocked tells whether the buffer may flush of its own accord: not too soon after a failure.
func (b *buffer) mayFlushLocked() bool {
	return b.target != nil && (!b.failing || b.retry.Wait(time.Now()) == 0)
}

// flush flushes if the buffer may. If somebody else does already it waits for them to end, or not. An error is reported.
func (b *buffer) flush(wait bool) {
	if !b.acquire(wait) {
		return
	}
	b.mu.Lock()
	if !b.mayFlushLocked() {
		b.releaseLocked()
		b.mu.Unlock()
		return
	}
	b.mu.Unlock()
	if err := b.finish(false); err != nil {
		b.report.Failed(err, 0)
	}
}

// acquire makes the caller the one that flushes. If somebody else is, it waits for them or returns false.
func (b *buffer) acquire(wait bool) bool {
	self := uint64(0)
	b.mu.Lock()
	for b.flushing {
		if !wait {
			b.mu.Unlock()
			return false
		}
		if self == 0 {
			self = base.GoroutineID()
		}
		if b.owner == self {
			b.mu.Unlock()
			return false
		}
		if b.idle == nil {
			b.idle = make(chan struct{})
		}
		idle := b.idle
		b.mu.Unlock()
		<-idle
		b.mu.Lock()
	}
	b.flushing, b.owner = true, 0
	b.mu.Unlock()
	return true
}

func (b *buffer) releaseLocked() {
	b.flushing = false
	if b.idle != nil {
		close(b.idle)
		b.idle = nil
	}
}

// sync is Core.Sync.
func (b *buffer) sync() error { return b.syncNow(false) }

// syncNow syncs; if it is urgent, in spite of a backoff of the target.
func (b *buffer) syncNow(urgent bool) error {
	if !b.acquire(true) {
		return nil
	}
	b.mu.Lock()
	target := b.target
	b.mu.Unlock()
	err := b.finish(urgent)
	if target != nil {
		err = multierr.Append(err, base.Guard(target.Sync))
	}
	return err
}

// finish flushes and lets the next one in. The error is why something is left.
func (b *buffer) finish(urgent bool) error {
	defer func() {
		b.mu.Lock()
		b.releaseLocked()
		b.mu.Unlock()
	}()
	if urgent {
		b.flusher.fillUp()
	}
	return b.flusher.run()
}

func (b *buffer) setTarget(target zapcore.Core) {
	if !b.acquire(true) {
		b.mu.Lock()
		b.target = target
		b.mu.Unlock()
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.target, b.failing = target, false
	}
	b.releaseLocked()
}

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
	var err error
	if b.acquire(true) {
		if b.cfg.DiscardOnClose {
			b.flusher.discard()
		} else {
			err = b.flusher.run()
		}
		b.mu.Lock()
		b.releaseLocked()
		b.mu.Unlock()
		<-b.stopped
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.target = nil
	b.arena.Abandon(func(int, zapcore.Level) {})
	if lost := b.arena.Stats().Dropped - before; lost > 0 {
		return &LostError{Records: lost, Err: err}
	}
	return err
}
