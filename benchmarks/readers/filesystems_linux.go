package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"go.uber.org/multierr"
)

// compareFilesystems has killed processes write to each file system, and prints what was lost.
func compareFilesystems(ctx context.Context, cfg config, stdout, stderr io.Writer) (ok bool, err error) {
	base, err := os.MkdirTemp("", "readers-")
	if err != nil {
		return false, err
	}
	defer multierr.AppendFunc(&err, func() error { return os.RemoveAll(base) })
	columns := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	heading := "file system\tShared\trecords\tlost\ttorn\trepeated\tkills\tfiles"
	fmt.Fprintln(columns, heading+"\t")
	page := markdownHeading(heading)
	ok, ran := true, 0
	for _, m := range mounts() {
		if !chosen(m.name, cfg.mounts) {
			continue
		}
		ran++
		line, good := compareOne(ctx, m, cfg, base)
		ok = ok && good
		fmt.Fprintf(columns, "%s\t%s\t\n", m.name, line)
		page = fmt.Appendf(page, "| %s | %s |\n", m.name, strings.ReplaceAll(line, "\t", " | "))
		fmt.Fprintf(stderr, "%s is done\n", m.name)
		if err := ctx.Err(); err != nil {
			return false, err
		}
	}
	if ran == 0 {
		return false, errors.New("no file system has a name like that; -list has them")
	}
	return ok, multierr.Append(columns.Flush(), writePage(cfg.page, "filesystems", page))
}

// compareOne is the line of one file system, and whether all is well on it.
func compareOne(ctx context.Context, m mount, cfg config, base string) (line string, ok bool) {
	dir, unmount, err := m.at(base)
	if err != nil {
		return "left out: " + err.Error(), true
	}
	defer func() {
		if err := unmount(); err != nil {
			line += "; " + err.Error()
		}
	}()
	mode, writers := "yes", 2
	if err := refusal(dir); err != nil {
		mode, writers = "refused", 1
	}
	s, err := survive(ctx, dir, writers, cfg.count)
	if err != nil {
		return err.Error(), false
	}
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d\t%d", mode, s.acknowledged, s.lost, s.torn, s.again, s.kills, s.files),
		s.lost == 0 && s.torn == 0 && (s.files > 1 || cfg.count < 2*recordsPerFile) // one file: it does not rotate
}
