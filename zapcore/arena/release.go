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
			a.recycle(ln, b)
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
			settle(&a.stats, head[droppedAt] != 0, int(head[skippedAt]) == len(a.readers))
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

// settle counts one record.
func settle(s *base.Stats, dropped, skippedByAll bool) {
	switch {
	case dropped:
		s.Dropped++
	case skippedByAll:
		s.Skipped++
	default:
		s.Delivered++
	}
}

// Abandon drops everything, for every reader. It tells each record: lost by which reader, at what level. The arena must
// not be used for more than its counts afterwards; what a reader works on stays valid, and what it resolves counts no
// more.
func (a *Arena) Abandon(each func(reader int, level zapcore.Level)) {
	a.Settle()
	a.over = true
	for i, r := range a.readers {
		r.abandon(func(level zapcore.Level) { each(i, level) })
	}
	for l := range a.lists {
		a.stats.Dropped += a.lists[l].pending
		a.lists[l].pending = 0
	}
	a.hot.used = 0
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

// abandon drops what is claimed and what is unread.
func (r *Reader) abandon(each func(zapcore.Level)) {
	lost := func(b *block, from, to int) {
		for off := from; off < to; off += b.size(off) {
			if b.sequence(off) >= r.done {
				r.stats.Dropped++
				each(b.level(off))
			}
		}
	}
	for l := range r.claims {
		for _, c := range r.claims[l] {
			lost(c.block, c.from, c.to)
		}
		p := r.next[l].normal()
		for b, off := p.block, p.off; b != nil; b, off = b.next, 0 {
			lost(b, off, b.written)
		}
		r.next[l] = r.arena.lists[l].end()
	}
	r.claimed, r.done, r.over = 0, r.arena.hot.next, true
}
