package httpcore

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	base "example.com/zaphandlers/zapcore"
)

// policy says which statuses mean what.
type policy struct {
	retryOn, splitOn []int                 // of Config
	retries          func(status int) bool // of the Envelope; nil: as in Answer.Err
}

// temporary reports whether an answer that would be a refusal is only about now, because it has a Retry-After. In a request of
// several records that is not acceptable as a whole, the one at fault is still searched for.
func (p *policy) temporary(a *Answer) bool {
	whole := a.Status != http.StatusBadRequest && a.Status != http.StatusRequestEntityTooLarge
	return a.Status >= 400 && (whole || a.Records == 1) && a.Header.Get("Retry-After") != "" &&
		p.retries == nil && !slices.Contains(p.splitOn, a.Status)
}

// again reports whether a request with that status may be sent again.
func (p *policy) again(status int) bool {
	switch {
	case slices.Contains(p.retryOn, status):
		return true
	case slices.Contains(p.splitOn, status):
		return false
	case p.retries != nil:
		return p.retries(status)
	case slices.Contains(busy, status):
		return true
	}
	return status < 400 || status >= 500 && status != http.StatusNotImplemented
}

// busy are the 4xx statuses that mean that the request may work later.
var busy = []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}

// faultError refuses a request because something in it cannot be taken.
type faultError struct {
	index int // of the record; -1: unknown
	err   error
}

// Error implements error.
func (e *faultError) Error() string { return e.err.Error() }

// Unwrap returns the server's error.
func (e *faultError) Unwrap() error { return e.err }

// faultIn reports whether err, of a request with that many records, is about one of the records and not about the request. index is
// the record's, or -1 if the server does not say.
func (p *policy) faultIn(err error, records int) (index int, ok bool) {
	var fault *faultError
	if errors.As(err, &fault) {
		return fault.index, true
	}
	var status *StatusError
	retry, rejected := verdictsIn(err)
	if retry != nil || rejected == nil || len(rejected.Indexes) < records || !errors.As(rejected.Err, &status) {
		return 0, false
	}
	switch status.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return -1, true
	}
	return -1, slices.Contains(p.splitOn, status.Status)
}

// tooLarge reports whether err is a 413, which calls for smaller requests from now on.
func tooLarge(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusRequestEntityTooLarge
}

// verdictsIn returns the errors in err that are verdicts on records.
func verdictsIn(err error) (retry *base.RetryError, rejected *base.RejectedError) {
	if err != nil {
		errors.As(err, &retry)
		errors.As(err, &rejected)
	}
	return retry, rejected
}

// checked returns the verdict of an Envelope's Read, with every record named in it. An error that names no records is about all that
// the other one does not name. A verdict on a record that was not in the request is an error.
func (a *Answer) checked(retry *base.RetryError, rejected *base.RejectedError, err error) error {
	var indexes []int
	if retry != nil {
		indexes = retry.Indexes
	}
	if rejected != nil {
		indexes = append(slices.Clone(indexes), rejected.Indexes...)
	}
	for _, i := range indexes {
		if i < 0 || i >= a.Records {
			err = fmt.Errorf("httpcore: %s: Config.Envelope.Read names record %d, and there are 0 to %d: %v", a.target, i, a.Records-1, err)
			return &base.RetryError{After: a.After, Err: err}
		}
	}
	again, refuses := retry != nil && len(retry.Indexes) > 0, rejected != nil && len(rejected.Indexes) > 0
	switch {
	case rejected == nil || refuses && (retry == nil || again):
		return err
	case refuses:
		return verdict(rejected, &base.RetryError{After: retry.After, Indexes: a.others(indexes), Err: retry.Err})
	case again:
		return verdict(&base.RejectedError{Indexes: a.others(indexes), Err: rejected.Err}, retry)
	case retry != nil: // neither error names its records
		return retry
	}
	return a.Reject(rejected.Err)
}

// others returns the records of the request that are not in indexes.
func (a *Answer) others(indexes []int) (others []int) {
	named := make([]bool, a.Records)
	for _, i := range indexes {
		named[i] = true
	}
	for i := range named {
		if !named[i] {
			others = append(others, i)
		}
	}
	return others
}

// sameCause recognises a cause that is no single record's fault, such as a wrong index or path, for which every record is refused. It
// counts how many records in a row were refused alone with the same text while none was taken. After sameRecords of them, samples of
// the remaining records are sent; if they are refused with this text too, all are.
type sameCause struct {
	text     string // of the refusal
	records  int
	anyTaken bool   // a record of this batch was taken
	known    string // the text for which the last batch was refused as a whole
}

const (
	sameRecords = 16
	sameSamples = 4
)

// refused notes that a record was refused alone, and reports whether to send samples.
func (c *sameCause) refused(err error) bool {
	if text := err.Error(); text != c.text {
		c.text, c.records = text, 0
	}
	c.records++
	enough := sameRecords
	if c.text == c.known { // it was the same for the batch before
		enough = 1
	}
	return !c.anyTaken && c.records >= enough
}

// taken notes that a record was taken.
func (c *sameCause) taken() { *c = sameCause{anyTaken: true} }

// begin starts a batch.
func (c *sameCause) begin() { c.text, c.records, c.anyTaken = "", 0, false }
