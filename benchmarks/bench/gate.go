package main

import (
	"errors"
	"fmt"
	"os"
	"text/tabwriter"

	"example.com/zaphandlers/benchmarks/suite"
)

// errShort is what gate returns if a bound is not met.
var errShort = errors.New("not every bound is met")

// gate prints the bounds of suites beside what was measured.
func gate(chosen []suite.Suite) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	var met, short, unknown int
	for _, s := range chosen {
		in, err := os.Open(file(s))
		if err != nil {
			return fmt.Errorf("%w; go -C benchmarks run ./bench run measures it", err)
		}
		results, err := suite.Read(in, in.Name())
		_ = in.Close()
		if err != nil {
			return err
		}
		verdicts, missing := s.Judge(results)
		fmt.Fprintf(out, "%s\tmeasured\trounds\tbound\t\n", s.Name)
		for _, v := range verdicts {
			word := "met"
			if v.Met {
				met++
			} else {
				short++
				word = "NOT MET"
			}
			fmt.Fprintf(out, "  %s\t%.3g\t%.3g to %.3g\t%s\t%s\n", v.Claim, v.Value, v.Low, v.Top, v.Bound, word)
		}
		for _, b := range missing {
			unknown++
			fmt.Fprintf(out, "  %s\t-\t-\t%s\tnot measured\n", b.Claim, b)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	fmt.Printf("\n%d met, %d not met, %d not measured here\n", met, short, unknown)
	if short > 0 {
		return errShort
	}
	return nil
}
