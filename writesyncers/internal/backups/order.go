package backups

import (
	"cmp"
	"slices"
	"time"
)

// inOrder returns dated backups with the newest first, by the date and the number in their names. In the same period, backups of an
// earlier schedule come after those of today's. Backups of a time that is still to come are last: the clock was put back, and else the
// files that are rolled over from now on would be the first to go.
//
// If the period of one backup contains that of another, or two earlier schedules have named them, the names do not tell which is the
// newer one. Then the times of their last writes decide, as far as they fit the names.
func inOrder(ours []*entry, now time.Time) []*entry {
	var lists [][]*entry // one for each layout, in the order of their names; those of a time to come follow
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

// last orders false before true.
func last(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// byWrites sorts the backups of a period by their last writes, if several schedules have named them.
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

// merged merges lists that are in order into one.
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

// longest is, for each of Layouts, how long after the date in the name a last write may be to be believed. It allows for any Interval,
// and for a file that was begun under a schedule with longer periods.
var longest = []time.Duration{40 * day, 40 * day, 60 * day, 400 * day}

// fits reports whether the time of the last write can belong to the period in the name.
func (e *entry) fits() bool {
	written := e.modified().Sub(e.start)
	for i, layout := range Layouts {
		if len(e.label) == len(layout) {
			return 0 <= written && written < longest[i]
		}
	}
	return false
}
