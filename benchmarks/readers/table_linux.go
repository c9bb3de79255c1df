package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// table has the worst outcome of each tool with each writer.
type table struct {
	tools   []tool
	writers []writer
	count   int
	cells   map[string]map[string]outcome // by tool, by writer
}

func newTable(tools []tool, writers []writer, count int) *table {
	t := &table{tools: tools, writers: writers, count: count, cells: make(map[string]map[string]outcome)}
	for _, tool := range tools {
		t.cells[tool.name] = make(map[string]outcome)
	}
	return t
}

// add adds the outcomes of one run.
func (t *table) add(w writer, outcomes map[string]outcome) {
	for tool, o := range outcomes {
		worst, there := t.cells[tool][w.name]
		if there {
			o = outcome{lost: max(o.lost, worst.lost), again: max(o.again, worst.again), failed: cmp.Or(o.failed, worst.failed)}
		}
		t.cells[tool][w.name] = o
	}
}

// print prints the table, and why tools are missing.
func (t *table) print(w io.Writer) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(columns, "tool")
	for _, writer := range t.writers {
		fmt.Fprint(columns, "\t", writer.name)
	}
	fmt.Fprintln(columns)
	var notes []string
	for _, tool := range t.tools {
		if tool.missing != nil {
			notes = append(notes, fmt.Sprintf("%s is left out: %v", tool.name, tool.missing))
			continue
		}
		mark := ""
		if tool.slack > 0 {
			mark = " ~"
		}
		fmt.Fprint(columns, tool.name, mark)
		for _, writer := range t.writers {
			o, there := t.cells[tool.name][writer.name]
			switch {
			case !there:
				fmt.Fprint(columns, "\t-")
			case o.failed != "":
				fmt.Fprint(columns, "\tfailed")
				notes = append(notes, fmt.Sprintf("%s with %s: %s", tool.name, writer.name, o.failed))
			default:
				fmt.Fprintf(columns, "\t%d/%d", o.lost, o.again)
			}
		}
		fmt.Fprintln(columns)
	}
	_ = columns.Flush()
	fmt.Fprintln(w)
	for _, note := range notes {
		fmt.Fprintln(w, note)
	}
}

// complaint is a tool that is worse off with a writer of ours than with the plain one.
type complaint struct{ tool, writer, text string }

// judge says where ours are worse than the plain writer.
func (t *table) judge() (complaints []complaint) {
	for _, tool := range t.tools {
		for _, w := range t.writers {
			ours, ok := t.cells[tool.name][w.name]
			plain, there := t.cells[tool.name][w.plain]
			if w.plain == "" || !ok || !there || ours.failed != "" || plain.failed != "" {
				continue
			}
			var worse []string
			if ours.lost > tool.allowed(plain.lost, t.count) {
				worse = append(worse, fmt.Sprintf("%d lost, and %d with %s", ours.lost, plain.lost, w.plain))
			}
			if ours.again > tool.allowed(2*plain.again, t.count) {
				worse = append(worse, fmt.Sprintf("%d repeated, and %d with %s", ours.again, plain.again, w.plain))
			}
			if len(worse) > 0 {
				complaints = append(complaints, complaint{tool.name, w.name, strings.Join(worse, "; ")})
			}
		}
	}
	return complaints
}

// doubted is an empty table of the tools and writers that there are complaints about.
func (t *table) doubted(complaints []complaint) *table {
	is := func(name string, of func(complaint) string) bool {
		return slices.ContainsFunc(complaints, func(c complaint) bool { return of(c) == name })
	}
	var some []tool
	for _, tool := range t.tools {
		if is(tool.name, func(c complaint) string { return c.tool }) {
			some = append(some, tool)
		}
	}
	plain := make(map[string]bool)
	for _, w := range t.writers {
		if is(w.name, func(c complaint) string { return c.writer }) {
			plain[w.plain] = true
		}
	}
	var writers []writer
	for _, w := range t.writers {
		if plain[w.name] || is(w.name, func(c complaint) string { return c.writer }) {
			writers = append(writers, w)
		}
	}
	return newTable(some, writers, t.count)
}

// allowed is how many of count records a tool may lose with ours that loses some with the plain writer: who loses none there may
// lose none here, and who does loses now more, now less.
func (t tool) allowed(plain, count int) int {
	random := int(t.slack * float64(count))
	if plain > 0 {
		random += plain/2 + count/50
	}
	return plain + random
}
