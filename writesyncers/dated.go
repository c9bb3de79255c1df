package writesyncers

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/multierr"
)

// dated names backups base.2006-01-02_15-04-05, or a leading part of that, for the beginning of their period. A period
// with more than one (because of MaxBytes, Rollover, or a clock put back) numbers the later ones: base.2006-01-02.1, .2, …
type dated struct {
	base     string
	schedule Schedule
	count    int // 0 or less: no end
	namer    func(string) string
	compress bool // names with .gz are ours, too
}

func (d *dated) name(label string, n int) string {
	name := d.base + "." + label
	if n > 0 {
		name += "." + strconv.Itoa(n)
	}
	return named(d.namer, name)
}

func (d *dated) example() string { return d.name(d.schedule.label(time.Unix(0, 0)), 0) }

// place never takes a name that somebody has, nor one before those that the period has already: it would be the first to
// be pruned.
func (d *dated) place(src string, start time.Time, move func(src, dst string) error) (dst string, err error) {
	label := d.schedule.label(start)
	err = guard(func() error {
		n, err := d.free(label)
		if err != nil {
			return err
		}
		for ; ; n++ {
			dst = d.name(label, n)
			if taken(dst) {
				continue
			}
			if err := move(src, dst); !errors.Is(err, fs.ErrExist) || !exists(dst) {
				return err
			}
		}
	})
	return dst, err
}

// free returns the number after those that the period has already.
func (d *dated) free(label string) (int, error) {
	found, err := d.find()
	n := 0
	for _, b := range found {
		if b.label == label {
			n = max(n, b.n+1)
		}
	}
	return n, err
}

// mend has nothing to do: names do not move.
func (d *dated) mend() error { return nil }

// datedBackup is a backup and what its name says.
type datedBackup struct {
	backup
	label string
	n     int
}

// find returns our backups, the oldest first.
func (d *dated) find() ([]datedBackup, error) {
	dir := filepath.Dir(d.example())
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []datedBackup
	for _, e := range entries {
		label, n, ours := d.parse(e.Name())
		if !ours || !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		if info, err := lstat(name); err == nil {
			found = append(found, datedBackup{backup{name, info}, label, n})
		}
	}
	slices.SortStableFunc(found, func(a, b datedBackup) int {
		return cmp.Or(cmp.Compare(a.label, b.label), cmp.Compare(a.n, b.n))
	})
	return found, nil
}

// parse reads a file name. Only names that we would give are ours, whatever else lies in the directory: the namer is
// asked what it makes of the date found in the name (Python's getFilesToDelete).
func (d *dated) parse(name string) (label string, n int, ours bool) {
	for _, name := range []string{name, strings.TrimSuffix(name, gz)} {
		for i := range name {
			label, n := d.dateAt(name, i)
			if label == "" {
				continue
			}
			for _, number := range []int{0, n} {
				if filepath.Base(d.name(label, number)) == name {
					return label, number, true
				}
			}
		}
		if !d.compress {
			break
		}
	}
	return "", 0, false
}

// dateAt reads a date of our layout in name at i, neither following nor followed by a digit, and the number that may
// stand behind it.
func (d *dated) dateAt(name string, i int) (label string, n int) {
	layout := d.schedule.unit().layout
	end := i + len(layout)
	if end > len(name) || i > 0 && digit(name[i-1]) || end < len(name) && digit(name[end]) {
		return "", 0
	}
	for k := range len(layout) {
		if c := name[i+k]; digit(layout[k]) != digit(c) || !digit(c) && c != layout[k] {
			return "", 0
		}
	}
	if digits, ok := strings.CutPrefix(name[end:], "."); ok {
		stop := 0
		for stop < len(digits) && digit(digits[stop]) {
			stop++
		}
		n, _ = strconv.Atoi(digits[:stop])
	}
	return name[i:end], n
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func (d *dated) list() (found []backup, err error) {
	err = guard(func() error {
		dated, err := d.find()
		for _, b := range slices.Backward(dated) {
			found = append(found, b.backup)
		}
		return err
	})
	return found, err
}

// prune removes the oldest, by their names, beyond count.
func (d *dated) prune() error {
	if d.count <= 0 {
		return nil
	}
	found, err := d.list()
	for _, b := range found[min(d.count, len(found)):] {
		if !held(b.name) { // else a process still writes to it; the next time, then
			err = multierr.Append(err, remove(b.name))
		}
	}
	return err
}
