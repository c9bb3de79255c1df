package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"
)

// markdown is the table for a page.
func (t *table) markdown(every time.Duration, runs int) []byte {
	heading := "tool"
	for _, w := range t.writers {
		heading += "\t" + w.name
	}
	page := fmt.Appendf(nil, "%d records, a rotation every %v, the worst of %d runs; lost/repeated:\n\n", t.count, every, runs)
	page = append(page, markdownHeading(heading)...)
	for _, tool := range t.tools {
		if tool.missing != nil {
			continue
		}
		page = fmt.Appendf(page, "| %s |", strings.ReplaceAll(tool.name, "*", `\*`))
		for _, w := range t.writers {
			o, there := t.cells[tool.name][w.name]
			switch {
			case !there || o.failed != "":
				page = append(page, " – |"...)
			case o == outcome{}:
				page = append(page, " 0 |"...)
			default:
				page = fmt.Appendf(page, " %d/%d |", o.lost, o.again)
			}
		}
		page = append(page, '\n')
	}
	return append(page, '\n')
}

// markdownHeading is the first two lines of a table with these columns.
func markdownHeading(columns string) []byte {
	names := strings.Split(columns, "\t")
	return fmt.Appendf(nil, "| %s |\n|%s\n", strings.Join(names, " | "), strings.Repeat("---|", len(names)))
}

// writePage puts text between the marks of a page.
func writePage(page, mark string, text []byte) error {
	if page == "" {
		return nil
	}
	before, after := []byte("<!-- "+mark+" -->\n"), []byte("<!-- /"+mark+" -->")
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, begins := bytes.Cut(old, before)
	_, tail, ends := bytes.Cut(rest, after)
	if !begins || !ends {
		return fmt.Errorf("%s has no %s and %s", page, bytes.TrimSpace(before), after)
	}
	text = append(bytes.TrimSpace(text), '\n')
	return os.WriteFile(page, bytes.Join([][]byte{head, before, []byte("\n"), text, []byte("\n"), after, tail}, nil), 0o644)
}
