package zapcore

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Backoff decides when a destination that failed may be tried again, as Python's SocketHandler does: Start after the first
// failure, then Factor times the last delay, at most Max. It differs in one thing: the delay falls back to Start only after
// a success has held for as long as the current delay, so that a server which accepts and hangs up is not hammered.
//
// It reads no clock: its results depend only on the times that it is given. It is not safe for concurrent use.
type Backoff struct {
	Start  time.Duration // delay after the first failure (Python: retryStart). Defaults to 1 s, or Max if that is less.
	Factor float64       // by which each further failure multiplies the delay (retryFactor). Defaults to 2; 1 keeps it constant.
	Max    time.Duration // the longest delay, unless Start is longer (retryMax). Defaults to 30 s.
	Jitter bool          // draw each delay evenly from zero to the computed one; Python never does.

	delay time.Duration // the last one, before jitter; 0 before the first failure
	next  time.Time     // no attempt before this; zero: at any time
	since time.Time     // when the success began that still holds; zero: none does
}

// Defaults of Backoff, which are Python's.
const (
	DefaultRetryStart  = time.Second
	DefaultRetryFactor = 2.0
	DefaultRetryMax    = 30 * time.Second
)

// Failed notes a failure at now and returns how long to wait before the next attempt.
func (b *Backoff) Failed(now time.Time) time.Duration {
	if !b.since.IsZero() && now.Sub(b.since) >= b.delay {
		b.delay = 0
	}
	b.since = time.Time{}
	if b.delay == 0 {
		b.delay = orDefault(b.Start, min(DefaultRetryStart, orDefault(b.Max, DefaultRetryMax)))
	} else {
		grown, limit := float64(b.delay)*orDefault(b.Factor, DefaultRetryFactor), orDefault(b.Max, DefaultRetryMax)
		if b.delay = limit; grown < float64(limit) { // both may be more than a Duration holds
			b.delay = time.Duration(grown)
		}
	}
	wait := b.delay
	if b.Jitter {
		wait = rand.N(min(b.delay, math.MaxInt64-1) + 1)
	}
	b.next = now.Add(wait)
	return wait
}

// Succeeded notes a success at now. The next attempt may follow at once.
func (b *Backoff) Succeeded(now time.Time) {
	b.next = time.Time{}
	if b.since.IsZero() {
		b.since = now
	}
}

// Hold forbids attempts until now+d, if that is later than Failed decided: a destination may ask for a longer delay.
func (b *Backoff) Hold(now time.Time, d time.Duration) {
	if until := now.Add(d); until.After(b.next) {
		b.next = until
	}
}

// Wait returns how long after now the next attempt is allowed; 0 means at once.
func (b *Backoff) Wait(now time.Time) time.Duration {
	return max(0, b.next.Sub(now))
}

func orDefault[T int | int64 | float64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Interval is a Duration in a Config, to be checked for a missing unit.
type Interval struct {
	Field    string        // its name in the Config
	Value    time.Duration // what the user has set
	Shortest time.Duration // the least sensible value
	Example  string        // how a value is written: "5 * time.Second"
}

// ShortestTimeout is the least sensible timeout for a network or a service.
const ShortestTimeout = 100 * time.Microsecond

// LongestTimeout is as good as no timeout. A longer one is cut to this, so that its multiples and the times that lie so far ahead do not
// overflow.
const LongestTimeout = 10 * 24 * time.Hour

// Check returns an error, which begins with the field's name, for a value between 0 and Shortest. Such a value is mostly a bare number,
// written without a unit, which counts nanoseconds. Values of 0 and below are the caller's to judge.
func (i Interval) Check() error {
	if i.Value <= 0 || i.Value >= i.Shortest {
		return nil
	}
	return fmt.Errorf("%s is %v, less than %v: a bare number counts nanoseconds; write %s", i.Field, i.Value, i.Shortest, i.Example)
}

// CheckIntervals returns the first error of the Checks of intervals, or nil.
func CheckIntervals(intervals ...Interval) error {
	for _, i := range intervals {
		if err := i.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Check returns an error for a field without a sensible value. The error begins with the name of that field in every Config:
// RetryStart, RetryFactor or RetryMax.
func (b Backoff) Check() error {
	switch {
	case b.Start < 0:
		return fmt.Errorf("RetryStart is %v; write time.Second, or 0 for the default", b.Start)
	case b.Max < 0:
		return fmt.Errorf("RetryMax is %v; write 30 * time.Second, or 0 for the default", b.Max)
	case b.Factor != 0 && !(b.Factor >= 1 && b.Factor <= math.MaxFloat64):
		return fmt.Errorf("RetryFactor is %v; write 1 for a delay that stays, 2 for one that doubles", b.Factor)
	}
	return CheckIntervals(
		Interval{"RetryStart", b.Start, time.Microsecond, "time.Second"},
		Interval{"RetryMax", b.Max, time.Microsecond, "30 * time.Second"},
	)
}
