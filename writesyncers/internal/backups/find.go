package backups

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"slices"
)

// find returns our backups in the order of their numbers, those with former names last, and the numbers of foreign files.
func (n *numbered) find() (ours []*entry, foreign map[int]bool, err error) {
	entries, foreign := map[string]*entry{}, map[int]bool{}
	if n.listed && n.count > 0 && max(n.count, n.top) <= lookedUp {
		n.lookUp(entries, foreign)
	} else if err := n.readAll(entries, foreign); errors.Is(err, fs.ErrPermission) {
		n.lookUp(entries, foreign)
	} else if err != nil {
		return nil, nil, err
	}
	if n.unreadable != nil {
		return nil, nil, n.unreadable
	}
	if n.complaint != nil { // backups may get default names now, which are former names once the Namer works again
		n.listed = false
	}
	ours = slices.Collect(maps.Values(entries))
	slices.SortFunc(ours, func(a, b *entry) int {
		if a.former != b.former && a.former {
			return 1
		} else if a.former != b.former {
			return -1
		}
		return cmp.Or(cmp.Compare(a.n, b.n), cmp.Compare(a.path, b.path))
	})
	ours = n.withoutDates(ours, foreign)
	if formers := ours[firstFormer(ours):]; n.count <= 0 || rising(formers) {
		newestFirst(formers, 0)
	}
	n.top = 0
	for _, e := range ours {
		n.top = max(n.top, e.n)
	}
	return ours, foreign, nil
}

// readAll finds the backups by reading the directories.
func (n *numbered) readAll(entries map[string]*entry, foreign map[int]bool) error {
	table := n.table()
	files, err := n.files()
	if err != nil {
		return err
	}
	n.listed, n.formers = true, nil
	for _, file := range files {
		for _, f := range n.readings(file) {
			i, former, named := n.number(f.path, table)
			if !named {
				continue
			}
			as := entry{n: i, former: former}
			if former {
				n.formers = append(n.formers, f)
			}
			if !n.add(entries, f, as) && !former {
				foreign[i] = true
			}
			break
		}
	}
	if n.unreadable == nil {
		n.forgetAllBut(entries)
	}
	return nil
}

// lookUp finds the backups by trying names: those up to the count, and beyond as long as there are any. It costs less than reading a
// directory with many files, and works in one that may not be read. Backups with former names are those that readAll has found.
func (n *numbered) lookUp(entries map[string]*entry, foreign map[int]bool) {
	for _, f := range n.formers {
		i, _, _ := n.number(f.path, nil)
		n.addEither(entries, f.path, entry{n: i, former: true}) // it may have been compressed since
	}
	numbers, gap := 0, 0 // how many numbers no foreign file has, and how many of them in a row are free
	for i := 1; i <= max(min(n.count, numberMost), n.top)+lookedUp; i++ {
		name := n.name(i)
		if !n.addEither(entries, name, entry{n: i}) {
			foreign[i] = true
			continue
		}
		numbers++
		gap++
		there := entries[name] != nil
		if there {
			gap = 0
		}
		if i >= n.top && !there && (gap > gapMost || numbers > n.count) {
			return
		}
	}
}

// addEither adds the backup at path, compressed or not. It returns false if a foreign file is there.
func (n *numbered) addEither(entries map[string]*entry, path string, as entry) bool {
	plain := n.add(entries, found{path: path}, as)
	compressed := n.add(entries, found{path: path, compressed: true}, as)
	return plain && compressed
}

// withoutDates removes default names whose number looks like a year or another date, unless a number just before is there.
func (n *numbered) withoutDates(ours []*entry, foreign map[int]bool) []*entry {
	before, former := 0, false
	return slices.DeleteFunc(ours, func(e *entry) bool {
		if e.former != former { // former names come last, and their numbers begin anew
			before, former = 0, e.former
		}
		if (n.namer == nil || former) && e.n > n.count && dateLike(e.n) && e.n-before > dateGap {
			if !former {
				foreign[e.n] = true
			}
			return true
		}
		before = e.n
		return false
	})
}

// dateGap is how far a number that looks like a date may be above the one before, to be a backup's number all the same.
const dateGap = 10

// dateLike reports whether a number may be a year, or a date such as 240301, 310324, 033124, 202403 or 2024061.
func dateLike(i int) bool {
	year := func(y int) bool { return 1970 <= y && y < 2100 }
	day := func(month, d int) bool { return 1 <= month && month <= 12 && 1 <= d && d <= 31 }
	switch a, b, c := i/10000, i/100%100, i%100; {
	case i < 100_000:
		return year(i)
	case i < 1_000_000:
		return day(b, c) || day(b, a) || day(a, b) || year(i/100) && day(c, 1)
	}
	return year(i/1000) && 1 <= i%1000 && i%1000 <= 366
}

// undated returns the first number from i on that does not look like a date.
func undated(i int) int {
	for dateLike(i) {
		i++
	}
	return i
}
