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
	GaveUp                   // not taken, and its holder will not offer it again
)

// Tally counts the delivered and the lost records among outcomes. The others were skipped or kept.
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

// Offer hands the records of batch to any Core, for a queue or a buffer that holds them. It sets outcomes, which must be as long as
// batch, to the outcome of each record. A BatchWriter gets the whole batch, and its levels are not checked; any
// other Core gets the records one by one, by Record.Deliver with ignoreLevel.
//
// rejection is the error for the records that a BatchWriter refused for good; err is why others were not taken. If a
// BatchWriter panics, one record is most likely the cause, so Offer halves the batch until that record is alone:
// the records before it may arrive twice then.
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
		if panicked != nil { // its errors are broken: one panics in Error, or has an index of no record
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

// appendNew is multierr.Append for the errors of one record after the other. It leaves out an error whose text is known, and all after
// maxReported different ones.
func appendNew(all, err error) error {
	if err == nil {
		return all
	}
	err = printable(err)
	known := multierr.Errors(all)
	if len(known) >= maxReported || slices.ContainsFunc(known, func(e error) bool { return e.Error() == err.Error() }) {
		return all
	}
	return multierr.Append(all, err)
}

// printable returns err, or an error in its place if its Error method panics.
func printable(err error) (safe error) {
	defer func() {
		if p := recover(); p != nil {
			safe = fmt.Errorf("an error, %T, cannot be told: %w", err, &PanicError{Value: p})
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
	setOutcomes(outcomes, n, rejection, err)
	return rejection, err
}

// setOutcomes sets the outcomes of a batch after WriteBatch returned n, rejection and err.
func setOutcomes(outcomes []Outcome, n int, rejection, err error) {
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

// offerHalves offers a batch at which w panicked again, in two halves.
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

// splitRejection separates the RejectedErrors that name records from the rest of err.
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

// parts returns the errors that multierr or errors.Join joined into err, also if fmt.Errorf has wrapped the joined error.
func parts(err error) (all []error) {
	switch e := err.(type) {
	case nil:
		return nil
	case *RejectedError, *RetryError: // these stay whole, whatever they wrap
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

// Guard calls f, which runs code that is not ours, and returns its panic as a *PanicError.
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
	Value any // the argument of panic
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns Value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

func isPanic(err error) bool {
	_, ok := err.(*PanicError)
	return ok
}
