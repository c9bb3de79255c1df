// Command bench measures this module beside its rivals, compares what it found with what was promised, and draws it.
//
//	go -C benchmarks run ./bench run               every area, in twenty minutes: results/*.txt in Go's benchmark format
//	go -C benchmarks run ./bench run files queue   some of them
//	go -C benchmarks run ./bench gate              the promised ratios beside the measured ones; exit code 1 if one falls short
//	go -C benchmarks run ./bench draw              the pictures of the README, from the results: results/*.svg
//
// Each row is measured six times, in turns with the others of its table; package suite says how, and what that is worth.
// benchstat reads the results, too: benchstat results/queue.txt
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/zaphandlers/benchmarks/call"
	"example.com/zaphandlers/benchmarks/faults"
	"example.com/zaphandlers/benchmarks/files"
	"example.com/zaphandlers/benchmarks/http"
	"example.com/zaphandlers/benchmarks/mail"
	"example.com/zaphandlers/benchmarks/net"
	"example.com/zaphandlers/benchmarks/queue"
	"example.com/zaphandlers/benchmarks/size"
	"example.com/zaphandlers/benchmarks/suite"
	"example.com/zaphandlers/benchmarks/syslog"
)

// suites are the areas.
var suites = []suite.Suite{call.Suite, files.Suite, queue.Suite, net.Suite, syslog.Suite, http.Suite, mail.Suite, size.Suite, faults.Suite}

// dir is where results and pictures are.
var dir = flag.String("dir", "results", "directory of the results and the pictures")

var rounds = flag.Int("rounds", 6, "run: turns a row")

var pattern = flag.String("only", "", "run: the rows that match this regular expression, such as Queue/producer")

func main() {
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: bench run|gate|draw [flags] [area ...]")
		flag.PrintDefaults()
	}
	if len(os.Args) < 2 {
		flag.Usage()
		os.Exit(2)
	}
	verb := os.Args[1]
	_ = flag.CommandLine.Parse(os.Args[2:])
	chosen, err := choose(flag.Args())
	if err == nil {
		switch verb {
		case "run":
			err = run(chosen)
		case "gate":
			err = gate(chosen)
		case "draw":
			err = draw()
		default:
			err = fmt.Errorf("%q is none of run, gate and draw", verb)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// choose returns the suites of some names, or all.
func choose(names []string) (chosen []suite.Suite, err error) {
	if len(names) == 0 {
		return suites, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(suites, func(s suite.Suite) bool { return strings.EqualFold(s.Name, name) })
		if i < 0 {
			return nil, fmt.Errorf("there is no area %q", name)
		}
		chosen = append(chosen, suites[i])
	}
	return chosen, nil
}

func file(s suite.Suite) string { return filepath.Join(*dir, strings.ToLower(s.Name)+".txt") }

// run measures suites and writes what it finds. With a pattern it only prints: half a table is no result.
func run(chosen []suite.Suite) error {
	if *pattern != "" {
		match, err := regexp.Compile(*pattern)
		if err != nil {
			return err
		}
		for _, s := range chosen {
			if err := s.Run(os.Stdout, os.Stderr, *rounds, match); err != nil {
				return err
			}
		}
		return nil
	}
	if err := os.MkdirAll(*dir, 0o755); err != nil {
		return err
	}
	for _, s := range chosen {
		if err := runOne(s); err != nil {
			return err
		}
	}
	return nil
}

// runOne replaces the results of a suite when they are complete.
func runOne(s suite.Suite) error {
	var out strings.Builder
	out.WriteString(suite.Header())
	fmt.Fprintln(os.Stderr, s.Name)
	if err := s.Run(&out, os.Stderr, *rounds, nil); err != nil {
		return err
	}
	return os.WriteFile(file(s), []byte(out.String()), 0o644)
}
