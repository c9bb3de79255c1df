package buffercore

import (
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// An entry above Error: the program is about to end, so its Write waits for its delivery, but no longer than FatalTimeout.

// urgentWrite is the Write of an entry above Error.
type urgentWrite struct {
	*buffer
	begin time.Time
}

// run is buffer.write for an entry above Error. The entry is not dropped for lack of room, but waits for room, and it is not evicted while
// its Write waits.
func (w urgentWrite) run(ent *zapcore.Entry, tape []byte) error {
	w.addWaiting(1)
	defer w.addWaiting(-1)
	return w.write(ent, tape)
}

// addWaiting adds n to the number of waiting Writes.
func (w urgentWrite) addWaiting(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.urgent += n
}

func (w urgentWrite) write(ent *zapcore.Entry, tape []byte) error {
	put, err := w.put(ent.Level, tape)
	if err == nil && !put {
		return fmt.Errorf("buffercore: no room for a record above Error: %w", timeoutError(w.cfg.FatalTimeout))
	}
	w.end()
	return err
}

// end delivers what the buffer holds, whatever FlushLevel is, and whether or not the entry itself was put. It reports an error.
func (w urgentWrite) end() {
	if err := w.deliver(); err != nil {
		w.report.Failed(err, 0)
	}
}

// put adds the record, after flushes that make room if needed. It returns false if there is no room within FatalTimeout.
func (w urgentWrite) put(level zapcore.Level, tape []byte) (put bool, err error) {
	b := w.buffer
	b.mu.Lock()
	defer b.mu.Unlock()
	for wantsRoomLocked(b, len(tape)) && w.flushLocked() == acquired && w.timeLeft() != 0 {
	}
	put, err = b.tryPutLocked(level, tape)
	if err == nil && !put { // all other records are being flushed, or are above Error too
		got := w.flushLocked()
		for got == acquired && !b.arena.Fits(len(tape)) && evict(b.arena, arena.Urgent) {
		}
		put, err = b.tryPutLocked(level, tape)
	}
	if err == nil && !put {
		b.refused++
	}
	return put, err
}

// flushLocked waits for a running flush and then flushes, both within the time that is left. It unlocks the buffer meanwhile. It ignores
// errors: deliver reports a stuck target.
func (w urgentWrite) flushLocked() acquisition {
	w.mu.Unlock()
	defer w.mu.Lock()
	got := w.lock.acquireFirst(w.timeLeft())
	if got == acquired {
		_ = bounded(w.begin, w.cfg.FatalTimeout, func() error { w.flushHeld(); return nil })
	}
	return got
}

// timeLeft returns how much of FatalTimeout is left; negative is no bound.
func (w urgentWrite) timeLeft() time.Duration {
	if w.cfg.FatalTimeout < 0 {
		return w.cfg.FatalTimeout
	}
	return max(0, w.cfg.FatalTimeout-time.Since(w.begin))
}

// The pauses between attempts to deliver an entry above Error.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// deliver flushes what the buffer holds and syncs the target, in spite of a backoff. It tries again while the target returns a RetryError
// and there is time.
func (w urgentWrite) deliver() error {
	switch w.lock.acquireFirst(w.timeLeft()) {
	case reentrant:
		return nil
	case busy:
		return timeoutError(w.cfg.FatalTimeout)
	}
	upto := w.flusher.next()
	return bounded(w.begin, w.cfg.FatalTimeout, func() error {
		err := w.finishAndSync(true, upto)
		for pause := firstPause; w.mayTryAgain(err, pause); pause = min(2*pause, lastPause) {
			if w.lock.acquireFirst(w.timeLeft()) == busy {
				return err
			}
			err = w.finishAndSync(true, upto)
		}
		return err
	})
}

// mayTryAgain returns whether there is to be another attempt after err, after it has waited for the pause.
func (w urgentWrite) mayTryAgain(err error, pause time.Duration) bool {
	var retry *base.RetryError
	if !errors.As(err, &retry) || w.cfg.FatalTimeout >= 0 && w.timeLeft() <= pause {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-w.stop:
		return false
	}
}
