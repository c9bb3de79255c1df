package backups

import (
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"go.uber.org/multierr"
)

// makeRoom makes the first number free, and returns it. A backup that cannot be moved keeps its number, which is skipped.
func (n *numbered) makeRoom(ours []*entry, foreign map[int]bool) (first int, err error) {
	ours = slices.DeleteFunc(ours, func(e *entry) bool { return e.former })
	var stays error
	for tries := 1; ; tries++ {
		first = after(0, foreign)
		stuck, err := n.shift(ours, foreign, first)
		if stuck == nil || !fsys.Stays(err) || tries > stuckMost {
			n.moved(stays)
			return first, err
		}
		stays = multierr.Append(stays, err)
		foreign[stuck.n] = true
		ours = slices.DeleteFunc(ours, func(e *entry) bool { return e == stuck })
	}
}

const stuckMost = 8 // if more are stuck, nothing can be moved in that directory

// shift makes the first number free. After an error, stuck is the backup that could not be moved.
func (n *numbered) shift(ours []*entry, foreign map[int]bool, first int) (stuck *entry, err error) {
	if len(ours) == 0 || ours[0].n > first {
		return nil, nil
	}
	moves, all := plan(ours, foreign, first, lastOf(n.count, foreign))
	if !all {
		moves, _ = plan(ours, foreign, first, 0)
	}
	for _, m := range slices.Backward(moves) {
		if err := n.rename(m.entry, m.to); err != nil {
			return m.entry, err
		}
		n.step("shifted")
	}
	return nil, nil
}

// lastOf returns the number of the last of count backups if numbers of foreign files are skipped. Its cost depends on the number of
// foreign files, not on count, which may be huge.
func lastOf(count int, foreign map[int]bool) int {
	last := min(count, numberMost)
	for _, i := range slices.Sorted(maps.Keys(foreign)) {
		if i <= last {
			last++
		}
	}
	return last
}

// move is an entry and the number it gets.
type move struct {
	*entry
	to int
}

// plan returns the moves that make the first number free. With top 0 it moves only the backups up to the first missing number. Else it
// moves all below top, and all reports whether none of them gets a number above top.
func plan(ours []*entry, foreign map[int]bool, first, top int) (moves []move, all bool) {
	last := first
	for _, e := range ours {
		switch {
		case e.n <= last:
			last = after(last, foreign)
		case e.n < top:
			last = after(e.n, foreign)
		default:
			return moves, last <= top
		}
		moves = append(moves, move{e, last})
	}
	return moves, last <= top
}

// rename gives an entry another number.
func (n *numbered) rename(e *entry, to int) error {
	path := n.name(to)
	if err := e.renameTo(path); err != nil {
		return err
	}
	n.top = max(n.top, to)
	for _, b := range e.backups() {
		n.renamed(b.Path, path+strings.TrimPrefix(b.Path, e.path), b.Info)
	}
	e.path, e.n = path, to
	return nil
}

// renumber gives all backups the lowest numbers again, once the highest was used: a number with more digits would not be recognised.
func (n *numbered) renumber(ours []*entry, foreign map[int]bool) error {
	to := 0
	for _, e := range ours {
		if e.former {
			continue
		}
		for to = undated(to + 1); foreign[to]; {
			to = undated(to + 1)
		}
		if to < e.n {
			if err := n.rename(e, to); err != nil {
				return err
			}
		}
	}
	n.next, n.given = undated(to+1), 0
	return nil
}

// repair renumbers backups that are numbered upwards although there is a count: the newest gets the lowest number.
func (n *numbered) repair() error {
	if n.count <= 0 {
		return nil
	}
	all, foreign, err := n.find()
	if err != nil {
		return err
	}
	ours := all[:firstFormer(all)]
	if !rising(ours) {
		return nil
	}
	to := ours[len(ours)-1].n
	newestFirst(ours, 0)
	stay, _ := keep(all, n.count)
	if stay = stay[:firstFormer(stay)]; len(stay) > 1 {
		for _, e := range stay {
			to = after(to, foreign)
			if err := n.rename(e, to); err != nil {
				return err
			}
		}
	}
	return nil
}

// rising reports whether backups, in the order of their numbers, were numbered upwards last: then their times rise with the numbers, by
// more than a second in all. Times may fall now and then, where the clock was put back. Backups that an earlier count has left are
// skipped.
func rising(ours []*entry) bool {
	rise, fall, by := 0, 0, time.Duration(0)
	for i := max(counted(ours, 0), 1); i < len(ours); i++ {
		switch d := ours[i].modified().Sub(ours[i-1].modified()); {
		case d > 0:
			rise, by = rise+1, by+d
		case d < 0:
			fall++
		}
	}
	return rise > fall && by > time.Second
}
