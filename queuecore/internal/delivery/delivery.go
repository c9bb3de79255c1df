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
	members      []int          // for each record of batch, its index among the records that source held when the batch was begun
	released     int            // how many records source has resolved since the batch was begun
	outcomes     []base.Outcome // owned by deliverEach and deliverBatch
	tapes        [][]byte       // owned by keepUndelivered
	prepared     []byte         // tapes that Prepare has made for the batch
	record       base.Record    // owned by Add
	attempts     int            // in a row, without progress
	failingSince time.Time      // when the first of these attempts failed
	dirty        bool           // something was delivered since the last Flush
}

// New returns a Delivery from source to target.
func New(target Target, source Source) *Delivery {
	d := &Delivery{target: target, source: source}
	d.writer, _ = target.Core.(base.BatchWriter)
	d.flusher, _ = target.Core.(base.Flusher)
	return d
}

// Run delivers records until the source has no more.
func (d *Delivery) Run() {
	for d.source.Next() {
		d.Deliver()
		d.source.Done()
	}
}

// Shrink releases the memory of an empty batch.
func (d *Delivery) Shrink() {
	if d.batch.Len() == 0 {
		d.batch, d.members, d.outcomes, d.tapes, d.prepared = base.Batch{}, nil, nil, nil, nil
	}
}

// Len returns how many records the batch has.
func (d *Delivery) Len() int { return d.batch.Len() }

// Bytes returns the size of the batch, in bytes of tapes.
func (d *Delivery) Bytes() (bytes int) {
	for i := range d.batch.Len() {
		bytes += len(d.batch.Tape(i))
	}
	return bytes
}

// Dirty reports whether something was delivered since the last Flush.
func (d *Delivery) Dirty() bool { return d.dirty }

// Wrote notes that something was delivered by Offer.
func (d *Delivery) Wrote() { d.dirty = true }

// Sync syncs the target, and its dead-letter Core.
func (d *Delivery) Sync() error {
	return multierr.Append(base.Guard(d.target.Core.Sync), d.target.DeadLetter.sync())
}

// Reached ends the backoff of a source that could not be read before.
func (d *Delivery) Reached() { d.target.Backoff.Succeeded(time.Now()) }

// Add adds held record i to the batch, if the target wants it; else it sets the outcome. It returns how many bytes it added.
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

// Move replaces the tapes in d's batch by copies. The batch must hold all records of the source.
func Move(d *Delivery, tapes *base.Batch) {
	if d.target.Prepare == nil { // else they are in d.prepared
		d.batch.Slice(tapes, 0, tapes.Len())
	}
}

// prepare runs the hook and returns a copy of the tape that it made, or nil if it drops the record.
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

// Offer offers the target one record outside the batch, once. The source does not learn of its outcome.
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

// Deliver delivers the batch to the target, with retries. Afterwards all held records of the source may be resolved.
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

// deliverEach delivers the records to a Core that is no BatchWriter. It resolves them one by one, so that if a Write never returns the
// outcomes of the others are known. If a Write returns after the source was abandoned, the Core gets no more records: they are
// lost or will come again, and the Core may be closed.
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

// setOutcome tells the source the outcome of record i of the batch, unless it is Delivered.
func (d *Delivery) setOutcome(i int, outcome base.Outcome) {
	switch outcome {
	case base.Delivered:
	case base.Skipped:
		d.source.SetOutcome(d.members[i]-d.released, base.Skipped, d.batch.Level(i))
	default:
		d.drop(i, outcome)
	}
}

// release resolves the first held records of the source.
func (d *Delivery) release(held int) {
	if held == 0 {
		return
	}
	d.source.Resolve(held)
	d.released += held
}
