package arena

import (
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Settle releases all records that every reader has resolved. Resolve releases only whole blocks while there is room enough.
func (a *Arena) Settle() { a.release(true) }

// release releases the records that every reader has resolved, but a part of a block only with exact.
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

// releaseBlock releases the records of b before sequence number upto, and returns whether those were all. A block without
// marks is released at once: every reader delivered all of it.
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

// forget removes records of b, with that many bytes in all, from the counts of pending records.
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

// Unwanted reports whether a reader does not want a record of that level. A nil Unwanted means that all records are wanted.
type Unwanted func(reader int, sequence uint64, level zapcore.Level) bool

func (u Unwanted) has(r *Reader, sequence uint64, level zapcore.Level) bool {
	return u != nil && u(r.index, sequence, level)
}

// Abandon drops every record, for each reader that has neither resolved it nor delivered it ahead; an unwanted record is skipped. It
// calls each for every drop, with the reader that lost the record and its level. Afterwards only the counts of the arena may be used.
// Held records stay valid, and resolving them changes no counts.
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

// abandon counts the record at off, which is given up.
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

// Suspend ends the use of an Arena whose Backing another process will go on with. Resolving changes nothing any more, and
// pending records stay pending.
func (a *Arena) Suspend() {
	a.Settle()
	a.over = true
	for _, r := range a.readers {
		r.over = true
	}
}

// abandon gives up the claimed and the unread records of the reader.
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

// Oldest finds the record that Evict would evict: the oldest of a lane that some reader has not claimed. It returns the readers that have
// not claimed it, which would lose it, and its sequence number. If all records are claimed there are no losers. losers is valid until the
// next call.
func (a *Arena) Oldest(l Lane) (losers []*Reader, sequence uint64) {
	_, sequence = oldest(a, l)
	return a.losers, sequence
}

// oldest sets a.losers to the losers of Oldest, and returns the record's list, or -1 if there is none, and its sequence number.
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

// furthestBehind sets a.losers to the readers that have not claimed the oldest record of a list that some reader has not claimed, and
// returns it.
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

// Evict evicts the record that Oldest finds, and returns its level and the readers that lost it. ok is false if there is none.
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

// PassOver releases records that nobody needs any more, although some readers, held up by an older record, have not claimed them: those
// readers do not want them, and all others are done with them. It looks at the oldest unclaimed records of each list, and counts what it
// releases as skipped. Since it is called under a lock it releases at most maxPassed records, and returns whether there may be more.
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

// maxPassed is how many records one PassOver releases at most.
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

// removeEvicted releases the record at a place, which has been counted.
func removeEvicted(a *Arena, l int, at place) {
	b, size := at.block, at.block.size(at.off)
	b.header(at.off)[evictedAt] = 1
	b.live -= size
	b.records--
	a.lists[l].pending--
	a.hot.used -= size
	recycle(a, &a.lists[l], b)
}
