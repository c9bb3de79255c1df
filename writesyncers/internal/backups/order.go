package backups

import (
	"cmp"
	"slices"
	"time"
)

// inOrder returns dated backups, the newest first by the date and the number in their names. Those of another schedule, which was there
// before, come after those that today's gives the same period; and those of a time that is still to come after all: the clock was put back,
// and what is rolled out from now on would be the first to go.
//
// Names of several schedules do not tell which backup is the newer one where the one period holds the other, or two schedules of before
// have named both. There the times of the last writes do, as far as they fit the names.
func inOrder(ours []*entry, now time.Time) []*entry {
	var lists [][]*entry // of each layout, and in the order of their names
	for _, ahead := range []bool{false, true} {
		for _, layout := range Layouts {
			var list []*entry
			for _, e := range ours {
				if len(e.label) == len(layout) && e.begins.After(now) == ahead {
					list = append(list, e)
				}
			}
			slices.SortFunc(list, byName)
			byWrites(list)
			lists = append(lists, list)
		}
	}
	return append(merged(lists[:len(Layouts)]), merged(lists[len(Layouts):])...)
}

// byName compares two entries by what their names say.
func byName(a, b *entry) int {
	return cmp.Or(
		b.begins.Compare(a.begins), last(a.foreign(), b.foreign()),
		b.start.Compare(a.start), cmp.Compare(b.n, a.n), cmp.Compare(b.path, a.path),
	)
}

// last compares two entries of which those that it is said of come last.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// byWrites puts those of a period that several schedules have named in the order of their last writes.
func byWrites(list []*entry) {
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && list[to].begins.Equal(list[from].begins) {
			to++
		}
		period := list[from:to]
		if slices.ContainsFunc(period, (*entry).foreign) && !slices.ContainsFunc(period, func(e *entry) bool { return !e.fits() }) {
			slices.SortStableFunc(period, func(a, b *entry) int { return b.modified().Compare(a.modified()) })
		}
		from = to
	}
}

// merged makes one of lists that are in order.
func merged(lists [][]*entry) (all []*entry) {
	for {
		var next *[]*entry
		for i := range lists {
			if len(lists[i]) > 0 && (next == nil || newer(lists[i][0], (*next)[0])) {
				next = &lists[i]
			}
		}
		if next == nil {
			return all
		}
		all, *next = append(all, (*next)[0]), (*next)[1:]
	}
}

// newer compares two entries that different schedules have named.
func newer(a, b *entry) bool {
	if a.fits() && b.fits() && !a.modified().Equal(b.modified()) {
		return a.modified().After(b.modified())
	}
	return byName(a, b) < 0
}

// longest is how long a period of each of Layouts may be, for the time of the last write to be believed: whatever its Interval, and though
// the file was begun under a schedule with longer ones.
var longest = []time.Duration{40 * day, 40 * day, 60 * day, 400 * day}

// fits reports whether the time of the last write can be that of the period in the name, of whatever length.
func (e *entry) fits() bool {
	written := e.modified().Sub(e.start)
	for i, layout := range Layouts {
		if len(e.label) == len(layout) {
			return 0 <= written && written < longest[i]
		}
	}
	return false
}
