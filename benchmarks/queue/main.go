// Command queue measures queuecore against the other ways to log without waiting, in one run: the rounds of all alternate,
// so that whatever else the machine does falls upon all of them alike.
//
//	go -C benchmarks run ./queue                 all tables, a minute or two
//	go -C benchmarks run ./queue -rounds 2 -calls 20000
//
// It prints Markdown: medians of the rounds. "net" is less what a Core costs that does nothing, which is zap's own part.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

// ballast stands for a service's heap: without it the garbage collector runs all the time, for zap's slice of fields.
var ballast = make([]byte, 64<<20)

func main() {
	rounds := flag.Int("rounds", 6, "how often everything is measured")
	calls := flag.Int("calls", 100_000, "calls a measurement")
	dir := flag.String("dir", "", "directory for the files; default: the one for temporary files")
	flag.Parse()
	ballast[0] = 1
	fmt.Printf("%s, %d CPUs, %s\n", runtime.Version(), runtime.NumCPU(), time.Now().Format(time.DateOnly))
	if err := run(*rounds, *calls, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "queue:", err)
		os.Exit(1)
	}
}

// measurement is one column: a number of one path, in one round.
type measurement struct {
	name string
	take func(p path) (float64, error)
	net  bool // less that of the first path
}

func run(rounds, calls int, dir string) error {
	sinks := sinks{dir: dir}
	tables := []struct {
		title   string
		columns []measurement
	}{
		{"Producer, ns a call with ten fields, in bursts that are delivered between", []measurement{
			{"discard, 1", func(p path) (float64, error) { return producer(p, sinks.discard, 1, calls) }, true},
			{"discard, 2", func(p path) (float64, error) { return producer(p, sinks.discard, 2, calls) }, true},
			{"file, 1", func(p path) (float64, error) { return producer(p, sinks.file, 1, calls) }, true},
			{"file, 2", func(p path) (float64, error) { return producer(p, sinks.file, 2, calls) }, true},
		}},
		{"Paced, one call each 5 µs, ns", []measurement{
			{"p50", func(p path) (float64, error) { return paced(p, sinks.discard, calls/5, 0.50) }, true},
			{"p99", func(p path) (float64, error) { return paced(p, sinks.discard, calls/5, 0.99) }, false},
			{"longest, sink stalls 5 ms", func(p path) (float64, error) { return paced(p, sinks.hiccup, calls/5, 1) }, false},
		}},
		{"To a file as fast as it goes, thousands of records a second that arrived", []measurement{
			{"1 producer", func(p path) (float64, error) { return sustained(p, sinks.file, 1, calls) }, false},
			{"2 producers", func(p path) (float64, error) { return sustained(p, sinks.file, 2, calls) }, false},
			{"lost of 2, %", func(p path) (float64, error) { return lost(p, sinks.file, 2, calls) }, false},
		}},
	}
	for _, t := range tables {
		if err := table(t.title, t.columns, rounds); err != nil {
			return err
		}
	}
	return collection(rounds)
}

func table(title string, columns []measurement, rounds int) error {
	got := make([][][]float64, len(paths))
	for i := range got {
		got[i] = make([][]float64, len(columns))
	}
	for range rounds {
		for c, column := range columns {
			for i, p := range paths {
				v, err := column.take(p)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", p.name, column.name, err)
				}
				got[i][c] = append(got[i][c], v)
			}
		}
	}
	fmt.Printf("\n## %s\n\n| path |", title)
	for _, c := range columns {
		fmt.Printf(" %s |", c.name)
		if c.net {
			fmt.Print(" net |")
		}
	}
	fmt.Println()
	for i, p := range paths {
		fmt.Printf("| %s |", p.name)
		for c, column := range columns {
			v := median(got[i][c])
			fmt.Printf(" %.0f |", v)
			if column.net {
				fmt.Printf(" %.0f |", v-median(got[0][c]))
			}
		}
		fmt.Println()
	}
	return nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
