package zapcore

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"
)

// output is what a Handler and its With children share: the lock, the Emitter behind it, the backoff and the counts.
type output struct {
	name    string
	level   zapcore.LevelEnabler
	emitter Emitter
	batches BatchEmitter   // emitter, if it is one
	notices Noticer        // emitter, if it is one
	writer  *writerEmitter // emitter, if it is that
	report  *Reporter
	clock   zapcore.Clock

	// patience is how long Sync, Flush and Close wait for a call that is under way. 0: as long as it takes, for the Emitter has
	// deadlines of its own.
	patience time.Duration

	syncFailed atomic.Bool   // the last Sync after an urgent record did
	closed     atomic.Bool   // Close was called
	accepted   atomic.Uint64 // records, each of them delivered as far as the Emitter knew
	refused    atomic.Uint64 // records
	asked      atomic.Uint64 // calls that wait for a Sync, or have: each has a number

	mu      sync.Mutex // guards the fields below
	covered uint64     // the last Sync began behind the calls up to that number
	synced  error      // what it returned
	failing bool       // the last attempt failed
	backoff Backoff    // when the next is due
	down    error      // what Write returns during a backoff
	part    Batch      // owned by emitBatch
}

func newOutput(cfg HandlerConfig) *output {
	o := &output{
		name:    cfg.Name,
		level:   cfg.Level,
		emitter: cfg.Emitter,
		report:  cfg.Report,
		clock:   cfg.Clock,
		backoff: cfg.Backoff,
	}
	o.batches, _ = cfg.Emitter.(BatchEmitter)
	o.notices, _ = cfg.Emitter.(Noticer)
	o.writer, _ = cfg.Emitter.(*writerEmitter)
	if o.level == nil {
		o.level = everything
	}
	if o.clock == nil {
		o.clock = zapcore.DefaultClock
	}
	if o.report == nil {
		o.report = NewReporter(cfg.Name, nil)
	}
	return o
}

// refuse counts a record that could not be formatted. What came before one above Error is synced all the same: the program is about to
// end.
func (o *output) refuse(level zapcore.Level, err error) error {
	o.refused.Add(1)
	if level > zapcore.ErrorLevel {
		o.tellSync(o.sync(), false)
	}
	return err
}

// emit delivers one frame. The lock is released by defer because hooks of the user (a Dial, a RoundTripper) run below, and may
// end the goroutine; a panic of theirs is an error.
func (o *output) emit(ent *zapcore.Entry, frame []byte) error {
	defer o.tell()
	if ent.Level > zapcore.ErrorLevel {
		o.hurry()
	}
	syncErr, err := o.emitAndSync(ent, frame)
	if ent.Level > zapcore.ErrorLevel {
		o.tellSync(syncErr, err == nil)
	}
	return err
}

// hurry shortens what is under way, for an urgent record that waits for it.
func (o *output) hurry() {
	if h, ok := o.emitter.(Hurrier); ok {
		h.Hurry()
	}
}

// tellSync reports a Sync that failed after an urgent record was taken, and that it works again. It runs after the lock.
func (o *output) tellSync(err error, synced bool) {
	if err != nil {
		o.syncFailed.Store(true)
		o.report.Failed(err, 0)
	} else if synced && o.syncFailed.Swap(false) {
		if o.unconfirmed() {
			o.report.Unconfirmed()
		} else {
			o.report.Recovered()
		}
	}
}

// unconfirmed reports whether a nil of the Emitter's is no proof that the destination works.
func (o *output) unconfirmed() bool {
	u, ok := o.emitter.(Unconfirmer)
	return ok && u.Unconfirmed()
}

// tell reports what the Emitter has to tell. It runs after the lock.
func (o *output) tell() {
	if o.notices == nil {
		return
	}
	if err := o.notices.Notice(); err != nil {
		o.report.Failed(err, 0)
	}
}

func (o *output) emitAndSync(ent *zapcore.Entry, frame []byte) (syncErr, err error) {
	if o.closed.Load() { // whoever has the lock may not come back
		o.refused.Add(1)
		return nil, ErrClosed
	}
	urgent := ent.Level > zapcore.ErrorLevel
	number := o.ask(urgent)
	o.mu.Lock()
	defer func() {
		if p := recover(); p != nil {
			syncErr, err = o.panickedLocked(ent.Level, p)
		}
		o.mu.Unlock()
	}()
	if err := o.readyLocked(urgent); err != nil {
		o.refused.Add(1)
		if skipper, ok := o.emitter.(Skipper); ok {
			skipper.Skip()
		}
		return nil, err
	}
	if o.writer != nil { // which spares it the copy of an entry
		err = o.writer.write(frame)
	} else {
		err = o.emitter.Emit(*ent, frame)
	}
	if err != nil || o.failing {
		o.noteLocked(err)
	}
	if err != nil {
		o.refused.Add(1)
	} else {
		o.accepted.Add(1)
	}
	if urgent && o.down == nil { // else it has just timed out
		syncErr = o.syncUrgentLocked(number)
	}
	return syncErr, err
}

// panickedLocked is what becomes of a record at which the Emitter, or a hook that it calls, has panicked.
func (o *output) panickedLocked(level zapcore.Level, p any) (syncErr, err error) {
	err = fmt.Errorf("%s: %w", o.name, &PanicError{Value: p})
	o.refused.Add(1)
	o.noteLocked(err)
	if level > zapcore.ErrorLevel {
		syncErr = o.syncLocked()
	}
	return syncErr, err
}

// readyLocked returns why nothing may be emitted now, if so.
func (o *output) readyLocked(urgent bool) error {
	if o.closed.Load() {
		return ErrClosed
	}
	if o.down == nil || urgent {
		return nil
	}
	if o.backoff.Wait(o.clock.Now()) > 0 {
		return o.down
	}
	return nil
}

// noteLocked draws the conclusions from an attempt: a destination that timed out, or that asked for it, is left alone for a
// while, so that all who wait for the lock behind a stalled attempt fail at once, and do not each wait for a deadline of
// their own.
func (o *output) noteLocked(err error) {
	o.failing = err != nil
	o.down = nil
	if err == nil {
		o.backoff.Succeeded(o.clock.Now())
		return
	}
	retry, again := errors.AsType[*RetryError](err)
	switch now := o.clock.Now(); {
	case again && retry.After > 0:
		o.backoff.Hold(now, retry.After)
	case again || isTimeout(err):
		o.backoff.Failed(now)
	default:
		return
	}
	o.down = &backoffError{name: o.name, err: err}
}

// backoffError is returned for every record during one backoff: it is made once, when the backoff begins.
type backoffError struct {
	name string
	err  error
}

func (e *backoffError) Error() string { return e.name + ": backing off: " + e.err.Error() }
func (e *backoffError) Unwrap() error { return e.err }

// emitBatch delivers frames, made of the records of batch from the one at index from, and returns how many it is done with.
func (o *output) emitBatch(batch *Batch, from int, frames *Frames) (n int, err error) {
	if frames.Len() == 0 {
		return 0, nil
	}
	defer o.tell()
	urgent := false
	for i := range frames.Len() {
		urgent = urgent || batch.Level(from+i) > zapcore.ErrorLevel
	}
	n, syncErr, err := o.emitBatchAndSync(batch, from, frames, urgent)
	o.tellSync(syncErr, err == nil && urgent)
	return n, err
}

func (o *output) emitBatchAndSync(batch *Batch, from int, frames *Frames, urgent bool) (n int, syncErr, err error) {
	if o.closed.Load() {
		return 0, nil, ErrClosed
	}
	number := o.ask(urgent)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.readyLocked(urgent); err != nil {
		return 0, nil, o.waitingLocked(err)
	}
	if from > 0 || frames.Len() < batch.Len() {
		o.part.Slice(batch, from, from+frames.Len())
		batch = &o.part
		defer o.part.Reset()
	}
	if o.batches != nil {
		n, err = o.batches.EmitBatch(batch, frames)
	} else {
		n, err = o.emitEachLocked(batch, frames)
	}
	n = min(max(n, 0), frames.Len()) // a RecordWriter is code of others
	if n < frames.Len() && err == nil {
		err = fmt.Errorf("%s: %d of %d records were taken, without an error: %w", o.name, n, frames.Len(), io.ErrShortWrite)
	}
	if failed := ofDestination(err); failed != nil || o.failing {
		o.noteLocked(failed)
	}
	rejected := min(rejectedIn(err), n)
	delivered := uint64(n - rejected - min(againIn(err), n-rejected))
	o.accepted.Add(delivered)
	o.refused.Add(uint64(rejected))
	if urgent && (delivered > 0 || rejected > 0) {
		syncErr = o.syncUrgentLocked(number)
	}
	return n, syncErr, err
}

// waitingLocked is err for someone who holds a batch: with the time until the next attempt.
func (o *output) waitingLocked(err error) error {
	if wait := o.backoff.Wait(o.clock.Now()); wait > 0 && !errors.Is(err, ErrClosed) {
		return &RetryError{After: wait, Err: err}
	}
	return err
}

func (o *output) emitEachLocked(batch *Batch, frames *Frames) (int, error) {
	var said Verdicts
	for i := range frames.Len() {
		err := o.emitter.Emit(batch.At(i).Entry(), frames.At(i))
		if err == nil {
			continue
		}
		rejected, is := errors.AsType[*RejectedError](err)
		if !is {
			return i, said.With(err)
		}
		said.Reject(i, cmp.Or(rejected.Err, err))
	}
	return frames.Len(), said.With(nil)
}
