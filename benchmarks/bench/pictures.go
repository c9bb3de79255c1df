package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"example.com/zaphandlers/benchmarks/chart"
	"example.com/zaphandlers/benchmarks/suite"
)

// nothing is the row of suite Queue that is zap's own part of a call.
const nothing = "a Core that does nothing"

// producer shows what a logging call costs the program.
func producer(r *reading) chart.Chart {
	c := chart.Chart{
		Title:    "What a logging call costs the caller: short is good",
		Subtitle: "A call with 10 fields, in the median of bursts. zap's own part is what a call costs with a Core that does nothing.",
		Legend: []chart.Key{
			{Color: chart.Floor, Text: "zap's own part"},
			{Color: chart.Ours, Text: "queuecore adds"},
			{Color: chart.Others, Text: "others add"},
		},
		Axis: "nanoseconds a call",
	}
	for _, sink := range []struct{ table, heading string }{{"discard", "sink discards"}, {"file", "sink is a file"}} {
		var panels []chart.Panel
		for _, goroutines := range []string{"1 goroutine logs", "2 goroutines log"} {
			table := fmt.Sprintf("producer, %s, %.1s", sink.table, goroutines)
			panels = append(panels, chart.Panel{Heading: sink.heading + "; " + goroutines, Bars: calls(r, table)})
		}
		c.Columns = append(c.Columns, panels)
		for _, p := range panels {
			if slices.ContainsFunc(p.Bars, func(b chart.Bar) bool { return b.Alarm }) && len(c.Legend) == 3 {
				c.Legend = append(c.Legend, chart.Key{Color: chart.Apart, Text: "others that drop records"})
			}
		}
	}
	return c
}

// calls are the bars of a table of suite Queue: zap's own part, and what comes on top.
func calls(r *reading, table string) (bars []chart.Bar) {
	rows := r.rows(table)
	if rows == nil {
		return nil
	}
	floor, ok := r.median(suite.Value{Row: table + "/" + nothing, Unit: "burst-ns"})
	for _, row := range rows {
		if row == nothing {
			continue
		}
		all, found := r.median(suite.Value{Row: table + "/" + row, Unit: "burst-ns"})
		if !ok || !found {
			continue
		}
		b := chart.Bar{Name: row, Ours: own(row), Note: fmt.Sprintf("%.0f ns", all)}
		color := chart.Others
		if b.Ours {
			color = chart.Ours
		}
		if lost := r.Values(suite.Value{Row: table + "/" + row, Unit: "lost-%"}, r.results); len(lost) > 0 && suite.Median(lost) > 0 {
			color, b.Alarm = chart.Apart, true
			b.Note += fmt.Sprintf(", drops %s", percent(suite.Median(lost)))
		}
		if zapBased(row) {
			net := max(0, all-floor)
			b.Parts = []chart.Part{{Value: all - net, Color: chart.Floor}, {Value: net, Color: color}}
			if b.Ours {
				b.Note = fmt.Sprintf("%.0f ns: %.0f + %.0f", all, floor, net)
			}
		} else {
			b.Parts = []chart.Part{{Value: all, Color: color}}
		}
		bars = append(bars, b)
	}
	return bars
}

// zapBased tells whether a row of suite Queue logs by zap.
func zapBased(row string) bool {
	return !strings.HasPrefix(row, "zerolog") && !strings.HasPrefix(row, "phuslu") && !strings.HasPrefix(row, "slog")
}

// pause shows how long the write takes that rotates.
func pause(r *reading) chart.Chart {
	const table, still = "disk, rotate at 8 MiB", "os.File.Write"
	var bars []chart.Bar
	for _, row := range r.rows(table) {
		took, ok := r.median(suite.Value{Row: table + "/" + row, Unit: "pause-us"})
		if !ok {
			continue
		}
		b := chart.Bar{Name: row, Ours: own(row), Note: fmt.Sprintf("%.3g µs", took), Parts: []chart.Part{{Value: took, Color: chart.Others}}}
		if took >= 1000 {
			b.Note = fmt.Sprintf("%.3g ms", took/1000)
		}
		switch {
		case b.Ours:
			b.Parts[0].Color = chart.Ours
		case row == still:
			b.Parts[0].Color = chart.Floor
		}
		bars = append(bars, b)
	}
	slices.SortStableFunc(bars, func(a, b chart.Bar) int { return cmp.Compare(a.Parts[0].Value, b.Parts[0].Value) })
	return chart.Chart{
		Title:    "How long the program waits for the write that rotates the file: short is good",
		Subtitle: "The pause of that one write, each 8 MiB, on a disk. The axis is logarithmic.",
		Axis:     "microseconds",
		Log:      true,
		Legend:   []chart.Key{{Color: chart.Ours, Text: "this module"}, {Color: chart.Others, Text: "others"}, {Color: chart.Floor, Text: "slowest write around that does not rotate"}},
		Columns:  [][]chart.Panel{{{Bars: bars}}},
	}
}

// fates shows what becomes of records when their destination fails.
func fates(r *reading) chart.Chart {
	c := chart.Chart{
		Title:    "What becomes of the records when their destination fails: no red is good",
		Subtitle: "Bold: this module. Without Ack nobody can know what a reset took along; for files that others move there is WatchedFile.",
		Axis:     "per cent of the records sent",
		Top:      100,
		Legend: []chart.Key{
			{Color: chart.Arrived, Text: "arrived"},
			{Color: chart.Reported, Text: "did not, and the program was told"},
			{Color: chart.Lost, Text: "lost silently"},
		},
	}
	var panels []chart.Panel
	for _, t := range r.Tables {
		p := chart.Panel{Heading: t.Name}
		for _, row := range t.Rows {
			if b, ok := r.fate(t.Name, row.Name); ok {
				p.Bars = append(p.Bars, b)
			}
		}
		if len(p.Bars) > 0 {
			panels = append(panels, p)
		}
	}
	c.Columns = halves(panels)
	return c
}

// fate is the bar of one handler.
func (r *reading) fate(table, row string) (chart.Bar, bool) {
	shares := map[string]float64{}
	for _, unit := range []string{"sent", "arrived", "reported", "lost-silently"} {
		value, ok := r.median(suite.Value{Row: table + "/" + row, Unit: unit})
		if !ok {
			return chart.Bar{}, false
		}
		shares[unit] = value
	}
	part := func(unit string) float64 { return 100 * shares[unit] / shares["sent"] }
	b := chart.Bar{Name: row, Ours: own(row), Parts: []chart.Part{
		{Value: part("arrived"), Color: chart.Arrived},
		{Value: part("reported"), Color: chart.Reported},
		{Value: part("lost-silently"), Color: chart.Lost},
	}}
	if lost := part("lost-silently"); lost > 0 {
		b.Note, b.Alarm = percent(lost)+" lost", true
	} else if told := part("reported"); told > 0 {
		b.Note = percent(told) + " told"
	} else {
		b.Note = "all there"
	}
	return b, true
}

// percent writes a share so that little is not nothing.
func percent(share float64) string {
	if share >= 10 {
		return fmt.Sprintf("%.0f %%", share)
	}
	return fmt.Sprintf("%.1g %%", share)
}

// halves puts panels into two columns of about the same height, in order.
func halves(panels []chart.Panel) [][]chart.Panel {
	rows := func(panels []chart.Panel) (n int) {
		for _, p := range panels {
			n += len(p.Bars) + 2
		}
		return n
	}
	at := 0
	for at < len(panels) && rows(panels[:at]) < rows(panels[at:]) {
		at++
	}
	if at == 0 {
		return nil
	}
	return [][]chart.Panel{panels[:at], panels[at:]}
}
