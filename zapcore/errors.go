package zapcore

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// ErrClosed is returned by every core and writer after Close. It wraps os.ErrClosed.
var ErrClosed error = closedError{}

type closedError struct{}

func (closedError) Error() string { return "zaphandlers: closed" }
func (closedError) Unwrap() error { return os.ErrClosed }

// LostError says how many records a Close or a Sync could not deliver before its deadline. They are counted as
// Dropped.
type LostError struct {
	Records uint64 // how many were lost
	Err     error  // why, if that is known
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

// RejectedError names the records of a batch that the destination refused for good: too large, malformed, forbidden. They count
// among the n records that WriteBatch is done with; sending them again would not help.
type RejectedError struct {
	Indexes []int // in the batch, of the refused records, rising. Emit, which has one record, may leave it empty.
	Err     error // why the destination refused the first of them
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

// RetryError says that the records that were not taken may be sent again: the destination is down, busy, or asked to wait.
type RetryError struct {
	After time.Duration // the least time to wait before the next attempt; 0 leaves it to whoever retries
	// Indexes names, rising, records among the n of WriteBatch that were not taken after all: a destination that answers for each
	// record, as Elasticsearch does, may be too busy for some in the middle. Whoever retries sends these again, and all records after
	// the n. Mostly empty.
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

// timeouter is an error that may be a timeout, as net.Error is.
type timeouter interface {
	error
	Timeout() bool
}

// isTimeout reports whether err is a timeout.
func isTimeout(err error) bool {
	t, ok := errors.AsType[timeouter](err)
	return ok && t.Timeout()
}
