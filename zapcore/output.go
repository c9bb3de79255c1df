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

// output is what a Handler and its With children share: the lock, the Emitter that it guards, the backoff and the counts.
type output struct {
	name    string
	level   zapcore.LevelEnabler
	emitter Emitter
	batches BatchEmitter   // emitter, if it is one
	notices Noticer        // emitter, if it is one
	writer  *writerEmitter // emitter, if it is that
	report  *Reporter
	clock   zapcore.Clock

	// lockWait is how long Sync, Flush and Close wait for a running call. 0: as long as it takes, for the Emitter has deadlines.
	lockWait time.Duration

	syncFailed atomic.Bool   // the last Sync after an urgent record failed
	closed     atomic.Bool   // Close was called
	accepted   atomic.Uint64 // records that Emit or EmitBatch took
	refused    atomic.Uint64 // records
	syncCalls  atomic.Uint64 // calls that want a Sync: each has a number, from 1

	mu         sync.Mutex // guards the fields below
	syncedUpTo uint64     // calls up to this number are covered by the last Sync, which began after them
	lastSync   error      // what that Sync returned
	failing    bool       // the last attempt failed
	backoff    Backoff    // when the next attempt is due
	backoffErr error      // what Write returns during a backoff; nil: there is none
	part       Batch      // owned by emitBatch
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

// refuse counts a record that could not be formatted. If it is above Error, the program is about to end, so what came before it is
// synced all the same.
func (o *output) refuse(level zapcore.Level, err error) error {
	o.refused.Add(1)
	if level > zapcore.ErrorLevel {
		o.reportSync(o.sync(), false)
	}
	return err
}

// emit delivers one frame.
func (o *output) emit(ent *zapcore.Entry, frame []byte) error {
	defer o.reportNotice()
	if ent.Level > zapcore.ErrorLevel {
		o.hurry()
	}
	syncErr, err := o.emitAndSync(ent, frame)
	if ent.Level > zapcore.ErrorLevel {
		o.reportSync(syncErr, err == nil)
	}
	return err
}

// hurry shortens the running call, for an urgent record that is about to wait for it.
func (o *output) hurry() {
	if h, ok := o.emitter.(Hurrier); ok {
		h.Hurry()
	}
}

// reportSync reports that the Sync for an urgent record failed, or works again. It runs after the lock.
func (o *output) reportSync(err error, synced bool) {
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

// unconfirmed reports whether a nil from the Emitter is no proof that the destination works.
func (o *output) unconfirmed() bool {
	u, ok := o.emitter.(Unconfirmer)
	return ok && u.Unconfirmed()
}

// reportNotice reports the Notice of the Emitter. It runs after the lock.
func (o *output) reportNotice() {
	if o.notices == nil {
		return
	}
	if err := o.notices.Notice(); err != nil {
		o.report.Failed(err, 0)
	}
}

// emitAndSync emits one frame under the lock, and syncs if the entry is urgent. It unlocks by defer, because hooks of the user (a Dial,
// a RoundTripper) run below: one may end the goroutine, and its panic becomes an error.
func (o *output) emitAndSync(ent *zapcore.Entry, frame []byte) (syncErr, err error) {
	if o.closed.Load() { // without the lock, whose holder may be stuck
		o.refused.Add(1)
		return nil, ErrClosed
	}
	urgent := ent.Level > zapcore.ErrorLevel
	number := o.syncNumber(urgent)
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
	if o.writer != nil { // saves a copy of the entry
		err = o.writer.write(frame)
	} else {
		err = o.emitter.Emit(*ent, frame)
	}
	if err != nil || o.failing {
		o.noteAttemptLocked(err)
	}
	if err != nil {
		o.refused.Add(1)
	} else {
		o.accepted.Add(1)
	}
	if urgent && o.backoffErr == nil { // else the Emit has just timed out, and so would the Sync
		syncErr = o.syncUrgentLocked(number)
	}
	return syncErr, err
}

// panickedLocked refuses a record at which the Emitter, or a hook that it calls, panicked.
func (o *output) panickedLocked(level zapcore.Level, p any) (syncErr, err error) {
	err = fmt.Errorf("%s: %w", o.name, &PanicError{Value: p})
	o.refused.Add(1)
	o.noteAttemptLocked(err)
	if level > zapcore.ErrorLevel {
		syncErr = o.syncLocked()
	}
	return syncErr, err
}

// readyLocked returns nil if something may be emitted now, else why not: it is closed, or backing off.
func (o *output) readyLocked(urgent bool) error {
	if o.closed.Load() {
		return ErrClosed
	}
	if o.backoffErr == nil || urgent {
		return nil
	}
	if o.backoff.Wait(o.clock.Now()) > 0 {
		return o.backoffErr
	}
	return nil
}

// noteAttemptLocked begins or ends a backoff, after an attempt that returned err. A destination that timed out, or asked for it, is
// left alone for a while: so all who wait for the lock behind a stalled attempt fail at once, and do not each wait for another
// deadline.
func (o *output) noteAttemptLocked(err error) {
	o.failing = err != nil
	o.backoffErr = nil
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
	o.backoffErr = &backoffError{name: o.name, err: err}
}

// backoffError is returned for every record during a backoff. It is made once, when the backoff begins.
type backoffError struct {
	name string
	err  error
}

func (e *backoffError) Error() string { return e.name + ": backing off: " + e.err.Error() }
func (e *backoffError) Unwrap() error { return e.err }

// emitBatch delivers frames, the first of which was made of record from of batch. It returns how many of them it is done with.
func (o *output) emitBatch(batch *Batch, from int, frames *Frames) (n int, err error) {
	if frames.Len() == 0 {
		return 0, nil
	}
	defer o.reportNotice()
	urgent := false
	for i := range frames.Len() {
		urgent = urgent || batch.Level(from+i) > zapcore.ErrorLevel
	}
	n, syncErr, err := o.emitBatchAndSync(batch, from, frames, urgent)
	o.reportSync(syncErr, err == nil && urgent)
	return n, err
}

func (o *output) emitBatchAndSync(batch *Batch, from int, frames *Frames, urgent bool) (n int, syncErr, err error) {
	if o.closed.Load() {
		return 0, nil, ErrClosed
	}
	number := o.syncNumber(urgent)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.readyLocked(urgent); err != nil {
		return 0, nil, o.retryErrorLocked(err)
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
	n = min(max(n, 0), frames.Len()) // a RecordWriter is not our code
	if n < frames.Len() && err == nil {
		err = fmt.Errorf("%s: %d of %d records were taken, without an error: %w", o.name, n, frames.Len(), io.ErrShortWrite)
	}
	if failed := destinationError(err); failed != nil || o.failing {
		o.noteAttemptLocked(failed)
	}
	rejected := min(rejectedIn(err), n)
	delivered := uint64(n - rejected - min(retryableIn(err), n-rejected))
	o.accepted.Add(delivered)
	o.refused.Add(uint64(rejected))
	if urgent && (delivered > 0 || rejected > 0) {
		syncErr = o.syncUrgentLocked(number)
	}
	return n, syncErr, err
}

// retryErrorLocked returns err for the holder of a batch: during a backoff, as a RetryError with the time that is left of it.
func (o *output) retryErrorLocked(err error) error {
	if wait := o.backoff.Wait(o.clock.Now()); wait > 0 && !errors.Is(err, ErrClosed) {
		return &RetryError{After: wait, Err: err}
	}
	return err
}

func (o *output) emitEachLocked(batch *Batch, frames *Frames) (int, error) {
	var verdicts Verdicts
	for i := range frames.Len() {
		err := o.emitter.Emit(batch.At(i).Entry(), frames.At(i))
		if err == nil {
			continue
		}
		rejected, is := errors.AsType[*RejectedError](err)
		if !is {
			return i, verdicts.With(err)
		}
		verdicts.Reject(i, cmp.Or(rejected.Err, err))
	}
	return frames.Len(), verdicts.With(nil)
}
