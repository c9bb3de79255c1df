package zapcore

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrClosed is what a core or a writer returns for whatever comes after Close. It wraps os.ErrClosed.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string { return "zaphandlers: closed" }
func (closedError) Unwrap() error { return os.ErrClosed }

// LostError says how many records could not be delivered by the end of a Close or a Sync that had to end. They are counted as
// Dropped.
type LostError struct {
	Records uint64 // how many were left
	Err     error  // why, where it is known
}

// Error implements error.
func (e *LostError) Error() string {
	text := "zaphandlers: " + count(e.Records, "record", "records") + " lost"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *LostError) Unwrap() error { return e.Err }

// RejectedError names the records of a batch that the destination refused for good: too large, malformed, forbidden. They are
// among the n that WriteBatch says it is done with; sending them again would not help.
type RejectedError struct {
	Indexes []int // of the refused records, rising, counted from the batch's first; that of an Emit, which has one, may be left out
	Err     error // the destination's words for the first of them
}

// Error implements error.
func (e *RejectedError) Error() string {
	if len(e.Indexes) == 0 { // the one frame of an Emit
		return fmt.Sprintf("rejected: %v", e.Err)
	}
	return fmt.Sprintf("%s rejected: %v", count(uint64(len(e.Indexes)), "record", "records"), e.Err)
}

// Unwrap returns the cause.
func (e *RejectedError) Unwrap() error { return e.Err }

// RetryError says that what was not taken may be taken later: the destination is down, busy, or asked for patience.
type RetryError struct {
	After time.Duration // not before this much time has passed; 0 leaves it to the one who retries
	// Indexes are those among the n records of WriteBatch that were not taken after all, rising, counted from the
	// batch's first: a destination that judges each record by itself, as Elasticsearch does, may be too busy for some in
	// the middle. Whoever retries sends these again, and what follows the n records. Mostly empty.
	Indexes []int
	Err     error // why
}

// Error implements error.
func (e *RetryError) Error() string {
	why := "not taken now"
	if e.Err != nil {
		why = e.Err.Error()
	}
	if e.After <= 0 {
		return why
	}
	return fmt.Sprintf("%s (next attempt in %v)", why, e.After)
}

// Unwrap returns the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// timeouter is an error that may be a deadline that passed, as net.Error is.
type timeouter interface {
	error
	Timeout() bool
}

// isTimeout tells whether err is a deadline that passed.
func isTimeout(err error) bool {
	t, ok := errors.AsType[timeouter](err)
	return ok && t.Timeout()
}
