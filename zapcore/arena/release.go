package arena

import (
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Settle makes room of all that every reader has resolved. Resolve does so block by block while there is room enough.
func (a *Arena) Settle() { a.release(true) }

// release makes room of what every reader has resolved; of parts of a block only if it is to be exact.
func (a *Arena) release(exact bool) {
	if a.over {
		return
	}
	a.catchUp()
	upto := a.hot.next
	for _, r := range a.readers {
		upto = min(upto, r.done)
	}
	for l := range a.lists {
		ln := &a.lists[l]
		for b := ln.head; b != nil; {
			next := b.next
			if !releaseBlock(a, ln, b, upto, exact) {
				break
			}
			recycle(a, ln, b)
			b = next
		}
	}
}

// releaseBlock releases the records of b before the sequence number upto, and returns whether those were all. A block without
// marks is released at a stroke: every reader delivered all of it.
func releaseBlock(a *Arena, ln *list, b *block, upto uint64, exact bool) bool {
	if b.live > 0 && b.last < upto && b.marks == 0 {
		a.stats.Delivered += uint64(b.records)
		ln.forget(a.hot, b, b.live, b.records)
	}
	exact = exact || b.last < upto
	for exact && b.live > 0 && b.sequence(b.released) < upto {
		head := b.header(b.released)
		size := b.size(b.released)
		b.released += size
		if head[evictedAt] == 0 {
			countRecord(&a.stats, head[droppedAt] != 0, int(head[skippedAt]) == len(a.readers))
			ln.forget(a.hot, b, size, 1)
		}
	}
	if b.live > 0 {
		return false
	}
	b.released, b.marks = b.written, 0
	return true
}

// forget takes records of b, with that many bytes in all, out of the counts.
func (l *list) forget(h *hot, b *block, bytes, records int) {
	b.live -= bytes
	b.records -= records
	l.pending -= uint64(records)
	h.used -= bytes
}

// countRecord counts one record.
func countRecord(s *base.Stats, dropped, skippedByAll bool) {
	switch {
	case dropped:
		s.Dropped++
	case skippedByAll:
		s.Skipped++
	default:
		s.Delivered++
	}
}

// Unwanted tells whether a reader does not want a record of that level. nil knows of none.
type Unwanted func(reader int, sequence uint64, level zapcore.Level) bool

func (u Unwanted) has(r *Reader, sequence uint64, level zapcore.Level) bool {
	return u != nil && u(r.index, sequence, level)
}

// Abandon drops everything, for every reader that may want it and has not had it; it skips what is unwanted. It tells each record that
// is dropped: lost by which reader, at what level. The arena must not be used for more than its counts afterwards; what a reader works
// on stays valid, and what it resolves counts no more.
func (a *Arena) Abandon(unwanted Unwanted, each func(reader int, level zapcore.Level)) {
	a.Settle()
	a.over = true
	for l := range a.lists {
		for b := a.lists[l].head; b != nil; b = b.next {
			for off := b.released; off < b.written; off += b.size(off) {
				if b.header(off)[evictedAt] == 0 {
					abandon(a, b, off, unwanted)
				}
			}
		}
		a.lists[l].pending = 0
	}
	for i, r := range a.readers {
		r.abandon(unwanted, func(level zapcore.Level) { each(i, level) })
	}
	a.hot.used = 0
}

// abandon counts the record at off as it is given up.
func abandon(a *Arena, b *block, off int, unwanted Unwanted) {
	head := b.header(off)
	dropped, skipped := head[droppedAt] != 0, int(head[skippedAt])
	for _, r := range a.readers {
		if b.sequence(off) >= r.done && !deliveredAhead(r, b.sequence(off)) {
			if unwanted.has(r, b.sequence(off), b.level(off)) {
				skipped++
			} else {
				dropped = true
			}
		}
	}
	countRecord(&a.stats, dropped, skipped == len(a.readers))
}

// Suspend leaves everything as it is: for an Arena with a Backing, which another process goes on with. Nothing is resolved any more, and
// what is pending stays so.
func (a *Arena) Suspend() {
	a.Settle()
	a.over = true
	for _, r := range a.readers {
		r.over = true
	}
}

// abandon gives up what is claimed and what is unread.
func (r *Reader) abandon(unwanted Unwanted, each func(zapcore.Level)) {
	lost := func(b *block, from, to int) {
		for off := from; off < to; off += b.size(off) {
			switch level := b.level(off); {
			case b.sequence(off) < r.done:
			case deliveredAhead(r, b.sequence(off)):
				r.stats.Delivered++
			case unwanted.has(r, b.sequence(off), level):
				r.stats.Skipped++
			default:
				r.stats.Dropped++
				each(level)
			}
		}
	}
	for l := range r.claims {
		for _, c := range r.claims[l] {
			lost(c.block, c.from, c.to)
		}
		p := r.next[l].normalized()
		for b, off := p.block, p.off; b != nil; b, off = b.next, 0 {
			lost(b, off, b.written)
		}
		r.next[l] = r.arena.lists[l].end()
	}
	r.claimed, r.done, r.over = 0, r.arena.hot.next, true
}

// Oldest returns the readers that have not claimed the oldest record of a lane which some reader has not: those that
// would lose it by Evict, and its sequence number. There are none if all have claimed everything. They are valid until the next call.
func (a *Arena) Oldest(l Lane) (losers []*Reader, sequence uint64) {
	_, sequence = oldest(a, l)
	return a.losers, sequence
}

// oldest sets a.losers to what Oldest returns, and returns the record's list and sequence number.
func oldest(a *Arena, l Lane) (found int, sequence uint64) {
	a.catchUp()
	found = -1
	for l, end := l.lists(); l < end; l++ {
		if behind := a.furthestBehind(l); len(behind) > 0 {
			if first := behind[0].next[l].normalized().sequence(); found < 0 || first < sequence {
				found, sequence = l, first
			}
		}
	}
	if found >= 0 {
		a.furthestBehind(found)
	}
	return found, sequence
}

// furthestBehind returns the readers that have not claimed the oldest record of a list which some reader has not, as a.losers.
func (a *Arena) furthestBehind(l int) []*Reader {
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
	return a.losers
}

// Evict gives up the record that Oldest speaks of, and returns its level and who lost it. ok is false if there is none.
func (a *Arena) Evict(l Lane) (level zapcore.Level, losers []*Reader, ok bool) {
	found, sequence := oldest(a, l)
	if found < 0 {
		return 0, nil, false
	}
	at := a.losers[0].next[found].normalized()
	level, losers = at.block.level(at.off), a.losers[:0]
	for _, r := range a.losers {
		r.next[found] = at.after()
		if deliveredAhead(r, sequence) {
			r.stats.Delivered++
			continue
		}
		r.stats.Dropped++
		losers = append(losers, r)
	}
	countRecord(&a.stats, len(losers) > 0 || at.block.header(at.off)[droppedAt] != 0, false)
	removeEvicted(a, found, at)
	return level, losers, true
}

// PassOver makes room of records that are in the way of others only: the oldest of each list which no reader has yet to claim but those to
// whom they are unwanted, and with which all others are done. They count as skipped. It is for readers that are held up by an older
// record. It takes out no more than some, since it is called under a lock, and returns whether there may be more.
func (a *Arena) PassOver(unwanted Unwanted) (more bool) {
	if a.over {
		return false
	}
	a.catchUp()
	left := maxPassed
	for l := range a.lists {
		for left > 0 && passOver(a, l, unwanted) {
			left--
		}
	}
	return left == 0
}

// maxPassed is how many records PassOver takes out at most.
const maxPassed = 1 << 12

// passOver is PassOver for the oldest record of a list.
func passOver(a *Arena, l int, unwanted Unwanted) bool {
	behind := a.furthestBehind(l)
	if len(behind) == 0 {
		return false
	}
	at := behind[0].next[l].normalized()
	level, sequence := at.block.level(at.off), at.sequence()
	for _, r := range a.readers {
		switch {
		case r.next[l].number == behind[0].next[l].number:
			if !unwanted.has(r, sequence, level) {
				return false
			}
		case r.done <= sequence:
			return false
		}
	}
	for _, r := range behind {
		r.next[l] = at.after()
		r.stats.Skipped++
	}
	head := at.block.header(at.off)
	countRecord(&a.stats, head[droppedAt] != 0, int(head[skippedAt])+len(behind) == len(a.readers))
	removeEvicted(a, l, at)
	return true
}

// removeEvicted makes room of a record that was counted.
func removeEvicted(a *Arena, l int, at place) {
	b, size := at.block, at.block.size(at.off)
	b.header(at.off)[evictedAt] = 1
	b.live -= size
	b.records--
	a.lists[l].pending--
	a.hot.used -= size
	recycle(a, &a.lists[l], b)
}
