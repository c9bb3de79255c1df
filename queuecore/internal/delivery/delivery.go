package queuecore

import (
	"errors"
	"fmt"
	"slices"
	"time"

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
	members  []int       // of each record of batch, which of those held by source when it began it is
	released int         // how many of those the source does not hold any more
	fates    []base.Fate // owned by deliverEach and deliverBatch
	tapes    [][]byte    // owned by keep
	prepared []byte      // tapes that PrepareDelivery has made
	record   base.Record // shows one record
	backoff  base.Backoff
	tries    int       // without any progress
	failing  time.Time // since when
	dirty    bool      // something was delivered since the last flush
}

// source is where a delivery's records come from, and who is told their fate. It holds records, in order, of which the
// first are resolved as they are done with.
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
	// overtaken delivers what cannot wait for its turn any longer, and tells whether the held record i is among it. A Core that
	// gets records one by one is asked before each.
	overtaken(i int) bool
	// fillUp adds to the batch what came before that, whatever its bounds.
	fillUp()
	// took tells whether the target has just taken a record, or has refused all that it was given.
	took(any bool)
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
	enabled, err := d.target.asked(level)
	switch {
	case err != nil:
		d.report.Failed(err, 1)
		d.source.settle(i, arena.Dropped, Panicked, level)
		return 0
	case !enabled:
		d.source.settle(i, arena.Skipped, 0, level)
		return 0
	}
	d.members = append(d.members, i+d.released)
	d.batch.Add(tape)
	return len(tape)
}

// prepare runs the listener's hook and returns the tape of what it made, or nil if that is nothing.
func (d *delivery) prepare(tape []byte, prepare Prepare) (kept []byte, err error) {
	err = base.Guard(func() error {
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
	d.released = 0
	d.prepared = d.prepared[:0]
}

// deliverEach hands the records to a Core that is no BatchWriter. They are resolved one by one: one that never returns leaves
// no doubt about the others.
func (d *delivery) deliverEach() {
	var one base.Batch
	d.fates = slices.Grow(d.fates[:0], 1)[:1]
	for i := range d.batch.Len() {
		if d.source.overtaken(d.members[i] - d.released) {
			d.release(d.members[i] + 1 - d.released)
			continue
		}
		one.Slice(&d.batch, i, i+1)
		_, err := base.Offer(d.target.Core, &one, d.target.IgnoreLevel, d.fates)
		d.judge(i, d.fates[0])
		switch {
		case err != nil:
			d.report.Failed(err, 1)
			d.source.took(false)
		case d.fates[0] == base.Delivered:
			d.report.Recovered()
			d.source.took(true)
		}
		d.release(d.members[i] + 1 - d.released)
	}
}

// judge settles record i of the batch.
func (d *delivery) judge(i int, fate base.Fate) {
	switch fate {
	case base.Unwanted:
		d.source.settle(d.members[i]-d.released, arena.Skipped, 0, d.batch.Level(i))
	case base.Rejected:
		d.drop(i, Rejected)
	case base.Failed:
		d.drop(i, Failed)
	case base.Panicked:
		d.drop(i, Panicked)
	}
}

// release resolves the first records that the source holds.
func (d *delivery) release(held int) {
	if held == 0 {
		return
	}
	d.source.resolve(held)
	d.released += held
}

// drop gives up record i of the batch, for good unless there is a dead-letter Core.
func (d *delivery) drop(i int, cause Cause) {
	d.source.settle(d.members[i]-d.released, arena.Dropped, cause, d.batch.Level(i))
	if d.target.DeadLetter == nil {
		return
	}
	var one base.Batch
	var fate [1]base.Fate
	one.Slice(&d.batch, i, i+1)
	if _, err := base.Offer(d.target.DeadLetter, &one, false, fate[:]); err != nil {
		d.report.Failed(fmt.Errorf("dead letter: %w", err), 1)
	}
	if fate[0] == base.Delivered {
		d.source.deadLettered()
	}
}

// deliverBatch hands the batch to a BatchWriter, again and again if need be.
func (d *delivery) deliverBatch() {
	for d.batch.Len() > 0 {
		had := d.batch.Len()
		d.fates = slices.Grow(d.fates[:0], had)[:had]
		rejection, err := base.Offer(d.writer, &d.batch, false, d.fates)
		lost, delivered := d.tally()
		d.keep()
		if delivered > 0 || lost > 0 {
			d.source.took(delivered > 0)
		}
		if rejection != nil {
			d.report.Failed(rejection, lost)
			lost = 0
		}
		left := d.batch.Len()
		switch {
		case left == 0 && err != nil:
			d.report.Failed(err, lost)
		case left == 0:
			d.succeeded(rejection == nil && delivered > 0)
		case !d.again(left < had):
			d.giveUp(err)
			return
		default:
			d.report.Failed(err, lost)
			if !d.hold(err) {
				return
			}
		}
	}
}

// tally counts the fates of the batch: the records that are lost, and those that have arrived.
func (d *delivery) tally() (lost, delivered int) {
	for _, f := range d.fates {
		switch f {
		case base.Delivered:
			delivered++
		case base.Rejected, base.Failed, base.Panicked:
			lost++
		}
	}
	return lost, delivered
}

// keep settles what the target is done with and makes the batch what it is not. Records before the first of these are
// resolved.
func (d *delivery) keep() {
	resolved := d.members[len(d.members)-1] + 1 - d.released
	kept := d.members[:0]
	d.tapes = d.tapes[:0]
	for i, m := range d.members {
		if d.fates[i] != base.Kept {
			d.judge(i, d.fates[i])
			continue
		}
		if len(kept) == 0 {
			resolved = m - d.released
		}
		d.tapes = append(d.tapes, d.batch.Tape(i))
		kept = append(kept, m)
	}
	d.members = kept
	d.batch.Reset()
	for _, tape := range d.tapes {
		d.batch.Add(tape)
	}
	clear(d.tapes)
	d.release(resolved)
}

// succeeded notes that the target is done with a batch. It works only if it has taken what it was given: one that has refused a
// record is no better than before.
func (d *delivery) succeeded(works bool) {
	d.tries = 0
	d.backoff.Succeeded(time.Now())
	if works {
		d.report.Recovered()
	}
}

// again tells whether what is left of the batch may be tried again.
func (d *delivery) again(progress bool) bool {
	if progress || d.tries == 0 {
		d.tries, d.failing = 0, time.Now()
	}
	d.tries++
	return (d.target.RetryAttempts == 0 || d.tries < d.target.RetryAttempts) &&
		(d.target.RetryFor <= 0 || time.Since(d.failing) < d.target.RetryFor)
}

// giveUp drops the rest of the batch.
func (d *delivery) giveUp(err error) {
	d.tries = 0
	for i := range d.members {
		d.drop(i, GaveUp)
	}
	d.report.Failed(err, len(d.members))
}

// hold waits before the next attempt. It returns false if there must be none, and early if there is no time left: at
// Close and for the last words of a program, each once.
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
	if err := base.Guard(d.flusher.Flush); err != nil {
		d.report.Failed(err, 0)
	}
}
