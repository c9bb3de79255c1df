package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"text/tabwriter"

	"example.com/zaphandlers/queuecore/internal/disklog"
)

// list prints the segments and the cursors.
func list(view *disklog.View, stdout io.Writer) error {
	table := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "first\tlast\trecords\tmissing\tbytes\tbehind\t  segment")
	var last, missing uint64
	for i, s := range view.Segments {
		x, err := view.Walk(i, func(uint64, []byte) error { return nil })
		if errors.Is(err, fs.ErrNotExist) {
			continue // every cursor has passed it meanwhile
		}
		if err != nil {
			return err
		}
		if !s.Aside {
			last = max(last, x.Last)
			missing += x.Missing
		}
		fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%d\t  %s\n", s.First, x.Last, x.Records, x.Missing, x.Bytes, x.Behind, s.Name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(view.Cursors) > 0 {
		fmt.Fprintln(table, "\npassed\tto come\t  cursor")
	}
	for _, c := range view.Cursors {
		name := fmt.Sprintf("%q", c.Name)
		if !c.Known {
			name += " is damaged, and begins with the oldest record"
		}
		fmt.Fprintf(table, "%d\t%d\t  %s\n", c.Number, max(last, c.Number)-c.Number, name)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if missing > 0 {
		return errMissing
	}
	return nil
}
