package zapcore

import (
	"errors"
	"fmt"
	"slices"

	"go.uber.org/multierr"
	"go.uber.org/zap/zapcore"
)

// Outcome is what became of a record that was offered to a Core.
type Outcome uint8

// The outcomes.
const (
	Delivered Outcome = iota // taken
	Skipped                  // not wanted: the core's level, a sampler
	Rejected                 // a BatchWriter refused it for good
	Failed                   // the core returned an error after which the record must not be offered again
	Panicked                 // the core panicked at it
	Kept                     // not taken: it may be offered again
	GaveUp                   // whoever offers it has done so often enough
)

// Tally counts the records of a batch that a Core took, and those that are lost; the others are unwanted or kept.
func Tally(outcomes []Outcome) (delivered, lost int) {
	for _, o := range outcomes {
		switch o {
		case Delivered:
			delivered++
		case Rejected, Failed, Panicked, GaveUp:
			lost++
		}
	}
	return delivered, lost
}

// Offer hands the records of batch to any Core, and sets outcomes, which has the length of batch, to what became of each. It
// is for those who hold records, a queue or a buffer. A BatchWriter gets the batch, without being asked for levels; any
// other Core gets the records one by one as Record.Deliver does, with ignoreLevel.
//
// rejection is what a BatchWriter said of the records that it refused for good; err is why others were not taken. If a
// BatchWriter panics there is one record at which it does, most likely, so the batch is halved until that one is alone:
// what came before it in the batch may arrive twice then.
func Offer(core zapcore.Core, batch *Batch, ignoreLevel bool, outcomes []Outcome) (rejection, err error) {
	w, ok := core.(BatchWriter)
	if ok {
		panicked := Guard(func() error {
			rejection, err = offerBatch(w, batch, outcomes)
			for _, e := range []error{rejection, err} {
				if e != nil {
					_ = e.Error()
				}
			}
			return nil
		})
		if panicked != nil { // what it returned is broken: an error that panics, an index of no record
			for i := range outcomes {
				outcomes[i] = Panicked
			}
			return nil, panicked
		}
		return rejection, err
	}
	for i := range batch.Len() {
		var e error
		outcomes[i], e = offerRecord(core, batch.At(i), ignoreLevel)
		err = appendNew(err, e)
	}
	return nil, err
}

// appendNew is multierr.Append for what a core says of one record after the other: once, and no more than maxTold different things.
func appendNew(all, err error) error {
	if err == nil {
		return all
	}
	err = sound(err)
	known := multierr.Errors(all)
	if len(known) >= maxTold || slices.ContainsFunc(known, func(e error) bool { return e.Error() == err.Error() }) {
		return all
	}
	return multierr.Append(all, err)
}

// sound returns err, or what stands in its place if it panics when it is asked what it says.
func sound(err error) (told error) {
	defer func() {
		if p := recover(); p != nil {
			told = fmt.Errorf("an error, %T, cannot be told: %w", err, &PanicError{Value: p})
		}
	}()
	_ = err.Error()
	return err
}

func offerRecord(core zapcore.Core, r *Record, ignoreLevel bool) (Outcome, error) {
	wanted := false
	err := Guard(func() (err error) {
		wanted, err = r.Deliver(core, ignoreLevel)
		return err
	})
	switch {
	case isPanic(err):
		return Panicked, err
	case err != nil:
		return Failed, err
	case !wanted:
		return Skipped, nil
	default:
		return Delivered, nil
	}
}

func offerBatch(w BatchWriter, batch *Batch, outcomes []Outcome) (rejection, err error) {
	n := 0
	err = Guard(func() (err error) {
		n, err = w.WriteBatch(batch)
		return err
	})
	n = min(max(n, 0), batch.Len())
	switch {
	case isPanic(err):
		return offerHalves(w, batch, outcomes, err)
	case err == nil && n < batch.Len():
		err = &RetryError{Err: fmt.Errorf("zapcore: %T took %d of %d records and returned no error", w, n, batch.Len())}
	}
	rejection, err = splitRejection(err)
	judge(outcomes, n, rejection, err)
	return rejection, err
}

// judge sets the outcomes of a batch of which w is done with n records.
func judge(outcomes []Outcome, n int, rejection, err error) {
	again := err != nil && mayRetry(err)
	for i := range outcomes {
		switch {
		case i < n:
			outcomes[i] = Delivered
		case again:
			outcomes[i] = Kept
		default:
			outcomes[i] = Failed
		}
	}
	if again {
		for _, retry := range verdictsIn[*RetryError](err) {
			for _, i := range retry.Indexes {
				outcomes[i] = Kept
			}
		}
	}
	for _, rejected := range verdictsIn[*RejectedError](rejection) {
		for _, i := range rejected.Indexes {
			outcomes[i] = Rejected
		}
	}
}

func mayRetry(err error) bool {
	_, retry := errors.AsType[*RetryError](err)
	return retry
}

// offerHalves offers a batch at which w has panicked.
func offerHalves(w BatchWriter, batch *Batch, outcomes []Outcome, panicked error) (rejection, err error) {
	if batch.Len() <= 1 {
		for i := range outcomes {
			outcomes[i] = Panicked
		}
		return nil, panicked
	}
	var half Batch
	middle := batch.Len() / 2
	half.Slice(batch, 0, middle)
	rejection, err = offerBatch(w, &half, outcomes[:middle])
	for _, f := range outcomes[:middle] {
		if f == Kept { // the rest would overtake it
			for i := middle; i < len(outcomes); i++ {
				outcomes[i] = Kept
			}
			return rejection, err
		}
	}
	half.Slice(batch, middle, batch.Len())
	more, moreErr := offerBatch(w, &half, outcomes[middle:])
	return multierr.Append(rejection, more), multierr.Append(err, moreErr)
}

// splitRejection separates what err says of single records that were refused for good from the rest.
func splitRejection(err error) (rejection, rest error) {
	if rejectedIn(err) == 0 {
		return nil, err
	}
	for _, e := range parts(err) {
		if rejectedIn(e) > 0 {
			rejection = multierr.Append(rejection, e)
		} else {
			rest = multierr.Append(rest, e)
		}
	}
	return rejection, rest
}

// parts returns the errors that err was joined of, by multierr or errors.Join, also where somebody has put words before them.
func parts(err error) (all []error) {
	switch e := err.(type) {
	case nil:
		return nil
	case *RejectedError, *RetryError: // what these were made of is their own
	case interface{ Unwrap() []error }:
		for _, e := range e.Unwrap() {
			all = append(all, parts(e)...)
		}
		return all
	default:
		if all = parts(errors.Unwrap(err)); len(all) > 1 {
			return all
		}
	}
	return []error{err}
}

// Guard calls f, which is code of others, and makes a *PanicError of its panic.
func Guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &PanicError{Value: p}
		}
	}()
	return f()
}

// PanicError is a panic of code that is not ours.
type PanicError struct {
	Value any // what was panicked with
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns what was panicked with, if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func isPanic(err error) bool {
	_, ok := err.(*PanicError)
	return ok
}
