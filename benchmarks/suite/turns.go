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
		ns, err := medians(b, of, against)
		if err != nil {
			return err
		}
		b.ReportMetric(ns[0], "ns/op")
		b.ReportMetric(ns[0]/ns[1], "ratio")
		return nil
	}
}

// NetInTurns is InTurns for two calls of which a third is a part: what that takes is taken off both. Its own time is in the metric
// "part-ns".
func NetInTurns(of, against, part Side) func(b *testing.B) error {
	return func(b *testing.B) error {
		ns, err := medians(b, of, against, part)
		if err != nil {
			return err
		}
		b.ReportMetric(ns[0], "ns/op")
		b.ReportMetric(ns[2], "part-ns")
		b.ReportMetric((ns[0]-ns[2])/(ns[1]-ns[2]), "ratio")
		return nil
	}
}

// medians has the calls of some sides take turns, until the first has done b.N operations, and returns what an operation of each takes.
func medians(b *testing.B, of ...Side) ([]float64, error) {
	sides := make([]turns, len(of))
	calls, alike := 0, true
	for i, side := range of {
		var err error
		if sides[i].call, err = side.Open(b); err != nil {
			return nil, err
		}
		if err := sides[i].begin(max(1, side.Ops)); err != nil {
			return nil, err
		}
		calls, alike = max(calls, sides[i].calls), alike && sides[i].ops == sides[0].ops
	}
	for i := range sides {
		if alike { // a burst of the same length
			sides[i].calls = calls
		}
	}
	b.ResetTimer()
	for round, done := 0, 0; done < b.N; round, done = round+1, done+sides[0].calls*sides[0].ops {
		for i := range sides { // whoever is not the first finds a reader that is awake
			if err := sides[(round+i)%len(sides)].turn(); err != nil {
				return nil, fmt.Errorf("side %d: %w", (round+i)%len(sides)+1, err)
			}
		}
	}
	b.StopTimer()
	var ns []float64
	for i := range sides {
		ns = append(ns, sides[i].median())
	}
	return ns, nil
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
