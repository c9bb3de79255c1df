package backups

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// numbered names backups base.1, base.2, and so on.
//
// With a count the newest is number 1. To make room the others move up, the last one first, each to the next number that no
// foreign file has. A missing number stays missing, as in Python, unless there would be no room below count. Without a count
// the newest has the highest number, so that nothing has to move.
type numbered struct {
	*names
	count int                             // 0 or less: any number of backups
	keep  func(entries []*entry) []*entry // removes backups until there is room for one more
	step  func(name string)
	moved func(err error) // called with the errors of backups that cannot be moved, or nil

	limited bool    // without a count: backups are removed because of their age or size
	next    int     // without a count: the number to try; 0: not known yet
	given   int     // without a count: the first number that was given here; 0: none
	top     int     // the highest number at the last find
	listed  bool    // the directories were read once
	formers []found // the files with former names, as found then

	owners   map[string]int // for each name of the Namer, the lowest number that has it, up to ownersTo
	ownersTo int
	ownersOf int // the round that owners are of
}

const (
	numberDigits = 7    // longer numbers are dates or times, and not ours
	numberMost   = 1e7  // all numbers are below
	numbersAsked = 256  // how many numbers are checked for names that the Namer gives twice, or without a number
	lookedUp     = 256  // up to this count names are tried one by one, once the directory was read
	gapMost      = 4096 // after so many free numbers no more are tried
	nextTries    = 100  // after so many numbers in a row that are taken the Namer is not called any more
)

func (n *numbered) example() []string {
	last := n.count
	if last <= 0 {
		last = 9999
	}
	return []string{n.name(1), n.name(2), n.name(last)}
}

// name returns the name of a number. If the Namer gives it to a lower number as well, the number is put behind it.
func (n *numbered) name(i int) string {
	name := n.of(n.behind(strconv.Itoa(i)))
	if n.namer == nil {
		return name
	}
	n.remember(name)
	if n.lowest(name, min(i, numbersAsked)) < i {
		return name + "." + strconv.Itoa(i)
	}
	return name
}

// lowest returns the lowest number, of those up to last, to which the Namer gives a name. If there is none, it returns math.MaxInt.
func (n *numbered) lowest(name string, last int) int {
	if n.round != n.ownersOf {
		n.owners, n.ownersTo, n.ownersOf = map[string]int{}, 0, n.round
	}
	for n.ownersTo < last {
		n.ownersTo++
		if answer := n.of(n.behind(strconv.Itoa(n.ownersTo))); n.owners[answer] == 0 {
			n.owners[answer] = n.ownersTo
		}
	}
	if i, known := n.owners[name]; known {
		return i
	}
	return math.MaxInt
}

// number returns the number of a name. former says that it is a default name, and that the Namer gives another one now.
func (n *numbered) number(path string, table map[string]int) (i int, former, ours bool) {
	if i, ours := table[path]; ours {
		return i, false, true
	}
	if digits, ok := strings.CutPrefix(path, n.base+"."); ok {
		if i, ok := number(digits); ok {
			return i, n.namer != nil && n.name(i) != path, true
		}
	}
	if n.namer == nil {
		return 0, false, false
	}
	for _, digits := range digitRuns(path) {
		if i, ok := filledUp(digits); ok && n.name(i) == path {
			return i, false, true
		}
	}
	return 0, false, false
}

// number reads a number without leading zeros.
func number(digits string) (int, bool) {
	i, err := strconv.Atoi(digits)
	return i, err == nil && i > 0 && len(digits) <= numberDigits && digits[0] != '0' && digits[0] != '+'
}

// filledUp reads a number that a Namer may have padded with zeros.
func filledUp(digits string) (int, bool) { return number(strings.TrimLeft(digits, "0")) }

// table returns, for the names that the Namer gives to the first numbers, these numbers.
func (n *numbered) table() map[string]int {
	table := map[string]int{}
	if n.namer == nil {
		return table
	}
	last := n.count
	if last <= 0 {
		last = nextTries
	}
	for i := min(last, numbersAsked); i >= 1; i-- {
		table[n.name(i)] = i
	}
	return table
}

func (n *numbered) list() ([]*entry, error) {
	ours, _, err := n.find()
	if n.count <= 0 {
		newestFirst(ours[:firstFormer(ours)], n.given)
	}
	return ours, err
}

// firstFormer returns the index of the first backup with a former name; these come last.
func firstFormer(ours []*entry) int {
	if i := slices.IndexFunc(ours, func(e *entry) bool { return e.former }); i >= 0 {
		return i
	}
	return len(ours)
}

// newestFirst reverses backups that are numbered upwards, in that order. The ones that counted counts become the last, in their own order.
func newestFirst(ours []*entry, given int) {
	before := counted(ours, given)
	slices.Reverse(ours)
	slices.Reverse(ours[len(ours)-before:])
}

// counted returns how many backups, in the order of their numbers, are already newest first: an earlier writer with a count has left them,
// with the lowest numbers, and each was written before the one ahead of it. None of them has the number given or a higher one; 0 means
// that given is not known. (Times alone would not tell, because a clock may be put back.)
func counted(ours []*entry, given int) (before int) {
	for i := 1; i < len(ours) && (given == 0 || ours[i].n < given); i++ {
		if ours[i].modified().After(ours[i-1].modified()) {
			break
		}
		if ours[i].modified().Before(ours[i-1].modified()) {
			before = i + 1
		}
	}
	return before
}

func (n *numbered) reserve(time.Time) (string, error) {
	if n.count <= 0 {
		return n.upwards()
	}
	ours, foreign, err := n.find()
	if err != nil {
		return "", err
	}
	first, err := n.makeRoom(n.keep(ours), foreign)
	if err != nil {
		return "", err
	}
	return n.name(first), nil
}

// after returns the first number above i that no foreign file has.
func after(i int, foreign map[int]bool) int {
	for i++; foreign[i]; {
		i++
	}
	return i
}

// upwards returns the name of the number after the highest. It skips numbers that look like dates: once the numbers before were removed,
// such a backup would be taken for somebody's archive. It looks for the highest number once, and again only when another writer of the log
// may have given higher ones: else the new backup would be the first to go.
func (n *numbered) upwards() (string, error) {
	if n.next == 0 || n.overtaken() {
		if err := n.findNext(); err != nil {
			return "", err
		}
	}
	for try := range nextTries {
		name := n.name(n.next)
		if free(name) {
			n.given = cmp.Or(n.given, n.next)
			return name, nil
		}
		n.next = undated(n.next + 1) // most likely it was given by the last call
		if try == 1 || n.next >= numberMost {
			if err := n.findNext(); err != nil {
				return "", err
			}
		}
	}
	return n.numberBehind(n.of(n.behind("1")), n.next)
}

// overtaken reports whether another writer may have given higher numbers since the last one was given here: because that backup is gone, or
// because there are higher ones. Without limits no backup is removed, and then upwards would meet those higher ones anyway.
func (n *numbered) overtaken() bool {
	if n.given > 0 && free(n.name(n.next)) {
		return true
	}
	if !n.limited {
		return false
	}
	files, _ := n.files() // in a directory that may not be read nothing is removed
	table := n.table()
	return slices.ContainsFunc(files, func(file found) bool {
		return slices.ContainsFunc(n.readings(file), func(f found) bool {
			i, former, named := n.number(f.path, table)
			return named && !former && i > n.next && !dateLike(i)
		})
	})
}

func (n *numbered) findNext() error {
	ours, foreign, err := n.find()
	if err != nil {
		return err
	}
	if n.top > 0 && n.top < numberMost/2 && numberMost/2 < n.next {
		n.next, n.given = 0, 0 // another writer has begun with the lowest ones again
	}
	for _, e := range ours {
		if !e.former {
			n.next = max(n.next, e.n+1)
		}
	}
	for i := range foreign {
		if !dateLike(i) && i+1 < numberMost { // else the next number would look like a date, too, or have too many digits
			n.next = max(n.next, i+1)
		}
	}
	if n.next = undated(max(n.next, 1)); n.next >= numberMost {
		return n.renumber(ours, foreign)
	}
	return nil
}
