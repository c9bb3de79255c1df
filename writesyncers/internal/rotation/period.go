package rotation

import (
	"fmt"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Period is the period of time that the file in use belongs to. Its methods are called under the writer's lock.
type Period struct {
	// OfFile says that a period counts from when the file in use was made: the only thing that several processes can agree on.
	OfFile bool

	next   func(t time.Time) time.Time   // the end of the period that t is in: the schedule's, or the user's
	start  func(end time.Time) time.Time // the beginning of the period that ends then; nil: it began with the last rollover
	clock  func() time.Time              // the user's; nil: the system's
	step   string                        // what the reporter puts behind "Next" and "Clock"
	report *base.Reporter

	begun time.Time // when the period began: at the last rollover, or as found
	end   time.Time
	known bool // end is what next has returned; else it is when next is called again
}

const (
	LookEvery   = time.Minute           // how often the timer reads the clock, which may be put forward or back
	OpenAheadBy = time.Second           // how long before the end of a period the directory is made ready
	stampLag    = 20 * time.Millisecond // how far the time stamps of files may be behind the clock
)

// NewPeriod returns a Period that has not begun. start and clock may be nil. step names the log in errors of next and clock.
func NewPeriod(next func(time.Time) time.Time, start func(time.Time) time.Time, clock func() time.Time, step string, report *base.Reporter) *Period {
	return &Period{next: next, start: start, clock: clock, step: step, report: report}
}

// Custom reports whether the clock is the user's, which no timer can watch.
func (p *Period) Custom() bool { return p.clock != nil }

// Now returns the time.
func (p *Period) Now() (now time.Time) {
	if p.clock == nil {
		return time.Now().Round(0) // the wall clock alone, without the monotonic one
	}
	err := guard(func() error { now = p.clock(); return nil })
	if err != nil {
		p.report.Note("Clock"+p.step, err)
		return time.Now().Round(0)
	}
	return now
}

// Begin begins the period that at is in.
func (p *Period) Begin(at time.Time) {
	p.begun = at
	p.ask(at)
}

// ask calls next for the end of the period that at is in. If next panics or returns no later time, it is called again after LookEvery.
func (p *Period) ask(at time.Time) {
	p.end, p.known = at.Add(LookEvery), false
	err := guard(func() error {
		end := p.next(at)
		if !end.After(at) {
			return fmt.Errorf("%v is no later time than %v: the file does not roll over by time until there is one", end, at)
		}
		p.end, p.known = end, true
		return nil
	})
	p.report.Note("Next"+p.step, err)
}

// BeginFound begins the period of a file that already exists: the one in which it was made or, if that is earlier, last written
// (Python 3.16). That period may be over. The zero time means that a time is not known.
func (p *Period) BeginFound(made, written time.Time) {
	from := p.Now()
	if !made.IsZero() {
		made = made.Add(stampLag) // a file made right at the beginning of a period may be stamped a little earlier
	}
	for _, t := range []time.Time{made, written} {
		if !t.IsZero() && t.Before(from) {
			from = t
		}
	}
	p.Begin(from)
}

// Over reports whether the period has ended. If its end is not known, it asks again each LookEvery.
func (p *Period) Over(now time.Time) bool {
	if !p.known && !now.Before(p.end) {
		p.ask(now)
	}
	return !now.Before(p.end)
}

// NotYet reports whether the period has not begun: the clock was put back.
func (p *Period) NotYet(now time.Time) bool { return now.Before(p.Start()) }

// Start returns the beginning of the period, which its backups are named for.
func (p *Period) Start() time.Time {
	if p.start == nil {
		return p.begun
	}
	return p.start(p.end)
}

// Left returns how long it is until the period ends.
func (p *Period) Left(now time.Time) time.Duration { return p.end.Sub(now) }

// Until returns how long the timer waits before it reads the clock again: notBefore at least.
func (p *Period) Until(now time.Time, notBefore time.Duration) time.Duration {
	left := p.Left(now)
	wait := min(left, LookEvery)
	if left > 2*OpenAheadBy {
		wait = min(wait, left-OpenAheadBy)
	}
	return max(wait, notBefore, time.Millisecond)
}

// After reports whether a file with that time of birth was made after the end of the period. If the time is still to come, it was not: the
// clock was put back.
func (p *Period) After(made time.Time) bool {
	return !made.Before(p.end.Add(-stampLag)) && !made.After(p.Now().Add(stampLag))
}

// LabelOf returns the beginning of the period in which a file was last written. It is for a file whose writer is gone.
func (p *Period) LabelOf(written time.Time) (label time.Time) {
	label = written
	if p.start != nil {
		_ = guard(func() error { label = p.start(p.next(written)); return nil })
	}
	return label
}
