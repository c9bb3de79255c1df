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
// It is a pure function of the times it is given: it reads no clock. It is not safe for concurrent use.
type Backoff struct {
	Start  time.Duration // after the first failure (Python: retryStart). Defaults to 1 s, or Max if that is less.
	Factor float64       // of the delay from one failure to the next (retryFactor). Defaults to 2; 1 keeps it constant.
	Max    time.Duration // the longest delay but for Start itself (retryMax). Defaults to 30 s.
	Jitter bool          // draw each delay evenly from zero to the value above; Python never does.

	delay time.Duration // the last one, before jitter; 0 before the first failure
	next  time.Time     // no attempt before this; zero: at any time
	since time.Time     // of the success that still holds; zero: none does
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

// Succeeded notes that the destination works again since now.
func (b *Backoff) Succeeded(now time.Time) {
	b.next = time.Time{}
	if b.since.IsZero() {
		b.since = now
	}
}

// Hold forbids attempts until now+d, if that is later than what Failed said: a destination may ask for more patience.
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

// Interval is the value of a field of a Config that is a Duration.
type Interval struct {
	Field    string
	Value    time.Duration
	Shortest time.Duration // that anybody means
	Example  string        // how a value is written: "5 * time.Second"
}

// ShortestTimeout is the least that anybody means by a timeout of a network or a service.
const ShortestTimeout = 100 * time.Microsecond

// LongestTimeout is as good as none. A longer one counts as that, because multiples of it have to be durations, and times from now, too.
const LongestTimeout = 10 * 24 * time.Hour

// Check returns an error, which begins with the field's name, for a value above 0 that nobody can mean: a bare number, which counts
// nanoseconds, is a slip. What 0 and negative values mean is the field's business.
func (i Interval) Check() error {
	if i.Value <= 0 || i.Value >= i.Shortest {
		return nil
	}
	return fmt.Errorf("%s is %v, less than %v: a bare number counts nanoseconds; write %s", i.Field, i.Value, i.Shortest, i.Example)
}

// CheckIntervals returns the error of the first of them that has one.
func CheckIntervals(intervals ...Interval) error {
	for _, i := range intervals {
		if err := i.Check(); err != nil {
			return err
		}
	}
	return nil
}

// Check returns an error for a Backoff that nobody can mean. It begins with the name that the field has in every Config: RetryStart,
// RetryFactor, RetryMax.
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
