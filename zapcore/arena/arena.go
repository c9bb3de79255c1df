package arena

import (
	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Lane is one of the two lists of records.
type Lane int

// The lanes of an Arena.
const (
	Low  Lane = iota // below Error
	High             // Error and above
	lanes
)

// LaneOf returns the lane of records of a level.
func LaneOf(l zapcore.Level) Lane {
	if l >= zapcore.ErrorLevel {
		return High
	}
	return Low
}

const (
	blockSize    = 64 << 10
	minBlockSize = 1 << 10
	idleBlocks   = 16 // that Trim leaves
)

// Arena holds records. See the package's text for how, and for who may call what when.
type Arena struct {
	limit     int // bytes
	blockSize int
	readers   []*Reader

	lanes [lanes]lane
	used  int    // bytes of live records and of reservations
	next  uint64 // sequence number of the next record
	free  []*block
	stats base.Stats // without Pending
	over  bool       // Abandon has counted everything

	losers []*Reader // owned by Evict
}

// New returns an Arena that holds up to limit bytes of records, headers included, and has that many readers. The memory
// it takes follows its content; blocks that are not quite full and what readers have claimed come on top.
func New(limit, readers int) *Arena {
	a := &Arena{limit: limit, blockSize: min(blockSize, max(minBlockSize, limit/16))}
	for l := range a.lanes {
		a.lanes[l].append(a.newBlock(a.blockSize))
	}
	for i := range readers {
		r := &Reader{arena: a, index: i}
		for l := range a.lanes {
			r.next[l] = a.lanes[l].end()
		}
		a.readers = append(a.readers, r)
	}
	return a
}

// Reader returns reader i.
func (a *Arena) Reader(i int) *Reader { return a.readers[i] }

// Limit returns how many bytes of records a holds at most.
func (a *Arena) Limit() int { return a.limit }

// Used returns how many bytes are taken.
func (a *Arena) Used() int { return a.used }

// Fits tells whether a tape of n bytes has room.
func (a *Arena) Fits(n int) bool { return a.used+Size(n) <= a.limit }

// Reserve takes size bytes of room, the Size of a tape that will be put later; a negative size gives back what was reserved for one.
func (a *Arena) Reserve(size int) { a.used += size }

// Next returns the sequence number that the next record will get.
func (a *Arena) Next() uint64 { return a.next }

// Put adds a record and returns its sequence number. Whether it fits is the caller's to ask.
func (a *Arena) Put(l Lane, level zapcore.Level, tape []byte) uint64 {
	ln := &a.lanes[l]
	size := Size(len(tape))
	if ln.tail.room() < size {
		a.grow(ln, size)
	}
	ln.tail.put(tape, a.next, level)
	ln.put++
	ln.pending++
	a.used += size
	a.stats.Accepted++
	a.next++
	return a.next - 1
}

// grow gives ln a tail in which size bytes have room.
func (a *Arena) grow(ln *lane, size int) {
	full := ln.tail
	ln.append(a.newBlock(max(a.blockSize, size)))
	a.recycle(ln, full)
}

func (a *Arena) newBlock(size int) *block {
	if n := len(a.free); n > 0 && size == a.blockSize {
		b := a.free[n-1]
		a.free[n-1], a.free = nil, a.free[:n-1]
		return b
	}
	return &block{buf: make([]byte, size)}
}

// recycle takes b out of its lane if nothing in it is needed any more.
func (a *Arena) recycle(ln *lane, b *block) {
	if b.live > 0 || b.pins > 0 || b == ln.tail {
		return
	}
	for _, r := range a.readers {
		for l := range r.next {
			if r.next[l].block == b {
				r.next[l] = r.next[l].normal()
			}
		}
	}
	ln.unlink(b)
	if len(b.buf) == a.blockSize {
		*b = block{buf: b.buf}
		a.free = append(a.free, b)
	}
}

// Trim lets go of memory that only a burst needed. It is for moments when nothing is going on.
func (a *Arena) Trim() {
	if len(a.free) > idleBlocks {
		clear(a.free[idleBlocks:])
		a.free = a.free[:idleBlocks]
	}
}

// Oldest returns the readers that have not claimed the oldest record of a lane which some reader has not: those that
// would lose it by Evict. It is empty if all have claimed everything, and valid until the next call.
func (a *Arena) Oldest(l Lane) []*Reader {
	a.losers = a.losers[:0]
	oldest := a.lanes[l].put
	for _, r := range a.readers {
		number := r.next[l].number
		if number > oldest || number == a.lanes[l].put {
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
	losers = a.Oldest(l)
	if len(losers) == 0 {
		return 0, nil, false
	}
	at := losers[0].next[l].normal()
	b := at.block
	level = b.level(at.off)
	for _, r := range losers {
		r.next[l] = at.after()
		r.stats.Dropped++
	}
	size := b.size(at.off)
	b.header(at.off)[evictedAt] = 1
	b.live -= size
	b.records--
	a.lanes[l].pending--
	a.used -= size
	a.stats.Dropped++
	a.recycle(&a.lanes[l], b)
	return level, losers, true
}

// Count notes records that never came in but count as accepted by the arena and by each reader: skipped by a hook, or
// dropped for want of room.
func (a *Arena) Count(skipped, dropped uint64) {
	a.stats.Accepted += skipped + dropped
	a.stats.Skipped += skipped
	a.stats.Dropped += dropped
	for _, r := range a.readers {
		r.stats.Skipped += skipped
		r.stats.Dropped += dropped
	}
}

// CountThrough notes a record that never came in and that the caller handed to every reader's target itself. fates holds what
// it came to for each.
func (a *Arena) CountThrough(fates []Fate) {
	a.stats.Accepted++
	dropped, skipped := 0, 0
	for i, f := range fates {
		a.readers[i].count(f, 1)
		switch f {
		case Dropped:
			dropped++
		case Skipped:
			skipped++
		}
	}
	settle(&a.stats, dropped > 0, skipped == len(fates))
}

// Pending returns how many records are held; of a block that is resolved in part, all.
func (a *Arena) Pending() uint64 { return a.lanes[Low].pending + a.lanes[High].pending }

// Stats returns the counts of records: of each by the worst that a reader made of it.
func (a *Arena) Stats() base.Stats {
	a.Settle()
	s := a.stats
	s.Pending = a.Pending()
	return s
}
