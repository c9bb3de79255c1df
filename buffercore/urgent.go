package buffercore

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// What becomes of an entry above Error: the program is about to end, so its Write waits for its delivery, and no longer than FatalTimeout.

// writeUrgent is write for an entry above Error: it is neither dropped for want of room, but waits for it, nor evicted as long as its
// Write waits.
func (b *buffer) writeUrgent(ent *zapcore.Entry, tape []byte) error {
	begin := time.Now()
	serious := b.when.serious(ent.Level)
	b.mu.Lock()
	b.urgent++
	b.makeRoomLocked(len(tape))
	put, err := b.tryPutLocked(ent.Level, tape)
	if err == nil && !put { // all is in the hands of a flush, or of its kind
		b.mu.Unlock()
		got := b.lock.acquire(b.leftOfFatal(begin))
		if got == acquired {
			b.flushHeld()
		}
		b.mu.Lock()
		for got == acquired && !b.arena.Fits(len(tape)) && evict(b.arena, arena.Urgent) {
		}
		put, err = b.tryPutLocked(ent.Level, tape)
	}
	if err == nil && !put {
		b.refused++
		err = fmt.Errorf("buffercore: no room for a record above Error: %w", late(b.cfg.FatalTimeout))
	}
	records := b.pendingLocked()
	b.mu.Unlock()
	if err == nil && (serious || records >= b.cfg.Capacity || b.when.shouldFlush(ent, records)) {
		if err := b.deliverUrgently(begin); err != nil {
			b.report.Failed(err, 0)
		}
	}
	b.mu.Lock()
	b.urgent--
	b.mu.Unlock()
	return err
}

// leftOfFatal returns what is left of FatalTimeout since begin; negative is no bound.
func (b *buffer) leftOfFatal(begin time.Time) time.Duration {
	if b.cfg.FatalTimeout < 0 {
		return b.cfg.FatalTimeout
	}
	return max(0, b.cfg.FatalTimeout-time.Since(begin))
}

// The pauses between attempts to deliver an entry above Error.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// deliverUrgently flushes what the buffer holds and syncs the target, in spite of a backoff of the target, and again as long as that asks
// for another attempt and there is time.
func (b *buffer) deliverUrgently(begin time.Time) error {
	switch b.lock.acquire(b.leftOfFatal(begin)) {
	case within:
		return nil
	case busy:
		return late(b.cfg.FatalTimeout)
	}
	upto := b.next()
	return bounded(begin, b.cfg.FatalTimeout, func() error {
		err := b.finishAndSync(true, upto)
		for pause := firstPause; b.mayTryAgain(err, begin, pause); pause = min(2*pause, lastPause) {
			if b.lock.acquire(b.leftOfFatal(begin)) == busy {
				return err
			}
			err = b.finishAndSync(true, upto)
		}
		if err == nil && b.next() > upto {
			go b.flush()
		}
		return err
	})
}

// mayTryAgain waits for the pause, and tells whether there is to be another attempt after err.
func (b *buffer) mayTryAgain(err error, begin time.Time, pause time.Duration) bool {
	var retry *base.RetryError
	if !errors.As(err, &retry) || b.cfg.FatalTimeout >= 0 && b.leftOfFatal(begin) <= pause {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-b.stop:
		return false
	}
}
