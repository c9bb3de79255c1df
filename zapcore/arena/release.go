package arena

import (
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// release makes room of what every reader has resolved.
func (a *Arena) release() {
	upto := a.next
	for _, r := range a.readers {
		upto = min(upto, r.done)
	}
	for l := range a.lanes {
		ln := &a.lanes[l]
		for b := ln.head; b != nil; {
			next := b.next
			if !a.releaseBlock(ln, b, upto) {
				break
			}
			a.recycle(ln, b)
			b = next
		}
	}
}

// releaseBlock releases the records of b before the sequence number upto, and returns whether those were all. A block without
// marks is released at a stroke: every reader delivered all of it.
func (a *Arena) releaseBlock(ln *lane, b *block, upto uint64) bool {
	if b.live > 0 && b.last < upto && b.marks == 0 {
		a.stats.Delivered += uint64(b.records)
		a.forget(ln, b, b.live, b.records)
	}
	for b.live > 0 && b.sequence(b.released) < upto {
		head := b.header(b.released)
		size := b.size(b.released)
		b.released += size
		if head[evictedAt] == 0 {
			settle(&a.stats, head[droppedAt] != 0, int(head[skippedAt]) == len(a.readers))
			a.forget(ln, b, size, 1)
		}
	}
	if b.live > 0 {
		return false
	}
	b.released, b.marks = b.written, 0
	return true
}

func (a *Arena) forget(ln *lane, b *block, bytes, records int) {
	b.live -= bytes
	b.records -= records
	ln.pending -= uint64(records)
	a.used -= bytes
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

// Abandon drops everything, for every reader. It tells each record: lost by which reader, at what level. The arena must not be used for more than its counts afterwards; what a reader works on stays valid, and
// what it resolves counts no more.
func (a *Arena) Abandon(each func(reader int, level zapcore.Level)) {
	for i, r := range a.readers {
		r.abandon(func(level zapcore.Level) { each(i, level) })
	}
	for l := range a.lanes {
		a.stats.Dropped += a.lanes[l].pending
		a.lanes[l].pending = 0
	}
	a.used = 0
}
