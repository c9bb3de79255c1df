package httpcore

import (
	"errors"
	"time"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

// delivery is one EmitBatch: the requests for its records, and their outcomes.
//
//	┌───────────── batch ─────────────┐
//	[ request ][ request ][  pending  ]      in order, as many records per request as MaxBatchBytes and MaxBatchRecords allow
//	[taken][ ? ][ ? ][ ? ][  pending  ]      a request with something at fault: in halves, down to that record
//
// What follows a failed request is not sent, because it would overtake.
type delivery struct {
	emitter  *emitter
	batch    *base.Batch
	frames   *base.Frames
	outcomes []outcome // by frame
	pending  []span    // still to be sent; the next one is last
	began    time.Time
	refusal  error            // of the first refused record
	failure  error            // that ended the delivery early
	again    *base.RetryError // for records whose outcome is retryable
	split    int              // bytes of the smallest request that was split, not counting splits for a single record
	cause    sameCause
}

type outcome uint8

const (
	outcomePending outcome = iota
	outcomeDelivered
	outcomeRejected
	outcomeRetryable
)

// span is the frames from index from up to, but not including, to.
type span struct{ from, to int }

func (s span) len() int { return s.to - s.from }

// begin prepares d for a batch.
func (d *delivery) begin(batch *base.Batch, frames *base.Frames) {
	d.batch, d.frames = batch, frames
	d.outcomes = append(d.outcomes[:0], make([]outcome, frames.Len())...)
	d.pending = append(d.pending[:0], span{0, frames.Len()})
	d.began = time.Now()
	d.refusal, d.failure, d.again, d.split = nil, nil, nil, 0
	d.cause.begin()
	d.emitter.ids.begin(batch)
}

// end releases the batch.
func (d *delivery) end() {
	d.emitter.ids.end(d.batch, d.outcomes)
	d.batch, d.frames, d.refusal, d.failure, d.again = nil, nil, nil, nil, nil
}

var errSlow = errors.New("httpcore: the server was too slow for the whole batch")

// run sends what is pending until nothing is left, the server fails, or the time is up.
func (d *delivery) run() {
	e := d.emitter
	for first := true; len(d.pending) > 0 && d.failure == nil && d.again == nil; first = false {
		if !first && d.late() {
			d.failure = &base.RetryError{After: time.Nanosecond, Err: errSlow}
			return
		}
		next := d.pending[len(d.pending)-1]
		d.pending = d.pending[:len(d.pending)-1]
		if e.overRecordLimit(d.frames, next.from) {
			d.refuse(span{next.from, next.from + 1}, errRecordLarge)
			d.push(span{next.from + 1, next.to})
			continue
		}
		key, count := e.keys.again(d.batch, next)
		if count == 0 {
			count = e.fitting(d.frames, next)
		}
		d.push(span{next.from + count, next.to})
		d.send(span{next.from, next.from + count}, key)
	}
	if d.failure != nil || d.again != nil {
		return
	}
	if d.split > 0 && d.refusal == nil {
		e.limit = min(e.limit, d.split/2) // the size was at fault, and no record
	}
	if limit, known := e.poison.over(); known {
		e.limit = min(e.limit, limit)
	}
}

// late reports whether no further request of this batch may begin.
func (d *delivery) late() bool {
	most := d.emitter.steps.Batch()
	return most > 0 && time.Since(d.began) > most
}

func (d *delivery) push(s span) {
	if s.len() > 0 {
		d.pending = append(d.pending, s)
	}
}

// send makes one request and handles its outcome.
func (d *delivery) send(s span, key string) {
	e := d.emitter
	e.body.fill(d.frames, s, e.ids)
	err := e.send(s.len(), key, true)
	if err == nil {
		d.set(s, outcomeDelivered)
		d.cause.taken()
		e.poison.taken(len(e.body.bytes))
		return
	}
	if index, ok := e.policy.faultIn(err, s.len()); ok {
		d.fault(s, index, err)
		return
	}
	retry, rejected := verdictsIn(err)
	if rejected == nil && (retry == nil || len(retry.Indexes) == 0) {
		d.failed(s, key, retry, err)
		return
	}
	d.judge(s, retry, rejected)
}

// judge records the verdicts of an answer on single records.
func (d *delivery) judge(s span, retry *base.RetryError, rejected *base.RejectedError) {
	d.set(s, outcomeDelivered)
	if rejected != nil {
		for _, i := range rejected.Indexes {
			d.refuse(span{s.from + i, s.from + i + 1}, rejected.Err)
		}
	}
	if retry != nil {
		for _, i := range retry.Indexes {
			d.outcomes[s.from+i] = outcomeRetryable
		}
		d.again = &base.RetryError{After: retry.After, Err: retry.Err}
	}
}

func (d *delivery) set(s span, f outcome) {
	for i := s.from; i < s.to; i++ {
		d.outcomes[i] = f
	}
}

func (d *delivery) refuse(s span, err error) {
	d.set(s, outcomeRejected)
	d.refusal = firstOf(d.refusal, err)
}

// fault handles a request in which one record, or its size, is at fault.
func (d *delivery) fault(s span, index int, err error) {
	_, rejected := verdictsIn(err)
	if rejected != nil {
		err = rejected.Err
	}
	switch {
	case s.len() == 1:
		d.refuseAlone(s, err)
	case index >= 0:
		d.push(span{s.from + index + 1, s.to})
		d.push(span{s.from, s.from + index})
		d.refuseAlone(span{s.from + index, s.from + index + 1}, err)
	default:
		if tooLarge(err) && d.emitter.reply.Header.Get("Retry-After") == "" { // with a Retry-After it is only temporary
			d.emitter.limit = min(d.emitter.limit, len(d.emitter.body.bytes)/2)
		} else if n := len(d.emitter.body.bytes); d.split == 0 || n < d.split {
			d.split = n
		}
		middle := s.from + s.len()/2
		d.push(span{middle, s.to})
		d.push(span{s.from, middle})
	}
}

// refuseAlone refuses one record, and all pending ones if they share its cause.
func (d *delivery) refuseAlone(s span, err error) {
	d.refuse(s, err)
	if !d.cause.refused(err) || !d.sampled(err) {
		return
	}
	d.cause.known = d.cause.text
	for _, rest := range d.pending {
		d.refuse(rest, err)
	}
	d.pending = d.pending[:0]
}

// sampled sends a few of the pending records, each alone, and reports whether all were refused with the same text.
func (d *delivery) sampled(err error) bool {
	text := err.Error()
	for n := range sameSamples {
		left := d.left()
		if left == 0 {
			return true
		}
		i := d.takeOut((left - 1) * n / (sameSamples - 1))
		refusal := d.sample(i)
		if refusal == nil || refusal.Error() != text {
			return false
		}
	}
	return true
}

// takeOut removes the nth of the pending records, counted from the next, and returns its index.
func (d *delivery) takeOut(nth int) int {
	for at := len(d.pending) - 1; ; at-- {
		s := d.pending[at]
		if nth >= s.len() {
			nth -= s.len()
			continue
		}
		i := s.from + nth
		before, after := span{s.from, i}, span{i + 1, s.to}
		d.pending = append(d.pending[:at], d.pending[at+1:]...)
		for _, part := range []span{before, after} {
			if part.len() > 0 {
				d.pending = append(d.pending[:at], append([]span{part}, d.pending[at:]...)...)
			}
		}
		return i
	}
}

// sample sends one record. It returns why the record was refused, or nil if it was not.
func (d *delivery) sample(i int) (refusal error) {
	e, s := d.emitter, span{i, i + 1}
	e.body.fill(d.frames, s, e.ids)
	err := e.send(1, e.keys.fresh(), true)
	_, fault := e.policy.faultIn(err, 1)
	retry, rejected := verdictsIn(err)
	switch {
	case err == nil:
		d.set(s, outcomeDelivered)
		d.cause.taken()
	case fault || rejected != nil:
		if rejected != nil {
			err = rejected.Err
		}
		d.refuse(s, err)
		return err
	default:
		d.pending = append(d.pending, s)
		d.failure = err
		if retry != nil {
			d.failure = &base.RetryError{After: retry.After, Err: retry.Err}
		}
	}
	return nil
}

// result returns the results of EmitBatch.
func (d *delivery) result() (n int, err error) {
	for i, f := range d.outcomes {
		if f != outcomePending {
			n = i + 1
		}
	}
	var rejected base.RejectedError
	var again base.RetryError
	if d.again != nil {
		again = *d.again
	} else if retry, _ := verdictsIn(d.failure); retry != nil {
		again = base.RetryError{After: retry.After, Err: retry.Err}
	} else if d.failure != nil {
		again.Err = d.failure
	}
	for i, f := range d.outcomes[:n] {
		switch f {
		case outcomeRejected:
			rejected.Indexes = append(rejected.Indexes, i)
		case outcomePending, outcomeRetryable:
			again.Indexes = append(again.Indexes, i)
		}
	}
	rejected.Err = d.refusal
	err = verdict(&rejected, &again)
	if n == len(d.outcomes) || len(again.Indexes) > 0 {
		return n, err
	}
	if d.failure == nil {
		d.failure = &again
	}
	return n, multierr.Append(err, d.failure)
}
