package suite

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// Suite is the benchmarks of an area.
type Suite struct {
	Name   string // one word: "Queue"
	Tables []Table
	Bounds []Bound // what was promised of them
}

// Table is one comparison.
type Table struct {
	Name string
	N    int // operations a row's turn
	Rows []Row
}

// Row is one way to do the work of a table.
type Row struct {
	Name string
	N    int // operations a turn; 0: as the table says

	// Run does b.N operations, as any benchmark does: what it does before b.ResetTimer and after b.StopTimer is not measured.
	// Each turn begins with a run of one operation, which does not count. Metrics are reported by b.ReportMetric. An error ends
	// the suite; ErrLeftOut leaves the row out.
	Run func(b *testing.B) error
}

// ErrLeftOut is wrapped by the error of a row that cannot run on this machine, with the reason.
var ErrLeftOut = errors.New("left out")

// ballast stands for a service's heap: without it the garbage collector runs all the time, for zap's slice of fields.
var ballast = make([]byte, 16<<20)

// heat takes all the memory that the program may allocate before the next collection. testing collects before each turn, and
// then the runtime hands memory back to the system: to get it again, by a page fault for each 4 KiB, costs more than what a
// logging call costs. A service that has been running has its memory.
func heat() {
	for range len(ballast) / len(heated) {
		heated = make([]byte, len(heated))
	}
}

var heated = make([]byte, 1024)

// Run gives each row of each table whose name matches as many turns as there are rounds, and writes the results in Go's
// benchmark format. What is left out, and why, goes to notes. Names are "Queue/table/row"; a nil pattern matches all.
func (s Suite) Run(results, notes io.Writer, rounds int, match *regexp.Regexp) error {
	testing.Init()
	ballast[0] = 1
	defer runtime.KeepAlive(ballast)
	warm := false
	for _, t := range s.Tables {
		t.Rows = s.matching(t, match)
		if !warm && rounds > 0 && len(t.Rows) > 0 { // a process is slower at first: its first turn is not counted
			warm = true
			_, _ = turn(s.key(t.Name+"/"+t.Rows[0].Name), t, t.Rows[0])
		}
		lines, err := s.table(t, notes, rounds)
		if err != nil {
			return err
		}
		for _, line := range slices.Concat(lines...) {
			if _, err := fmt.Fprintln(results, line); err != nil {
				return err
			}
		}
	}
	return nil
}

// matching returns the rows of a table whose name matches.
func (s Suite) matching(t Table, match *regexp.Regexp) (rows []Row) {
	for _, r := range t.Rows {
		if match == nil || match.MatchString(s.key(t.Name+"/"+r.Name)) {
			rows = append(rows, r)
		}
	}
	return rows
}

// table gives each row of a table as many turns as there are rounds, and returns the lines of each row. Every second round goes
// from the last row to the first.
func (s Suite) table(t Table, notes io.Writer, rounds int) ([][]string, error) {
	lines := make([][]string, len(t.Rows))
	for round := range rounds {
		for i := range t.Rows {
			if round%2 == 1 {
				i = len(t.Rows) - 1 - i
			}
			name := s.key(t.Name + "/" + t.Rows[i].Name)
			line, err := turn(name, t, t.Rows[i])
			switch {
			case err == nil:
				lines[i] = append(lines[i], line)
			case !errors.Is(err, ErrLeftOut):
				return nil, fmt.Errorf("%s: %w", name, err)
			case round == 0:
				fmt.Fprintf(notes, "%s: %v\n", name, err)
			}
		}
	}
	return lines, nil
}

// Header is what Go prints before benchmarks, and the day.
func Header() string {
	return fmt.Sprintf("goos: %s\ngoarch: %s\ngo: %s\ndate: %s\n", runtime.GOOS, runtime.GOARCH, runtime.Version(), time.Now().Format(time.DateOnly))
}

// Benchmark runs the rows as what they are, for profiles: go test -bench Suite/table/row -cpuprofile cpu.out
func (s Suite) Benchmark(b *testing.B) {
	for _, t := range s.Tables {
		for _, r := range t.Rows {
			b.Run(t.Name+"/"+r.Name, func(b *testing.B) {
				b.ReportAllocs()
				if err := r.Run(b); errors.Is(err, ErrLeftOut) {
					b.Skip(err)
				} else if err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// key is what the line of a row, "table/row", begins with, less "Benchmark" and the number of processors.
func (s Suite) key(row string) string { return strings.ReplaceAll(s.Name+"/"+row, " ", "_") }

// turn runs a row and returns its line.
func turn(name string, t Table, r Row) (line string, err error) {
	n := t.N
	if r.N > 0 {
		n = r.N
	}
	if err := flag.Set("test.benchtime", fmt.Sprintf("%dx", n)); err != nil {
		return "", err
	}
	result := testing.Benchmark(func(b *testing.B) {
		heat()
		if err = r.Run(b); err != nil {
			b.FailNow()
		}
	})
	if err != nil {
		return "", err
	}
	if result.N == 0 {
		return "", errors.New("failed without an error: it called b.Fatal or panicked")
	}
	return fmt.Sprintf("Benchmark%s-%d\t%s\t%s", name, runtime.GOMAXPROCS(0), result, result.MemString()), nil
}

// Calls is the Run of a row of which an operation is one call. open makes the call; it has had one, which may have connected
// something, before the clock starts. What it opens it closes by b.Cleanup.
func Calls(open func(b *testing.B) (call func() error, err error)) func(b *testing.B) error {
	return func(b *testing.B) error {
		call, err := open(b)
		if err != nil {
			return err
		}
		if err := call(); err != nil {
			return err
		}
		b.ResetTimer()
		for range b.N {
			if err := call(); err != nil {
				return err
			}
		}
		b.StopTimer()
		return nil
	}
}
