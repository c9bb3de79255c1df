package rotation

import (
	"fmt"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// Period is the stretch of time that the file in use belongs to. It belongs to the writer, and is used under its lock.
type Period struct {
	// OfFile says that several processes count a period from when the file in use was made: on nothing else can they agree.
	OfFile bool

	next   func(t time.Time) time.Time   // the end of the period that t is in: the schedule's, or the user's
	start  func(end time.Time) time.Time // the beginning of the period that ends then; nil: it begins where the one before ended
	clock  func() time.Time              // the user's; nil: the system's
	step   string                        // what is told of when next panics
	report *base.Reporter

	begun time.Time // since when the file is written to
	end   time.Time
	told  bool // next has told end; else it is when next is asked again
}

const (
	LookEvery   = time.Minute           // how often the clock is looked at, for it may be put forward or back
	OpenAheadBy = time.Second           // how long before the end of a period the directory is made ready
	stampLag    = 20 * time.Millisecond // how far the time stamps of files may be behind the clock
)

// NewPeriod returns a Period that has not begun. Start and clock may be nil. Step is what the reporter calls next.
func NewPeriod(next func(time.Time) time.Time, start func(time.Time) time.Time, clock func() time.Time, step string, report *base.Reporter) *Period {
	return &Period{next: next, start: start, clock: clock, step: step, report: report}
}

// Custom reports whether the clock is the user's, which no timer can watch.
func (p *Period) Custom() bool { return p.clock != nil }

// Now returns the time.
func (p *Period) Now() (now time.Time) {
	if p.clock == nil {
		return time.Now().Round(0) // the clock on the wall, which can be put back
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

// ask asks for the end of the period that at is in. One that has come already, or that could not be told, is no end.
func (p *Period) ask(at time.Time) {
	p.end, p.told = at.Add(LookEvery), false
	err := guard(func() error {
		end := p.next(at)
		if !end.After(at) {
			return fmt.Errorf("%v is no later time than %v: the file does not roll over by time until there is one", end, at)
		}
		p.end, p.told = end, true
		return nil
	})
	p.report.Note("Next"+p.step, err)
}

// BeginFound begins the period of a file that was found, which may be over: that in which the file was made, or last written if that
// is earlier (Python 3.16). The zero time is one that is not known.
func (p *Period) BeginFound(made, written time.Time) {
	from := p.Now()
	if !made.IsZero() {
		made = made.Add(stampLag) // what was made at the very beginning of a period is stamped a little before
	}
	for _, t := range []time.Time{made, written} {
		if !t.IsZero() && t.Before(from) {
			from = t
		}
	}
	p.Begin(from)
}

// Over reports whether the period has ended. Where no end was told it asks for one again in a while.
func (p *Period) Over(now time.Time) bool {
	if !p.told && !now.Before(p.end) {
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

// Left returns how long the period lasts yet.
func (p *Period) Left(now time.Time) time.Duration { return p.end.Sub(now) }

// Until returns when the clock is to be looked at next, no sooner than notBefore.
func (p *Period) Until(now time.Time, notBefore time.Duration) time.Duration {
	left := p.Left(now)
	wait := min(left, LookEvery)
	if left > 2*OpenAheadBy {
		wait = min(wait, left-OpenAheadBy)
	}
	return max(wait, notBefore, time.Millisecond)
}

// After reports whether a file made then was made after the end of the period. One that was made at a time that is still to come was not:
// the clock was put back.
func (p *Period) After(made time.Time) bool {
	return !made.Before(p.end.Add(-stampLag)) && !made.After(p.Now().Add(stampLag))
}

// LabelOf returns the beginning of the period of a file that was last written then: what is known of a file whose writer is gone.
func (p *Period) LabelOf(written time.Time) (label time.Time) {
	label = written
	if p.start != nil {
		_ = guard(func() error { label = p.start(p.next(written)); return nil })
	}
	return label
}
