package arena

import "go.uber.org/zap/zapcore"

// Oldest returns the readers that have not claimed the oldest record of a lane which some reader has not: those that
// would lose it by Evict, and its sequence number. There are none if all have claimed everything. They are valid until the next call.
func (a *Arena) Oldest(l Lane) (losers []*Reader, sequence uint64) {
	_, sequence = a.oldest(l)
	return a.losers, sequence
}

// oldest sets a.losers to what Oldest returns, and returns the record's list and sequence number.
func (a *Arena) oldest(l Lane) (found int, sequence uint64) {
	a.catchUp()
	found = -1
	for l, end := l.lists(); l < end; l++ {
		if r := a.behind(l); r != nil {
			if first := r.next[l].normal().sequence(); found < 0 || first < sequence {
				found, sequence = l, first
			}
		}
	}
	a.losers = a.losers[:0]
	if found >= 0 {
		a.collectLosers(found)
	}
	return found, sequence
}

// behind returns a reader that is the furthest behind in a list, or nil if all have claimed everything.
func (a *Arena) behind(l int) (last *Reader) {
	oldest := a.lists[l].put
	for _, r := range a.readers {
		if number := r.next[l].number; number < oldest {
			last, oldest = r, number
		}
	}
	return last
}

// collectLosers sets a.losers to all readers that are the furthest behind in a list.
func (a *Arena) collectLosers(l int) {
	a.losers = a.losers[:0]
	oldest := a.lists[l].put
	for _, r := range a.readers {
		number := r.next[l].number
		if number > oldest || number == a.lists[l].put {
			continue
		}
		if number < oldest {
			oldest = number
			a.losers = a.losers[:0]
		}
		a.losers = append(a.losers, r)
	}
}

// Evict gives up the record that Oldest speaks of, and returns its level and who lost it. ok is false if there is none.
func (a *Arena) Evict(l Lane) (level zapcore.Level, losers []*Reader, ok bool) {
	found, _ := a.oldest(l)
	if found < 0 {
		return 0, nil, false
	}
	at := a.losers[0].next[found].normal()
	for _, r := range a.losers {
		r.next[found] = at.after()
		r.stats.Dropped++
	}
	a.stats.Dropped++
	a.takeOut(found, at)
	return at.block.level(at.off), a.losers, true
}

// PassOver makes room of records that are in the way of others only: the oldest of each list, with a sequence number before that, which
// no reader has yet to claim but some that do not want records of that level, and with which all others are done. They count as
// skipped. It is for readers that are held up by an older record. It takes out no more than some, since it is called under a lock, and
// returns whether there may be more.
func (a *Arena) PassOver(before uint64, unwanted func(reader int, level zapcore.Level) bool) (more bool) {
	if a.over {
		return false
	}
	a.catchUp()
	left := maxPassed
	for l := range a.lists {
		for left > 0 && a.passOver(l, before, unwanted) {
			left--
		}
	}
	return left == 0
}

// maxPassed is how many records PassOver takes out at most.
const maxPassed = 1 << 12

// passOver is PassOver for the oldest record of a list.
func (a *Arena) passOver(l int, before uint64, unwanted func(reader int, level zapcore.Level) bool) bool {
	a.collectLosers(l)
	if len(a.losers) == 0 {
		return false
	}
	at := a.losers[0].next[l].normal()
	level, sequence := at.block.level(at.off), at.sequence()
	if sequence >= before {
		return false
	}
	for _, r := range a.readers {
		switch {
		case r.next[l].number == a.losers[0].next[l].number:
			if !unwanted(r.index, level) {
				return false
			}
		case r.done <= sequence:
			return false
		}
	}
	for _, r := range a.losers {
		r.next[l] = at.after()
		r.stats.Skipped++
	}
	head := at.block.header(at.off)
	settle(&a.stats, head[droppedAt] != 0, int(head[skippedAt])+len(a.losers) == len(a.readers))
	a.takeOut(l, at)
	return true
}

// takeOut makes room of a record that was counted.
func (a *Arena) takeOut(l int, at place) {
	b, size := at.block, at.block.size(at.off)
	b.header(at.off)[evictedAt] = 1
	b.live -= size
	b.records--
	a.lists[l].pending--
	a.hot.used -= size
	a.recycle(&a.lists[l], b)
}
