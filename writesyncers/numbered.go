package writesyncers

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"time"

	"go.uber.org/multierr"
)

// naming is how backups are called, and so which files are ours to move or remove. Its methods call the user's Namer,
// and need the turn.
type naming interface {
	// place moves the file at src with move to its name among the backups, making room if it has to. label is the time
	// it is named for, where names are times.
	place(src string, label time.Time, move func(src, dst string) error) (dst string, err error)

	// mend puts the names in order that a killed process may have left behind in the middle of a place.
	mend() error

	// list returns the backups that are there, the newest first.
	list() ([]backup, error)

	// prune removes the backups beyond the number to be kept.
	prune() error

	// example returns a name that a backup may have.
	example() string
}

// backup is a file that was rolled out, as found on the disk.
type backup struct {
	name string
	info fs.FileInfo
}

// gz is what a compressed backup's name ends in.
const gz = ".gz"

// numbered names backups base.1, base.2, …, the newest first. To make room every one of them moves up a number; the one
// that would be beyond count is removed.
type numbered struct {
	base  string
	count int // -1: no end
	namer func(string) string

	mended bool // number 1 is free already
	beyond int  // the highest number we had to go to because another process held the last one
}

func (n *numbered) name(i int) string {
	return named(n.namer, n.base+"."+strconv.Itoa(i))
}

func named(namer func(string) string, name string) string {
	if namer != nil {
		return namer(name)
	}
	return name
}

func (n *numbered) place(src string, _ time.Time, move func(src, dst string) error) (dst string, err error) {
	err = guard(func() error {
		if !n.mended || taken(n.name(1)) {
			last, err := n.room()
			if err != nil {
				return err
			}
			if err := n.shift(last); err != nil {
				return err
			}
		}
		n.mended = false
		dst = n.name(1)
		return move(src, dst)
	})
	return dst, err
}

// room returns the number up to which backups can move up: the one above it is free. The last backup is removed for that,
// unless a process still writes to it; then it may stay, beyond the count, for as long.
func (n *numbered) room() (last int, err error) {
	if n.count < 0 {
		return n.run(), nil
	}
	for i := n.beyond; i > n.count; i-- {
		if held(n.name(i)) {
			break
		}
		err = multierr.Append(err, n.drop(i))
		n.beyond = i - 1
	}
	top := n.count
	if held(n.name(top)) {
		for taken(n.name(top)) {
			top++
		}
		n.beyond = top
		return top - 1, err
	}
	return top - 1, multierr.Append(err, n.drop(top))
}

// shift moves the numbers up to last up by one. One that is missing stays missing, as in Python.
func (n *numbered) shift(last int) error {
	for i := last; i >= 1; i-- {
		for _, suffix := range []string{"", gz} {
			err := renameNew(n.name(i)+suffix, n.name(i+1)+suffix)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			if err == nil {
				onStep("shifted")
			}
		}
	}
	return nil
}

// mend shifts only as far as the first number that is missing: where a process was killed while it shifted, the numbers
// above the gap have moved already. Moving them once more would drop a backup before its time.
func (n *numbered) mend() error {
	return guard(func() error {
		free := n.run() + 1
		if n.count > 0 && free > n.count {
			return nil // no gap
		}
		n.mended = true
		return n.shift(free - 1)
	})
}

// run returns how many numbers are taken from 1 on without a gap.
func (n *numbered) run() int {
	last := 0
	for taken(n.name(last + 1)) {
		last++
	}
	return last
}

// drop removes the backup of a number.
func (n *numbered) drop(i int) error {
	if err := remove(n.name(i)); err != nil {
		return err
	}
	return remove(n.name(i) + gz)
}

func (n *numbered) list() (found []backup, err error) {
	err = guard(func() error {
		last := n.count
		if last < 0 {
			last = n.run()
		}
		for i := 1; i <= last; i++ {
			for _, name := range []string{n.name(i), n.name(i) + gz} {
				if info, err := lstat(name); err == nil && info.Mode().IsRegular() {
					found = append(found, backup{name, info})
				}
			}
		}
		return nil
	})
	return found, err
}

// prune has nothing to do: place drops the last number.
func (n *numbered) prune() error { return nil }

func (n *numbered) example() string { return n.name(1) }

var lstat = os.Lstat

// taken reports whether a backup has this name, compressed or not.
func taken(name string) bool { return exists(name) || exists(name+gz) }

func exists(path string) bool {
	_, err := lstat(path)
	return err == nil
}

// remove removes a file that may be gone already.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
