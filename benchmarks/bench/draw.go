package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/multierr"
	"golang.org/x/perf/benchfmt"

	"example.com/zaphandlers/benchmarks/chart"
	"example.com/zaphandlers/benchmarks/suite"
)

// picture is one that the README shows.
type picture struct {
	name string
	area string // whose results it shows
	draw func(r *reading) chart.Chart
}

var pictures = []picture{
	{"producer", "Queue", producer},
	{"pause", "Files", pause},
	{"faults", "Faults", fates},
}

// draw draws all pictures, each for white and for black pages. What there are no results for is missing in them, and said
// in the error.
func draw() error {
	var all error
	for _, p := range pictures {
		i := slices.IndexFunc(suites, func(s suite.Suite) bool { return s.Name == p.area })
		if i < 0 {
			all = multierr.Append(all, fmt.Errorf("%s: there is no area %s", p.name, p.area))
			continue
		}
		if err := p.write(suites[i]); err != nil {
			all = multierr.Append(all, fmt.Errorf("%s: %w; go -C benchmarks run ./bench run %s measures it",
				p.name, err, strings.ToLower(p.area)))
		}
	}
	return all
}

// write draws p from what file(s) has.
func (p picture) write(s suite.Suite) error {
	r, err := read(s)
	if err != nil {
		return err
	}
	c := p.draw(r)
	c.Source = r.source
	for _, theme := range chart.Themes {
		svg, err := c.SVG(theme)
		if err != nil {
			return multierr.Append(r.missing(), err)
		}
		path := filepath.Join(*dir, p.name+"-"+theme.Name+".svg")
		if err := os.WriteFile(path, svg, 0o644); err != nil {
			return err
		}
		fmt.Println(path)
	}
	return r.missing()
}

// reading is the results of a suite, and what was looked for in vain.
type reading struct {
	suite.Suite
	results suite.Results
	source  string
	absent  []string
}

func read(s suite.Suite) (*reading, error) {
	in, err := os.Open(file(s))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there are no results: %w", err)
	} else if err != nil {
		return nil, err
	}
	defer in.Close()
	results, err := suite.Read(in, in.Name())
	if err != nil {
		return nil, err
	}
	r := &reading{Suite: s, results: results}
	r.source, err = source(in, results)
	return r, err
}

// source says when and where results were measured.
func source(in *os.File, results suite.Results) (string, error) {
	if _, err := in.Seek(0, 0); err != nil {
		return "", err
	}
	rounds := 0
	for _, units := range results {
		for _, values := range units {
			rounds = max(rounds, len(values))
		}
	}
	for lines := benchfmt.NewReader(in, in.Name()); lines.Scan(); {
		line, ok := lines.Result().(*benchfmt.Result)
		if !ok {
			continue
		}
		full := string(line.Name.Full())
		return fmt.Sprintf("%d rounds in turns, medians; %s CPUs, %s, %s/%s, %s", rounds, full[strings.LastIndexByte(full, '-')+1:],
			line.GetConfig("go"), line.GetConfig("goos"), line.GetConfig("goarch"), line.GetConfig("date")), nil
	}
	return "", fmt.Errorf("%s holds no results", in.Name())
}

// missing returns what was looked for in vain, as an error.
func (r *reading) missing() error {
	if len(r.absent) == 0 {
		return nil
	}
	return fmt.Errorf("no result for %s", strings.Join(r.absent, "; "))
}

// rows returns the names of the rows of a table, as the suite has them.
func (r *reading) rows(table string) (names []string) {
	for _, t := range r.Tables {
		if t.Name == table {
			for _, row := range t.Rows {
				names = append(names, row.Name)
			}
			return names
		}
	}
	r.absent = append(r.absent, table)
	return nil
}

// median returns the median of v. Without a result it is false, and v is missing.
func (r *reading) median(v suite.Value) (float64, bool) {
	values := r.Values(v, r.results)
	if len(values) == 0 {
		r.absent = append(r.absent, strings.TrimSpace(v.Row+" "+v.Unit))
		return 0, false
	}
	return suite.Median(values), true
}

// own tells whether a row is a handler of this module.
func own(row string) bool {
	name, _, _ := strings.Cut(row, ",")
	return slices.Contains([]string{
		"queuecore", "netcore", "sysloghandler", "File", "WatchedFile", "RotatingFile", "TimedRotatingFile",
	}, name)
}
