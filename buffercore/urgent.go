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

// urgentWrite is the Write of an entry above Error.
type urgentWrite struct {
	*buffer
	begin time.Time
}

// run is buffer.write for an entry above Error: it is neither dropped for want of room, but waits for it, nor evicted as long as its
// Write waits.
func (w urgentWrite) run(ent *zapcore.Entry, tape []byte) error {
	w.count(1)
	defer w.count(-1)
	return w.write(ent, tape)
}

// count counts the Writes that wait.
func (w urgentWrite) count(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.urgent += n
}

func (w urgentWrite) write(ent *zapcore.Entry, tape []byte) error {
	put, err := w.put(ent.Level, tape)
	if err == nil && !put {
		return fmt.Errorf("buffercore: no room for a record above Error: %w", late(w.cfg.FatalTimeout))
	}
	w.end()
	return err
}

// end delivers what the buffer holds, whatever FlushLevel says and has become of the record itself.
func (w urgentWrite) end() {
	if err := w.deliver(); err != nil {
		w.report.Failed(err, 0)
	}
}

// put adds the record, after a flush if it needs one.
func (w urgentWrite) put(level zapcore.Level, tape []byte) (put bool, err error) {
	b := w.buffer
	b.mu.Lock()
	defer b.mu.Unlock()
	for wantsRoomLocked(b, len(tape)) && w.flushLocked() == acquired && w.left() != 0 {
	}
	put, err = b.tryPutLocked(level, tape)
	if err == nil && !put { // all is in the hands of a flush, or of its kind
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

// flushLocked flushes, or waits for the flush under way: both no longer than there is time. It lets go of the buffer's lock
// meanwhile. That a target is stuck is told by who waits for the delivery.
func (w urgentWrite) flushLocked() acquisition {
	w.mu.Unlock()
	defer w.mu.Lock()
	got := w.lock.acquireFirst(w.left())
	if got == acquired {
		_ = bounded(w.begin, w.cfg.FatalTimeout, func() error { w.flushHeld(); return nil })
	}
	return got
}

// left returns what is left of FatalTimeout; negative is no bound.
func (w urgentWrite) left() time.Duration {
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

// deliver flushes what the buffer holds and syncs the target, in spite of a backoff of the target, and again as long as that asks for
// another attempt and there is time.
func (w urgentWrite) deliver() error {
	switch w.lock.acquireFirst(w.left()) {
	case within:
		return nil
	case busy:
		return late(w.cfg.FatalTimeout)
	}
	upto := w.flusher.next()
	return bounded(w.begin, w.cfg.FatalTimeout, func() error {
		err := w.finishAndSync(true, upto)
		for pause := firstPause; w.mayTryAgain(err, pause); pause = min(2*pause, lastPause) {
			if w.lock.acquireFirst(w.left()) == busy {
				return err
			}
			err = w.finishAndSync(true, upto)
		}
		return err
	})
}

// mayTryAgain waits for the pause, and tells whether there is to be another attempt after err.
func (w urgentWrite) mayTryAgain(err error, pause time.Duration) bool {
	var retry *base.RetryError
	if !errors.As(err, &retry) || w.cfg.FatalTimeout >= 0 && w.left() <= pause {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-w.stop:
		return false
	}
}
