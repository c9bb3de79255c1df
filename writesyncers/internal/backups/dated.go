package backups

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dated names backups base.2006-01-02_15-04-05, or a leading part of that, for the beginning of their period. If a period has more
// than one (because of MaxBytes, Rollover, or a clock put back), the later ones are numbered: base.2006-01-02.1, .2, and so on.
type dated struct {
	*names
	dates *Dates
}

func (d *dated) example() []string {
	now := time.Now()
	today := d.of(d.behind(d.dates.label(now)))
	examples := []string{today, d.numbered(d.dates.label(now), 9999)}
	d.remember(today)
	d.rememberPast(now)
	return examples
}

// rememberPast looks for directories of past periods: a Namer may have one for each day, week, month or year. It calls the Namer for each
// day of the last 400, each month of three years, and each of the last five years, but not longer than pastWait.
func (d *dated) rememberPast(now time.Time) {
	if d.namer == nil {
		return
	}
	complaint, start := d.complaint, time.Now()
	for _, back := range []struct{ days, times int }{{1, 400}, {28, 40}, {365, 5}} {
		for k := 1; k <= back.times && time.Since(start) < pastWait; k++ {
			name := d.of(d.behind(d.dates.label(now.AddDate(0, 0, -k*back.days))))
			if exists(filepath.Dir(name)) {
				d.remember(name)
			}
		}
	}
	d.complaint = complaint // those directories need not be there
}

// pastWait is how long a slow Namer may hold up the start.
const pastWait = time.Second

// numbered returns the name of a period's backup with number i. If the Namer ignores the number, it is put behind its name.
func (d *dated) numbered(label string, i int) string {
	first := d.of(d.behind(label))
	if i == 0 {
		return first
	}
	if name := d.of(d.behind(label + "." + strconv.Itoa(i))); name != first {
		return name
	}
	return first + "." + strconv.Itoa(i)
}

// reserve returns a free name with a number above those that the period has already: with a lower one it would be the first to go.
func (d *dated) reserve(start time.Time) (string, error) {
	label := d.dates.label(start)
	first := d.of(d.behind(label))
	d.remember(first)
	ours, err := d.list()
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return "", err
	}
	d.remember(first) // list forgets the directory if no backup is in it yet
	n := 0
	for _, e := range ours {
		if e.label == label || strings.HasPrefix(e.path, first) && (e.path == first || e.path == first+"."+strconv.Itoa(e.n)) {
			if e.n+1 < numberMost { // a number with more digits would not be recognised as ours
				n = max(n, e.n+1)
			}
		}
	}
	for range nextTries {
		if name := d.numbered(label, n); free(name) {
			return name, nil
		}
		n++
	}
	return d.numberBehind(first, n)
}

// list returns our backups, the newest first.
func (d *dated) list() ([]*entry, error) {
	files, err := d.files()
	entries := map[string]*entry{}
	for _, file := range files {
		for _, f := range d.readings(file) {
			if label, n, named := d.parse(f); named {
				d.add(entries, f, entry{label: label, n: n})
				break
			}
		}
	}
	if d.unreadable != nil {
		return nil, d.unreadable
	}
	if err == nil {
		d.forgetAllBut(entries)
	}
	for _, e := range entries {
		d.dates.date(e)
	}
	return inOrder(slices.Collect(maps.Values(entries)), d.dates.truncated(d.dates.now())), err
}

// parse reads a file name. Default names with a date of any layout are ours, and so is what the Namer makes of them: it is called with
// the dates found in the name, and with those that the time of the last write suggests.
func (d *dated) parse(f found) (label string, n int, ours bool) {
	if rest, ok := strings.CutPrefix(f.path, d.base+"."); ok {
		if label, n, ok := defaultName(rest); ok {
			return label, n, true
		}
	}
	if d.namer == nil {
		return "", 0, false
	}
	name := filepath.Base(f.path)
	tried := map[string]bool{}
	for _, labels := range []func() []string{
		func() []string { return literalLabels(name) },
		func() []string { return labelsIn(name) },
		func() []string { return d.labelsOf(f) },
	} {
		for _, label := range labels() {
			if tried[label] {
				continue
			}
			tried[label] = true
			if n, ours := d.numberIn(f.path, label); ours {
				return label, n, true
			}
		}
	}
	return "", 0, false
}

// defaultName reads what stands behind the base in a default name: a date, and a number if the period has more than one backup.
func defaultName(rest string) (label string, n int, ok bool) {
	label, ok = labelAt(rest)
	if !ok {
		return "", 0, false
	}
	n, ok = numberOf(rest[len(label):])
	return label, n, ok
}

// numberIn returns the number in a path, if the Namer gives that name to a backup of the period of label.
func (d *dated) numberIn(path, label string) (int, bool) {
	first := d.of(d.behind(label))
	if rest, ok := strings.CutPrefix(path, first); ok {
		if n, ok := numberOf(rest); ok {
			return n, true
		}
	}
	for _, digits := range digitRuns(path) {
		if n, ok := filledUp(digits); ok && d.of(d.behind(label+"."+strconv.Itoa(n))) == path {
			return n, true
		}
	}
	return 0, false
}

// numberOf reads a dot and a number; for "" it returns 0.
func numberOf(rest string) (int, bool) {
	if rest == "" {
		return 0, true
	}
	if rest[0] != '.' || rest == "." {
		return 0, false
	}
	return number(rest[1:])
}

// literalLabels returns the dates in one of our layouts in a name. A date that follows another digit does not count.
func literalLabels(name string) (labels []string) {
	for i := range len(name) {
		if i > 0 && digit(name[i-1]) {
			continue
		}
		if label, ok := labelAt(name[i:]); ok {
			labels = append(labels, label)
		}
	}
	return labels
}

// labelsOf returns the dates that a file may be named for, going by the time of its last write.
func (d *dated) labelsOf(f found) (labels []string) {
	if f.dir == nil || !f.dir.Type().IsRegular() {
		return nil
	}
	info, err := f.dir.Info()
	if err != nil {
		return nil
	}
	starts := []time.Time{info.ModTime()}
	if d.dates.Starts != nil {
		starts = d.dates.Starts(info.ModTime())
	}
	for _, at := range starts {
		labels = append(labels, d.dates.label(at))
	}
	return labels
}

// repair has nothing to do: names do not move.
func (d *dated) repair() error { return nil }
