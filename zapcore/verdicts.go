package zapcore

import (
	"errors"
	"slices"

	"go.uber.org/multierr"
)

// Verdicts collects the rejected and the retryable records of a batch that is passed on in parts. It is for implementations of
// WriteBatch and EmitBatch. The zero value is empty.
type Verdicts struct {
	rejected *RejectedError
	again    *RetryError // with Indexes
}

// Reject adds the record at index i, which was refused for good.
func (v *Verdicts) Reject(i int, err error) {
	if v.rejected == nil {
		v.rejected = &RejectedError{Err: err}
	}
	v.rejected.Indexes = append(v.rejected.Indexes, i)
}

// Add adds the records that err names, whose indexes count from the record at index from.
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

// With returns one error, or nil, for the verdicts and rest, which is why the rest of the batch was not taken.
func (v *Verdicts) With(rest error) error {
	var err error
	if v.rejected != nil {
		err = v.rejected
	}
	if v.again != nil {
		if retry, ok := errors.AsType[*RetryError](rest); ok { // one RetryError for both: callers look for the first
			v.again.After, rest = max(v.again.After, retry.After), nil
		}
		err = multierr.Append(err, v.again)
	}
	return multierr.Append(err, rest)
}

// verdictsIn returns the errors of type T among the parts of err.
func verdictsIn[T error](err error) (all []T) {
	for _, e := range parts(err) {
		if v, ok := errors.AsType[T](e); ok {
			all = append(all, v)
		}
	}
	return all
}

// rejectedIn returns how many records err names as rejected.
func rejectedIn(err error) (n int) {
	for _, r := range verdictsIn[*RejectedError](err) {
		n += len(r.Indexes)
	}
	return n
}

// retryableIn returns how many records err names as not taken after all.
func retryableIn(err error) (n int) {
	for _, r := range verdictsIn[*RetryError](err) {
		n += len(r.Indexes)
	}
	return n
}

// destinationError is err without the verdicts on single records: a failure of the destination itself, or nil.
func destinationError(err error) error {
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

// restError is the error for the rest of a batch, which was not taken because of err. A failure of the destination says nothing about
// the records, so they may be tried again, unless the destination is closed.
func restError(err error) error {
	err = destinationError(err)
	if err == nil || mayRetry(err) || errors.Is(err, ErrClosed) {
		return err
	}
	return &RetryError{Err: err}
}
