package queuecore

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// delivery hands batches to one target and says what became of each record. It is owned by one goroutine.
type delivery struct {
	target  TargetConfig
	writer  base.BatchWriter // target.Core, if it is one
	flusher base.Flusher     // target.Core, if it is one
	report  *base.Reporter
	source  source

	batch    base.Batch
	members  []int       // of each record of batch, which of the records held by source it is
	tapes    [][]byte    // owned by keep
	prepared []byte      // tapes that PrepareDelivery has made
	record   base.Record // shows one record
	backoff  base.Backoff
	tries    int       // without any progress
	failing  time.Time // since when
	dirty    bool      // something was delivered since the last flush
}

// source is where a delivery's records come from, and who is told their fate. It holds records, in order, of which the first are
// resolved as they are done with.
type source interface {
	// settle says what became of the held record i. It is Delivered unless told otherwise.
	settle(i int, fate arena.Fate, cause Cause, level zapcore.Level)
	// resolve lets go of the first n held records.
	resolve(n int)
	// pause waits for d or until something happens, and returns what is left of d.
	pause(d time.Duration) time.Duration
	// gone tells whether the held records are nobody's business any more.
	gone() bool
	// urged tells whether something that cannot wait has come up since it was last asked.
	urged() bool
	// fillUp adds to the batch what came before that, whatever its bounds.
	fillUp()
	// deadLettered counts a record that the dead-letter Core has taken.
	deadLettered()
}

func newDelivery(target TargetConfig, report *base.Reporter, from source) delivery {
	d := delivery{target: target, report: report, source: from}
	d.writer, _ = target.Core.(base.BatchWriter)
	d.flusher, _ = target.Core.(base.Flusher)
	d.backoff = base.Backoff{
		Start:  target.RetryStart,
		Factor: target.RetryFactor,
		Max:    target.RetryMax,
		Jitter: target.RetryJitter,
	}
	return d
}

// add puts a record that the source holds as number i into the batch, if the target wants it. It returns its size there.
func (d *delivery) add(i int, tape []byte, level zapcore.Level, prepare Prepare) int {
	if prepare != nil {
		kept, err := d.prepare(tape, prepare)
		if err != nil {
			d.report.Failed(err, 1)
			d.source.settle(i, arena.Dropped, Panicked, level)
			return 0
		}
		if kept == nil {
			d.source.settle(i, arena.Skipped, 0, level)
			return 0
		}
		tape = kept
		d.record.View(tape)
		level = d.record.Level()
	}
	if !d.target.enabled(level) {
		d.source.settle(i, arena.Skipped, 0, level)
		return 0
	}
	d.members = append(d.members, i)
	d.batch.Add(tape)
	return len(tape)
}

// prepare runs the listener's hook and returns the tape of what it made, or nil if that is nothing.
func (d *delivery) prepare(tape []byte, prepare Prepare) (kept []byte, err error) {
	err = guard(func() error {
		d.record.View(tape)
		kept, err = prepared(&d.record, prepare)
		return err
	})
	if kept == nil || err != nil {
		return nil, err
	}
	from := len(d.prepared)
	d.prepared = append(d.prepared, kept...)
	return d.prepared[from:len(d.prepared):len(d.prepared)], nil
}

// deliver hands the batch to the target. Afterwards the source's records may all be resolved.
func (d *delivery) deliver() {
	if d.batch.Len() > 0 {
		d.dirty = true
		if d.writer != nil {
			d.deliverBatch()
		} else {
			d.deliverEach()
		}
	}
	d.batch.Reset()
	d.members = d.members[:0]
	d.prepared = d.prepared[:0]
}

// deliverEach hands the records to a Core that is no BatchWriter. They are resolved one by one: one that never returns leaves
// no doubt about the others.
func (d *delivery) deliverEach() {
	for i := range d.batch.Len() {
		d.record.View(d.batch.Tape(i))
		wanted, err := deliverOne(&d.record, &d.target)
		switch {
		case err != nil:
			d.drop(i, failure(err))
			d.report.Failed(err, 1)
		case wanted:
			d.report.Recovered()
		default:
			d.source.settle(d.members[i], arena.Skipped, 0, d.batch.Level(i))
		}
		d.release(d.members[i] + 1)
	}
}

// deliverOne hands a record to a Core as a Logger would.
func deliverOne(r *base.Record, target *TargetConfig) (wanted bool, err error) {
	err = guard(func() (err error) {
		wanted, err = r.Deliver(target.Core, target.IgnoreLevel)
		return err
	})
	return wanted, err
}

// release resolves the first records that the source holds.
func (d *delivery) release(held int) {
	if held == 0 {
		return
	}
	d.source.resolve(held)
	for i := range d.members {
		d.members[i] -= held
	}
}

// drop gives up record i of the batch, for good unless there is a dead-letter Core.
func (d *delivery) drop(i int, cause Cause) {
	d.source.settle(d.members[i], arena.Dropped, cause, d.batch.Level(i))
	if d.target.DeadLetter == nil {
		return
	}
	d.record.View(d.batch.Tape(i))
	dead := TargetConfig{Core: d.target.DeadLetter}
	wanted, err := deliverOne(&d.record, &dead)
	if err != nil {
		d.report.Failed(fmt.Errorf("dead letter: %w", err), 1)
	} else if wanted {
		d.source.deadLettered()
	}
}

// deliverBatch hands the batch to a BatchWriter, again and again if need be.
func (d *delivery) deliverBatch() {
	for d.batch.Len() > 0 {
		had := d.batch.Len()
		n, err := writeBatch(d.writer, &d.batch)
		err = d.reject(err)
		d.keep(n, err)
		progress := d.batch.Len() < had
		switch {
		case d.batch.Len() == 0, err == nil && progress:
			d.succeeded()
		case !d.again(err, progress):
			d.giveUp(err)
			return
		default:
			d.report.Failed(err, 0)
			if !d.hold(err) {
				return
			}
		}
	}
}

// writeBatch calls a WriteBatch. If it panics there is one record at which it does, most likely, so the batch is halved until
// that one is alone, and rejected.
func writeBatch(w base.BatchWriter, batch *base.Batch) (n int, err error) {
	err = guard(func() (err error) {
		n, err = w.WriteBatch(batch)
		n = min(max(n, 0), batch.Len())
		return err
	})
	if _, panicked := err.(*panicError); !panicked {
		if n == 0 && err == nil {
			err = errTookNothing
		}
		return n, err
	}
	if batch.Len() == 1 {
		return 1, &base.RejectedError{Indexes: []int{0}, Err: err}
	}
	var half base.Batch
	half.Slice(batch, 0, batch.Len()/2)
	return writeBatch(w, &half)
}

var errTookNothing = errors.New("queuecore: WriteBatch took nothing and returned no error")

// reject drops the records that the target refused for good, and returns what else went wrong.
func (d *delivery) reject(err error) (rest error) {
	for _, e := range parts(err) {
		var rejected *base.RejectedError
		if !errors.As(e, &rejected) {
			rest = multierr.Append(rest, e)
			continue
		}
		for _, i := range rejected.Indexes {
			d.drop(i, rejection(rejected))
		}
		d.report.Failed(rejected, len(rejected.Indexes))
	}
	return rest
}

// parts returns the errors that err was joined of, by multierr or errors.Join.
func parts(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	switch {
	case err == nil:
		return nil
	case !ok:
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, parts(e)...)
	}
	return all
}

// keep makes the batch what the target has not taken: what follows the first n records, and those among them that it asked to be sent
// again. Records before the first of these are resolved.
func (d *delivery) keep(n int, err error) {
	var retry *base.RetryError
	var again []int
	if errors.As(err, &retry) {
		again = retry.Indexes
	}
	if n == 0 {
		return
	}
	resolved := d.members[n-1] + 1
	d.tapes = d.tapes[:0]
	members := d.members[:0]
	for i, m := range d.members {
		if i < n && !slices.Contains(again, i) {
			continue
		}
		if len(members) == 0 {
			resolved = min(resolved, m)
		}
		d.tapes = append(d.tapes, d.batch.Tape(i))
		members = append(members, m)
	}
	d.members = members
	d.batch.Reset()
	for _, tape := range d.tapes {
		d.batch.Add(tape)
	}
	clear(d.tapes)
	d.release(resolved)
}

func (d *delivery) succeeded() {
	d.tries = 0
	d.backoff.Succeeded(time.Now())
	d.report.Recovered()
}

// again tells whether what is left of the batch may be tried again after err.
func (d *delivery) again(err error, progress bool) bool {
	if progress || d.tries == 0 {
		d.tries, d.failing = 0, time.Now()
	}
	d.tries++
	var retry *base.RetryError
	switch {
	case !errors.As(err, &retry):
		return false
	case d.target.RetryAttempts > 0 && d.tries >= d.target.RetryAttempts:
		return false
	case d.target.RetryFor > 0 && time.Since(d.failing) >= d.target.RetryFor:
		return false
	}
	return true
}

// giveUp drops the rest of the batch.
func (d *delivery) giveUp(err error) {
	d.tries = 0
	for i := range d.members {
		d.drop(i, GaveUp)
	}
	d.report.Failed(err, len(d.members))
}

// hold waits before the next attempt. It returns false if there must be none, and early if there is no time left: at Close and
// for the last words of a program, each once.
func (d *delivery) hold(err error) bool {
	left := d.backoff.Failed(time.Now())
	var retry *base.RetryError
	if errors.As(err, &retry) {
		left = max(left, min(retry.After, d.target.RetryMax))
	}
	for left > 0 {
		left = d.source.pause(left)
		if d.source.gone() {
			return false
		}
		if d.source.urged() {
			d.source.fillUp()
			return true
		}
	}
	return true
}

// flush makes a target that gathers what it gets hand it on.
func (d *delivery) flush() {
	d.dirty = false
	if d.flusher == nil {
		return
	}
	if err := guard(d.flusher.Flush); err != nil {
		d.report.Failed(err, 0)
	}
}

// guard calls code that is not ours and makes an error of its panic.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &panicError{p}
		}
	}()
	return f()
}

// panicError is a panic of a target.
type panicError struct{ value any }

func (e *panicError) Error() string { return fmt.Sprintf("queuecore: target panicked: %v", e.value) }
