package suite

import (
	"fmt"
	"testing"
	"time"
)

// Side is one of two that InTurns compares.
type Side struct {
	Open func(b *testing.B) (call func() error, err error) // as Calls wants it
	Ops  int                                               // operations that a call does; 0: 1
}

// turnTime is about how long a side's turn takes: long for the clock, short for whatever else the machine does.
const turnTime = 50 * time.Microsecond

// InTurns is the Run of a row that compares two calls more closely than two rows can: they take turns within the row, many
// thousand times, and the medians of those turns do not mind the moments in which the machine did something else. The row's
// metrics are "ratio", that of the medians for one operation, and ns/op, that of the first side. It does b.N operations of it.
func InTurns(of, against Side) func(b *testing.B) error {
	return func(b *testing.B) error {
		var sides [2]turns
		for i, side := range []Side{of, against} {
			var err error
			if sides[i].call, err = side.Open(b); err != nil {
				return err
			}
			if err := sides[i].begin(max(1, side.Ops)); err != nil {
				return err
			}
		}
		if sides[0].ops == sides[1].ops { // a burst of the same length
			calls := max(sides[0].calls, sides[1].calls)
			sides[0].calls, sides[1].calls = calls, calls
		}
		b.ResetTimer()
		for done := 0; done < b.N; done += sides[0].calls * sides[0].ops {
			first := len(sides[0].times) % 2 // whoever is second finds a reader that is awake
			for _, i := range [2]int{first, 1 - first} {
				if err := sides[i].turn(); err != nil {
					return fmt.Errorf("side %d: %w", i+1, err)
				}
			}
		}
		b.StopTimer()
		ns := sides[0].median()
		b.ReportMetric(ns, "ns/op")
		b.ReportMetric(ns/sides[1].median(), "ratio")
		return nil
	}
}

// turns is a side at work.
type turns struct {
	call  func() error
	ops   int // a call
	calls int // a turn
	times []float64
}

// begin finds out how many calls fill a turn.
func (t *turns) begin(ops int) error {
	t.ops, t.calls = ops, 1
	for {
		if err := t.turn(); err != nil {
			return err
		}
		if took := time.Duration(t.times[0]); took >= turnTime || t.calls >= 1<<16 {
			t.times = t.times[:0]
			return nil
		}
		t.times = t.times[:0]
		t.calls *= 2
	}
}

func (t *turns) turn() error {
	start := time.Now()
	for range t.calls {
		if err := t.call(); err != nil {
			return err
		}
	}
	t.times = append(t.times, float64(time.Since(start)))
	return nil
}

// median is the time of an operation.
func (t *turns) median() float64 { return Median(t.times) / float64(t.calls*t.ops) }
