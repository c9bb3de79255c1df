package delivery

import (
	"errors"
	"fmt"
	"slices"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// How a batch is delivered to a BatchWriter.

// deliverBatch delivers the batch to a BatchWriter. It retries what was not taken, until nothing is left or it must give up.
func (d *Delivery) deliverBatch() {
	for d.batch.Len() > 0 {
		had := d.batch.Len()
		d.outcomes = slices.Grow(d.outcomes[:0], had)[:had]
		rejection, err := base.Offer(d.writer, &d.batch, false, d.outcomes)
		delivered, lost := base.Tally(d.outcomes)
		d.keepUndelivered()
		if delivered > 0 || lost > 0 {
			d.source.Accepts(delivered > 0)
		}
		if rejection != nil {
			d.target.Report.Failed(rejection, lost)
			lost = 0
		}
		left := d.batch.Len()
		switch {
		case err == nil:
			d.succeeded(rejection == nil && delivered > 0)
		case left == 0:
			d.target.Report.Failed(explainLoss(err), lost)
		case !d.mayRetry(left < had):
			d.giveUp(err)
			return
		default:
			d.target.Report.Failed(err, lost)
			if !awaitRetry(d, err) {
				return
			}
		}
	}
}

// awaitRetry waits before the batch is tried again, and adds new records to it. It returns false if the source was abandoned.
func awaitRetry(d *Delivery, err error) bool {
	again, interrupted := backoff(d, err)
	if !again {
		return false
	}
	if interrupted {
		d.source.FillUp()
	}
	if d.target.RetryAttempts == 0 && d.target.RetryFor <= 0 { // else new records would have fewer attempts
		d.source.TopUp()
	}
	return true
}

// explainLoss returns err, with advice if the target was closed before the queue.
func explainLoss(err error) error {
	if errors.Is(err, base.ErrClosed) {
		return fmt.Errorf("%w before the queue: close the queue first", err)
	}
	return err
}

// keepUndelivered tells the source the outcomes of the records that the target is done with, and leaves the others in the batch. It
// resolves all records before the first one that is left.
func (d *Delivery) keepUndelivered() {
	resolved := d.members[len(d.members)-1] + 1 - d.released
	kept := d.members[:0]
	d.tapes = d.tapes[:0]
	for i, m := range d.members {
		if d.outcomes[i] != base.Kept {
			d.setOutcome(i, d.outcomes[i])
			if d.outcomes[i] == base.Delivered && len(kept) > 0 {
				d.source.SetOutcome(m-d.released, base.Delivered, d.batch.Level(i))
			}
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

// succeeded notes that the target is done with a batch. If works, it has also taken every record, and a failure is reported as over.
func (d *Delivery) succeeded(works bool) {
	d.attempts = 0
	d.target.Backoff.Succeeded(time.Now())
	if works {
		d.reportWorking()
	}
}

// reportWorking reports a success, which for some targets does not prove that the destination works.
func (d *Delivery) reportWorking() {
	if u, ok := d.target.Core.(base.Unconfirmer); ok && u.Unconfirmed() {
		d.target.Report.Unconfirmed()
		return
	}
	d.target.Report.Recovered()
}

// mayRetry reports whether what is left of the batch may be tried again. progress says that the last attempt took something.
func (d *Delivery) mayRetry(progress bool) bool {
	if progress || d.attempts == 0 {
		d.attempts, d.failingSince = 0, time.Now()
	}
	d.attempts++
	return (d.target.RetryAttempts == 0 || d.attempts < d.target.RetryAttempts) &&
		(d.target.RetryFor <= 0 || time.Since(d.failingSince) < d.target.RetryFor)
}

// giveUp drops the rest of the batch.
func (d *Delivery) giveUp(err error) {
	d.attempts = 0
	for i := range d.members {
		d.drop(i, base.GaveUp)
	}
	d.target.Report.Failed(err, len(d.members))
}

// Backoff waits before a source tries something again. It returns false if the source was abandoned. It returns early when the source
// Interrupts: for Close and for an urgent record. It adds nothing to the batch, unlike the backoff between attempts, because
// the source may be about to resolve held records, which would change the indexes of added ones.
func (d *Delivery) Backoff(err error) bool {
	again, _ := backoff(d, err)
	return again
}

// backoff is Backoff. interrupted says that it has returned early.
func backoff(d *Delivery, err error) (again, interrupted bool) {
	left := d.target.Backoff.Failed(time.Now())
	var retry *base.RetryError
	if errors.As(err, &retry) {
		left = max(left, min(retry.After, d.target.Backoff.Max))
	}
	for left > 0 {
		left = d.source.Pause(left)
		if d.source.Abandoned() {
			return false, false
		}
		if d.source.Interrupts() {
			return true, true
		}
	}
	return true, false
}

// Flush flushes a target that is a base.Flusher.
func (d *Delivery) Flush() {
	d.dirty = false
	if d.flusher == nil {
		return
	}
	if err := base.Guard(d.flusher.Flush); err != nil {
		d.target.Report.Failed(err, 0)
	}
}
