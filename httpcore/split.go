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
	retries          func(status int) bool // of the Envelope; nil: see Answer.Err
}

// temporary tells whether an answer that would be a refusal is about now only: the server says so by Retry-After. In a request of more
// than one record that it cannot take as it is, the one at fault is looked for all the same.
func (p *policy) temporary(a *Answer) bool {
	whole := a.Status != http.StatusBadRequest && a.Status != http.StatusRequestEntityTooLarge
	return a.Status >= 400 && (whole || a.Records == 1) && a.Header.Get("Retry-After") != "" &&
		p.retries == nil && !slices.Contains(p.splitOn, a.Status)
}

// again tells whether what got that status may be sent again.
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

// busy are the statuses from 400 to 499 that say by themselves that something may work later.
var busy = []int{http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests}

// faultError refuses a request in which there is something that the server cannot take.
type faultError struct {
	index int // of the record; -1: the server does not say
	err   error
}

// Error implements error.
func (e *faultError) Error() string { return e.err.Error() }

// Unwrap returns the server's words.
func (e *faultError) Unwrap() error { return e.err }

// faultIn tells whether err, of a request with so many records, is about one of them rather than about the request, and which,
// if the server says so.
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

// tooLarge tells whether err is the answer 413, to which smaller requests may help for good.
func tooLarge(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusRequestEntityTooLarge
}

// verdictsIn returns the errors in err that say what became of records.
func verdictsIn(err error) (retry *base.RetryError, rejected *base.RejectedError) {
	if err != nil {
		errors.As(err, &retry)
		errors.As(err, &rejected)
	}
	return retry, rejected
}

// checked returns the verdict of an Envelope's Read with each record in it: an error that names no records is about all that the other
// one does not name. A verdict on a record that was not in the request is none.
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
	case retry != nil: // which of them is about which is not said
		return retry
	}
	return a.Reject(rejected.Err)
}

// others returns the records of the request that are not among indexes.
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

// A cause that every record is refused for is no record's fault: a wrong index, a wrong path. sameCause counts how many in a
// row were refused for the same words, none having been taken; from so many on a few samples of what is left are tried, and if
// they are refused for these words too, all are.
type sameCause struct {
	words   string
	records int
	taken   bool // a record of this batch was
	known   string
}

const (
	sameRecords = 16
	sameSamples = 4
)

// refused notes that a record was refused alone, and tells whether it is time for samples.
func (c *sameCause) refused(err error) bool {
	if words := err.Error(); words != c.words {
		c.words, c.records = words, 0
	}
	c.records++
	enough := sameRecords
	if c.words == c.known { // it was so for the batch before
		enough = 1
	}
	return !c.taken && c.records >= enough
}

// took notes that a record was taken.
func (c *sameCause) took() { *c = sameCause{taken: true} }

// begin is called for each batch.
func (c *sameCause) begin() { c.words, c.records, c.taken = "", 0, false }
