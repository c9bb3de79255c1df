package suite

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Bound is what was promised of a ratio.
type Bound struct {
	Claim   string // what it says, for people: "a call through the queue, of one to a file"
	Of      Value
	Against Value   // the zero Value: Of is compared with the bound as it is
	AtMost  float64 // one of the two is set
	AtLeast float64
	None    bool // Of must be 0, which AtMost cannot say
	Always  bool // in each round; else in the median
}

// Value is a metric of a row, less that of another one.
type Value struct {
	Row  string // "table/row", as in Suite.Tables
	Less string // a row of which the same metric is taken off: what zap itself costs
	Unit string // "": ns/op
}

// Results are what a suite wrote: the values of each row by unit, a value a round.
type Results map[string]map[string][]float64

// Read reads what Suite.Run wrote.
func Read(r io.Reader, name string) (Results, error) {
	results := Results{}
	in := benchfmt.NewReader(r, name)
	for in.Scan() {
		switch line := in.Result().(type) {
		case *benchfmt.SyntaxError:
			return nil, line
		case *benchfmt.Result:
			key := rowOf(line.Name)
			if results[key] == nil {
				results[key] = map[string][]float64{}
			}
			for _, v := range line.Values {
				value, unit := v.Value, v.Unit
				if v.OrigUnit != "" {
					value, unit = v.OrigValue, v.OrigUnit
				}
				results[key][unit] = append(results[key][unit], value)
			}
		}
	}
	return results, in.Err()
}

// rowOf is the name of a row: what the line says, less the number of processors.
func rowOf(name benchfmt.Name) string {
	full := string(name.Full())
	if _, parts := name.Parts(); len(parts) > 0 {
		if last := string(parts[len(parts)-1]); strings.HasPrefix(last, "-") {
			return strings.TrimSuffix(full, last)
		}
	}
	return full
}

// Verdict is how a bound fared.
type Verdict struct {
	Bound
	Value    float64 // the median over the rounds
	Low, Top float64 // the least and the greatest of them
	Met      bool
}

// Judge compares what was measured with the bounds of s. A bound whose rows were left out is in missing.
func (s Suite) Judge(results Results) (verdicts []Verdict, missing []Bound) {
	for _, b := range s.Bounds {
		values := s.ratios(b, results)
		if len(values) == 0 {
			missing = append(missing, b)
			continue
		}
		slices.Sort(values)
		v := Verdict{Bound: b, Value: Median(values), Low: values[0], Top: values[len(values)-1]}
		worst, least := v.Value, v.Value
		if b.Always {
			worst, least = v.Top, v.Low
		}
		switch {
		case b.None:
			v.Met = worst == 0
		case b.AtMost > 0:
			v.Met = worst <= b.AtMost
		default:
			v.Met = least >= b.AtLeast
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, missing
}

// ratios returns b's ratio in each round: both sides of one round saw the same machine.
func (s Suite) ratios(b Bound, results Results) []float64 {
	of, against := s.Values(b.Of, results), s.Values(b.Against, results)
	if b.Against == (Value{}) {
		return of
	}
	var ratios []float64
	for i := range min(len(of), len(against)) {
		ratios = append(ratios, of[i]/against[i])
	}
	return ratios
}

// Values returns what v was in each round.
func (s Suite) Values(v Value, results Results) []float64 {
	unit := v.Unit
	if unit == "" {
		unit = "ns/op"
	}
	values := slices.Clone(results[s.key(v.Row)][unit])
	if v.Less == "" {
		return values
	}
	less := results[s.key(v.Less)][unit]
	values = values[:min(len(values), len(less))]
	for i := range values {
		values[i] -= less[i]
	}
	return values
}

// String is the bound as it is written: "<= 0.13".
func (b Bound) String() string {
	switch {
	case b.None:
		return "0"
	case b.AtMost > 0:
		return fmt.Sprintf("<= %g", b.AtMost)
	}
	return fmt.Sprintf(">= %g", b.AtLeast)
}

// Median returns the middle of values, or the mean of the two in the middle.
func Median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
