package suite

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder makes rows that note their turns.
type recorder struct{ turns []string }

func (r *recorder) row(name string) Row {
	return Row{Name: name, Run: func(b *testing.B) error {
		if b.N > 1 { // the run of one operation is not a turn
			r.turns = append(r.turns, fmt.Sprint(name, b.N))
		}
		b.ReportMetric(42, "answers")
		return nil
	}}
}

func TestRowsTakeTurns(t *testing.T) {
	var r recorder
	own := r.row("own")
	own.N = 5
	s := Suite{Name: "Area", Tables: []Table{{"two words", 3, []Row{r.row("x"), r.row("y"), own}}}}
	var out, notes strings.Builder
	require.NoError(t, s.Run(&out, &notes, 2, nil))
	assert.Equal(t, []string{"x3", "x3", "y3", "own5", "own5", "y3", "x3"}, r.turns, "the first turn is not counted")
	assert.Empty(t, notes.String())

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 6, "a line a row and round")
	assert.Regexp(t, `^BenchmarkArea/two_words/x-\d+\t\s*3\t.* ns/op\t.*42\.00 answers\t.* B/op\t.* allocs/op$`, lines[0])
	assert.Contains(t, lines[1], "/x-")
	assert.Contains(t, lines[2], "/y-")
}

func TestOnlyWhatMatches(t *testing.T) {
	var r recorder
	s := Suite{Name: "Area", Tables: []Table{{"t", 3, []Row{r.row("x"), r.row("y")}}}}
	require.NoError(t, s.Run(new(strings.Builder), nil, 1, regexp.MustCompile("Area/t/y")))
	assert.Equal(t, []string{"y3", "y3"}, r.turns, "the first turn is not counted")
}

func TestErrorsOfRows(t *testing.T) {
	broken := errors.New("broken")
	run := func(err error) (out, notes string, _ error) {
		var o, n strings.Builder
		s := Suite{Name: "Area", Tables: []Table{{"t", 3, []Row{{Name: "x", Run: func(*testing.B) error { return err }}}}}}
		err = s.Run(&o, &n, 2, nil)
		return o.String(), n.String(), err
	}
	_, _, err := run(broken)
	require.ErrorIs(t, err, broken)
	assert.ErrorContains(t, err, "Area/t/x")

	out, notes, err := run(fmt.Errorf("%w: no Python", ErrLeftOut))
	require.NoError(t, err)
	assert.Empty(t, out)
	assert.Equal(t, "Area/t/x: left out: no Python\n", notes, "said once")
}

func TestBounds(t *testing.T) {
	results, err := Read(strings.NewReader(`goos: linux
BenchmarkArea/a_table/ours-2	100	60.0 ns/op	3 lost/op	0 B/op
BenchmarkArea/a_table/ours-2	100	90.0 ns/op	0 lost/op	0 B/op
BenchmarkArea/a_table/ours-2	100	61.0 ns/op	0 lost/op	0 B/op
BenchmarkArea/a_table/zap-2	100	20.0 ns/op	0 B/op
BenchmarkArea/a_table/zap-2	100	30.0 ns/op	0 B/op
BenchmarkArea/a_table/zap-2	100	21.0 ns/op	0 B/op
BenchmarkArea/a_table/rival-2	100	100 ns/op	8 B/op
BenchmarkArea/a_table/rival-2	100	130 ns/op	8 B/op
BenchmarkArea/a_table/rival-2	100	102 ns/op	8 B/op
`), "test")
	require.NoError(t, err)
	ours, rival, zap := "a table/ours", "a table/rival", "a table/zap"
	s := Suite{Name: "Area", Bounds: []Bound{
		{Claim: "net", Of: Value{Row: ours, Less: zap}, Against: Value{Row: rival, Less: zap}, AtMost: 0.5},
		{Claim: "whole", Of: Value{Row: ours}, Against: Value{Row: rival}, AtMost: 0.5},
		{Claim: "bytes", Of: Value{Row: ours, Unit: "B/op"}, None: true},
		{Claim: "lost", Of: Value{Row: ours, Unit: "lost/op"}, None: true},
		{Claim: "never lost", Of: Value{Row: ours, Unit: "lost/op"}, None: true, Always: true},
		{Claim: "always fast", Of: Value{Row: ours}, Against: Value{Row: rival}, AtMost: 0.7, Always: true},
		{Claim: "rate", Of: Value{Row: rival}, Against: Value{Row: ours}, AtLeast: 1.6},
		{Claim: "rate, always", Of: Value{Row: rival}, Against: Value{Row: ours}, AtLeast: 1.6, Always: true},
		{Claim: "not run", Of: Value{Row: "a table/Python"}, Against: Value{Row: ours}, AtLeast: 1},
	}}
	verdicts, missing := s.Judge(results)
	got := map[string]string{}
	for _, v := range verdicts {
		got[v.Claim] = fmt.Sprintf("%.3f %s %t", v.Value, v.Bound, v.Met)
	}
	assert.Equal(t, map[string]string{
		"net":   "0.500 <= 0.5 true", // 40/80, 60/100, 40/81
		"whole": "0.600 <= 0.5 false",
		"bytes": "0.000 0 true",
		"lost":  "0.000 0 true",
		"rate":  "1.667 >= 1.6 true",

		"never lost":   "0.000 0 false", // 3, 0, 0
		"always fast":  "0.600 <= 0.7 true",
		"rate, always": "1.667 >= 1.6 false", // 1.44 in the second round
	}, got)
	require.Len(t, missing, 1)
	assert.Equal(t, "not run", missing[0].Claim)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	var r recorder
	s := Suite{Name: "Area", Tables: []Table{{"t", 3, []Row{r.row("x, by y")}}}}
	var out strings.Builder
	require.NoError(t, s.Run(&out, nil, 2, nil))
	results, err := Read(strings.NewReader(Header()+out.String()), "test")
	require.NoError(t, err)
	assert.Equal(t, []float64{42, 42}, results[s.key("t/x, by y")]["answers"])
}

func TestCalls(t *testing.T) {
	var calls []int
	n := 0
	s := Suite{Name: "Area", Tables: []Table{{"t", 3, []Row{{Name: "x", Run: Calls(func(b *testing.B) (func() error, error) {
		n = 0
		b.Cleanup(func() { calls = append(calls, n) })
		return func() error { n++; return nil }, nil
	})}}}}}
	require.NoError(t, s.Run(new(strings.Builder), nil, 1, nil))
	require.Len(t, calls, 4, "the first turn of a process does not count")
	assert.Equal(t, []int{2, 4}, calls[2:], "one before the clock starts, in the run that does not count too")

	broken := errors.New("broken")
	for name, open := range map[string]func(*testing.B) (func() error, error){
		"open": func(*testing.B) (func() error, error) { return nil, broken },
		"call": func(*testing.B) (func() error, error) { return func() error { return broken }, nil },
	} {
		s.Tables[0].Rows[0].Run = Calls(open)
		require.ErrorIs(t, s.Run(new(strings.Builder), nil, 1, nil), broken, name)
	}
}

func TestInTurns(t *testing.T) {
	var order []string
	side := func(name string, ops int, wait time.Duration) Side {
		return Side{Ops: ops, Open: func(*testing.B) (func() error, error) {
			return func() error {
				order = append(order, name)
				for start := time.Now(); time.Since(start) < wait; {
				}
				return nil
			}, nil
		}}
	}
	// Both need longer for a call than a turn takes, so that a turn is one call.
	run := InTurns(side("x", 10, 4*turnTime), side("y", 1, 2*turnTime))
	var b *testing.B
	s := Suite{Name: "Area", Tables: []Table{{"t", 40, []Row{{Name: "x by y", Run: func(own *testing.B) error {
		b, order = own, nil
		return run(own)
	}}}}}}
	var out strings.Builder
	require.NoError(t, s.Run(&out, nil, 1, nil))
	require.Equal(t, 40, b.N)
	assert.Equal(t, "xy"+"xyyxxyyx", strings.Join(order, ""), "one to begin with, and four turns for forty operations")

	results, err := Read(strings.NewReader(out.String()), "test")
	require.NoError(t, err)
	assert.Len(t, results[s.key("t/x by y")]["ratio"], 1)

	broken := errors.New("broken")
	s.Tables[0].Rows[0].Run = InTurns(side("x", 1, 0), Side{Open: func(*testing.B) (func() error, error) { return nil, broken }})
	require.ErrorIs(t, s.Run(new(strings.Builder), nil, 1, nil), broken)
}
