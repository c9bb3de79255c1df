package zapcore

import (
	"errors"
	"slices"

	"go.uber.org/multierr"
)

// Verdicts collects what became of single records of a batch that is passed on in parts, for those who write a WriteBatch or
// an EmitBatch. The zero value is empty.
type Verdicts struct {
	rejected *RejectedError
	again    *RetryError // with Indexes
}

// Reject adds the record at index i, lost for good.
func (v *Verdicts) Reject(i int, err error) {
	if v.rejected == nil {
		v.rejected = &RejectedError{Err: err}
	}
	v.rejected.Indexes = append(v.rejected.Indexes, i)
}

// Add adds what err says of single records, counted from the record at index from.
func (v *Verdicts) Add(from int, err error) {
	if err == nil {
		return
	}
	for _, rejected := range verdictsIn[*RejectedError](err) {
		for _, i := range rejected.Indexes {
			v.Reject(from+i, rejected.Err)
		}
	}
	for _, again := range verdictsIn[*RetryError](err) {
		if len(again.Indexes) == 0 {
			continue
		}
		if v.again == nil {
			v.again = &RetryError{Err: again.Err}
		}
		v.again.After = max(v.again.After, again.After)
		for _, i := range again.Indexes {
			v.again.Indexes = append(v.again.Indexes, from+i)
		}
	}
}

// With returns the verdicts, and why the rest of the batch was not taken, as one error, or nil.
func (v *Verdicts) With(rest error) error {
	var err error
	if v.rejected != nil {
		err = v.rejected
	}
	if v.again != nil {
		if retry, ok := errors.AsType[*RetryError](rest); ok { // whoever looks for one RetryError finds all of it
			v.again.After, rest = max(v.again.After, retry.After), nil
		}
		err = multierr.Append(err, v.again)
	}
	return multierr.Append(err, rest)
}

// verdictsIn returns the errors of a type among those that err was joined of.
func verdictsIn[T error](err error) (all []T) {
	for _, e := range parts(err) {
		if v, ok := errors.AsType[T](e); ok {
			all = append(all, v)
		}
	}
	return all
}

func rejectedIn(err error) (n int) {
	for _, r := range verdictsIn[*RejectedError](err) {
		n += len(r.Indexes)
	}
	return n
}

func againIn(err error) (n int) {
	for _, r := range verdictsIn[*RetryError](err) {
		n += len(r.Indexes)
	}
	return n
}

// ofDestination is err without what it says of single records: what it says of the destination, if anything.
func ofDestination(err error) error {
	if err == nil {
		return nil
	}
	if again, ok := errors.AsType[*RetryError](err); ok && len(again.Indexes) > 0 {
		return &RetryError{After: again.After, Err: again.Err}
	}
	if rejectedIn(err) == 0 {
		return err
	}
	return multierr.Combine(slices.DeleteFunc(parts(err), func(e error) bool { return rejectedIn(e) > 0 })...)
}

// remaining is why the rest of a batch was not taken. A destination's failure is no verdict on the records, so unless it is
// closed they may be tried again.
func remaining(err error) error {
	err = ofDestination(err)
	if err == nil || mayRetry(err) || errors.Is(err, ErrClosed) {
		return err
	}
	return &RetryError{Err: err}
}
