package delivery

import (
	"slices"
	"time"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Delivery is the loop of one target. It is owned by one goroutine.
type Delivery struct {
	target  Target
	writer  base.BatchWriter // target.Core, if it is one
	flusher base.Flusher     // target.Core, if it is one
	source  Source

	batch        base.Batch
	members      []int          // of each record of batch, which of the records held by source when it began it is
	released     int            // how many of those the source does not hold any more
	outcomes     []base.Outcome // owned by deliverEach and deliverBatch
	tapes        [][]byte       // owned by retain
	prepared     []byte         // tapes that the hook has made
	record       base.Record    // shows one record
	attempts     int            // without any progress
	failingSince time.Time      // since when
	dirty        bool           // something was delivered since the last flush
}

// New returns a Delivery from source to target.
func New(target Target, source Source) *Delivery {
	d := &Delivery{target: target, source: source}
	d.writer, _ = target.Core.(base.BatchWriter)
	d.flusher, _ = target.Core.(base.Flusher)
	return d
}

// Run is the loop.
func (d *Delivery) Run() {
	for d.source.Next() {
		d.Deliver()
		d.source.Done()
	}
}

// Shrink lets go of memory that only the work on records needs, if there are none.
func (d *Delivery) Shrink() {
	if d.batch.Len() == 0 {
		d.batch, d.members, d.outcomes, d.tapes, d.prepared = base.Batch{}, nil, nil, nil, nil
	}
}

// Len returns how many records the batch has.
func (d *Delivery) Len() int { return d.batch.Len() }

// Bytes returns the size of the batch.
func (d *Delivery) Bytes() (bytes int) {
	for i := range d.batch.Len() {
		bytes += len(d.batch.Tape(i))
	}
	return bytes
}

// Dirty tells whether something was delivered since the last Flush.
func (d *Delivery) Dirty() bool { return d.dirty }

// Wrote notes that something was delivered by Offer.
func (d *Delivery) Wrote() { d.dirty = true }

// Sync syncs the target, and its dead-letter Core.
func (d *Delivery) Sync() error {
	return multierr.Append(base.Guard(d.target.Core.Sync), d.target.DeadLetter.sync())
}

// Reached notes that the source could be read.
func (d *Delivery) Reached() { d.target.Backoff.Succeeded(time.Now()) }

// Add puts a record that the source holds as number i into the batch, if the target wants it. It returns its size there.
func (d *Delivery) Add(i int, tape []byte, level zapcore.Level) int {
	if d.target.Prepare != nil {
		kept, err := d.prepare(tape)
		if err != nil {
			d.target.Report.Failed(err, 1)
			d.source.SetOutcome(i, base.Panicked, level)
			return 0
		}
		if kept == nil {
			d.source.SetOutcome(i, base.Skipped, level)
			return 0
		}
		tape = kept
		d.record.View(tape)
		level = d.record.Level()
	}
	enabled, err := d.target.Enabled(level)
	switch {
	case err != nil:
		d.target.Report.Failed(err, 1)
		d.source.SetOutcome(i, base.Panicked, level)
		return 0
	case !enabled:
		d.source.SetOutcome(i, base.Skipped, level)
		return 0
	}
	d.members = append(d.members, i+d.released)
	d.batch.Add(tape)
	return len(tape)
}

// Move notes that the tapes of the records in d's batch, which are all those that the source holds, are elsewhere now.
func Move(d *Delivery, tapes *base.Batch) {
	if d.target.Prepare == nil { // else they are in d.prepared
		d.batch.Slice(tapes, 0, tapes.Len())
	}
}

// prepare runs the hook and returns the tape of what it made, or nil if that is nothing.
func (d *Delivery) prepare(tape []byte) (kept []byte, err error) {
	err = base.Guard(func() error {
		kept, err = d.target.Prepare(tape)
		return err
	})
	if kept == nil || err != nil {
		return nil, err
	}
	from := len(d.prepared)
	d.prepared = append(d.prepared, kept...)
	return d.prepared[from:len(d.prepared):len(d.prepared)], nil
}

// Offer hands the target a record that is none of those that the source holds: once, and its outcome is nobody's but the caller's.
func (d *Delivery) Offer(tape []byte) (outcome base.Outcome, err error) {
	if d.target.Prepare != nil {
		if err = base.Guard(func() error { tape, err = d.target.Prepare(tape); return err }); err != nil || tape == nil {
			return base.Skipped, err
		}
	}
	return d.OfferPlain(tape)
}

// OfferPlain is Offer without the hook.
func (d *Delivery) OfferPlain(tape []byte) (outcome base.Outcome, err error) {
	var batch base.Batch
	var outcomes [1]base.Outcome
	batch.Add(tape)
	if enabled, err := d.target.Enabled(batch.Level(0)); err != nil || !enabled {
		return base.Skipped, err
	}
	rejection, err := base.Offer(d.target.Core, &batch, d.target.IgnoreLevel, outcomes[:])
	return outcomes[0], multierr.Append(rejection, err)
}

// Deliver hands the batch to the target. Afterwards the source's records may all be resolved.
func (d *Delivery) Deliver() {
	if d.batch.Len() > 0 {
		d.dirty = true
		if d.writer != nil {
			d.deliverBatch()
		} else {
			d.deliverEach()
		}
	}
	Clear(d)
}

// Clear empties d's batch.
func Clear(d *Delivery) {
	d.batch.Reset()
	d.members = d.members[:0]
	d.released = 0
	d.prepared = d.prepared[:0]
}

// deliverEach hands the records to a Core that is no BatchWriter. They are resolved one by one: one that never returns leaves
// no doubt about the others, and is the last if it returns when the queue has been given up: the others are lost by then, or come again, and
// the target may be closed.
func (d *Delivery) deliverEach() {
	var one base.Batch
	d.outcomes = slices.Grow(d.outcomes[:0], 1)[:1]
	for i := range d.batch.Len() {
		if d.source.Abandoned() {
			return
		}
		if d.source.Overtaken(d.members[i] - d.released) {
			d.release(d.members[i] + 1 - d.released)
			continue
		}
		one.Slice(&d.batch, i, i+1)
		_, err := base.Offer(d.target.Core, &one, d.target.IgnoreLevel, d.outcomes)
		d.setOutcome(i, d.outcomes[0])
		switch {
		case err != nil:
			d.target.Report.Failed(err, 1)
			d.source.Accepts(false)
		case d.outcomes[0] == base.Delivered:
			d.reportWorking()
			d.source.Accepts(true)
		}
		d.release(d.members[i] + 1 - d.released)
	}
}

// setOutcome tells the outcome of record i of the batch.
func (d *Delivery) setOutcome(i int, outcome base.Outcome) {
	switch outcome {
	case base.Delivered:
	case base.Skipped:
		d.source.SetOutcome(d.members[i]-d.released, base.Skipped, d.batch.Level(i))
	default:
		d.drop(i, outcome)
	}
}

// release resolves the first records that the source holds.
func (d *Delivery) release(held int) {
	if held == 0 {
		return
	}
	d.source.Resolve(held)
	d.released += held
}
