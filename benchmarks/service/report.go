package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	base "example.com/zaphandlers/zapcore"
)

// result is what became of the records in one destination.
type result struct {
	name     string
	stats    base.Stats
	tally    *tally
	problems []string // what is wrong, a line each
}

// newResult concludes a destination that was read back. The tally is used up.
func newResult(name string, stats base.Stats, t *tally) result {
	problems := t.problems()
	if n := stats.Missing(); n != 0 {
		problems = append(problems, fmt.Sprintf("accepted is not delivered + dropped + skipped + pending, but %+d", n))
	}
	if stats.Accepted != t.logged {
		problems = append(problems, fmt.Sprintf("of %s logged %s accepted and %s refused",
			plural(t.logged, "record"), thousands(stats.Accepted), thousands(stats.Refused)))
	}
	if unwanted := t.logged - t.wanted(); stats.Skipped != unwanted {
		problems = append(problems, fmt.Sprintf("%s skipped, and %s not wanted here", plural(stats.Skipped, "record"), thousands(unwanted)))
	}
	t.seen = set{}
	return result{name, stats, t, problems}
}

// printTable prints a line a destination.
func printTable(out io.Writer, results []result) {
	rows := [][]string{{"destination", "accepted", "delivered", "dropped", "skipped", "pending", "found on reading back", "bytes", "files"}}
	for _, r := range results {
		s, t := r.stats, r.tally
		row := []string{r.name}
		for _, n := range []uint64{s.Accepted, s.Delivered, s.Dropped, s.Skipped, s.Pending, t.found, uint64(t.bytes), uint64(t.files)} {
			row = append(row, thousands(n))
		}
		rows = append(rows, row)
	}
	printColumns(out, rows)
}

// printLatencies prints what a logging call costs, and how much of that is zap's own.
func printLatencies(out io.Writer, m *meter) {
	rows := [][]string{{"logging call", "p50", "p99", "p99.9", "max"}}
	for _, c := range []struct {
		name string
		*latencies
	}{{"through the tee", &m.calls}, {"to a core that does nothing", &m.callsOnNop}} {
		row := []string{c.name}
		for _, q := range []float64{0.5, 0.99, 0.999, 1} {
			row = append(row, short(c.quantile(q)))
		}
		rows = append(rows, row)
	}
	printColumns(out, rows)
}

// printColumns prints the first column to the left and the others to the right.
func printColumns(out io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		line := fmt.Sprintf("%-*s", widths[0], row[0])
		for i, cell := range row[1:] {
			line += fmt.Sprintf("  %*s", widths[i+1], cell)
		}
		fmt.Fprintln(out, line)
	}
}

// short rounds a duration to three digits.
func short(d time.Duration) string {
	for unit := time.Duration(1); ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}

// thousands writes 1234567 as 1,234,567.
func thousands(n uint64) string {
	text := fmt.Sprint(n)
	var b strings.Builder
	for i, digit := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// plural writes "1 record" and "2 records".
func plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}
