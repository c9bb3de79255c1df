package arena

import (
	"sync"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Lane is one of the lists of records.
type Lane int

// The lanes of an Arena.
const (
	Low    Lane = iota // below Error
	High               // Error
	Urgent             // above Error: the program is about to end

	Lanes = 3 // how many there are
)

// LaneOf returns the lane of records of a level.
func LaneOf(l zapcore.Level) Lane {
	switch {
	case l < zapcore.ErrorLevel:
		return Low
	case l == zapcore.ErrorLevel:
		return High
	default:
		return Urgent
	}
}

// Arena holds records. See the package's text for how, and for who may call what when.
type Arena struct {
	limit   int // bytes
	readers []*Reader
	hot     *hot

	lanes  [Lanes]lane
	blocks blocks
	stats  base.Stats // without Pending
	over   bool       // Abandon has counted everything

	losers []*Reader // owned by Evict
}

// hot is what Put writes beside the record itself: one cache line, if the record is of the low lane. Producers on several
// cores hand it from one to the other, and each line more would cost them as much again. What can be worked out from it,
// the counts of lanes and blocks, is brought up to it by catchUp, when somebody wants to know.
type hot struct {
	mu    sync.Mutex // the owner's
	used  int        // bytes of live records and of reservations
	next  uint64     // sequence number of the next record
	tails [Lanes]tail
	_     [48]byte // makes it 192 bytes, which the allocator aligns to the line
}

// tail is the end of a lane: its last block, as Put sees it.
type tail struct {
	buf     []byte
	written uint32 // bytes of buf that hold records
	records uint32 // of those, which the block does not know of
	last    uint64 // sequence number of the last of them
}

// New returns an Arena that holds up to limit bytes of records, headers included, and has that many readers. The memory
// it takes follows its content; blocks that are not quite full and what readers have claimed come on top.
func New(limit, readers int) *Arena { return WithBacking(nil, limit, readers) }

// WithBacking is New for an Arena whose memory is a Backing's; nil is the heap. It has to have blocks for twice the limit, and some more: of
// BlockSize, and of the size of what does not fit into one.
func WithBacking(backing Backing, limit, readers int) *Arena {
	a := &Arena{limit: limit, hot: new(hot), blocks: blocks{size: BlockSize(limit), backing: backing}}
	for l := range a.lanes {
		a.hot.begin(Lane(l), &a.lanes[l], new(block)) // the first record takes a block that has room
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

// Restore puts a record that a Backing held before, with the sequence number that it had. It is for an Arena that is new, and for
// records in the order of these numbers. The room of the Arena does not bound it.
func (a *Arena) Restore(sequence uint64, level zapcore.Level, tape []byte) {
	a.hot.next = sequence
	a.Put(LaneOf(level), level, tape)
}

// SetNext says which sequence number the next record gets, in an Arena that is new.
func (a *Arena) SetNext(sequence uint64) { a.hot.next = sequence }

// Reader returns reader i.
func (a *Arena) Reader(i int) *Reader { return a.readers[i] }

// Limit returns how many bytes of records a holds at most.
func (a *Arena) Limit() int { return a.limit }

// Mutex returns the lock that a's owner holds for its calls. It lies beside what Put writes.
func (a *Arena) Mutex() *sync.Mutex { return &a.hot.mu }

// Used returns how many bytes are taken.
func (a *Arena) Used() int { return a.hot.used }

// Fits tells whether a tape of n bytes has room.
func (a *Arena) Fits(n int) bool {
	return a.hot.used+Size(n) <= a.limit && (a.blocks.backing == nil || a.blocks.backing.Fits(max(a.blocks.size, Size(n))))
}

// Reserve takes size bytes of room, the Size of a tape that will be put later; a negative size gives back what was reserved for one.
func (a *Arena) Reserve(size int) { a.hot.used += size }

// Next returns the sequence number that the next record will get.
func (a *Arena) Next() uint64 { return a.hot.next }

// Put adds a record and returns its sequence number. Whether it fits is the caller's to ask.
func (a *Arena) Put(l Lane, level zapcore.Level, tape []byte) uint64 {
	t := &a.hot.tails[l]
	size := Size(len(tape))
	if len(t.buf)-int(t.written) < size {
		a.grow(l, size)
	}
	copy(t.buf[t.written+headerSize:], tape)
	at := t.written
	a.hot.commit(t, level, len(tape))
	if a.blocks.backing != nil {
		a.lanes[l].tail.commit(at)
	}
	return t.last
}

// Capture makes a record of an entry, the fields of context and then fields, where it is to lie. It spares a copy. It returns
// false, and has added nothing, if said, which was asked about the fields, cannot tell what they are (see base.CapturePlain), if there is
// no room in the last block, or if the record does not fit: then Put is the way. It runs no code of the program.
func (a *Arena) Capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, said *base.Texts) bool {
	h := a.hot
	t := &h.tails[LaneOf(ent.Level)]
	room := t.buf[t.written:]
	if len(room) < headerSize {
		return false
	}
	n := base.CapturePlain(room[headerSize:], ent, context, fields, said)
	if n == 0 || h.used+Size(n) > a.limit {
		return false
	}
	at := t.written
	h.commit(t, ent.Level, n)
	if a.blocks.backing != nil {
		a.lanes[LaneOf(ent.Level)].tail.commit(at)
	}
	return true
}

// commit adds the record of which the tape, n bytes, has been written behind the others of a lane, t.
func (h *hot) commit(t *tail, level zapcore.Level, n int) {
	putHeader(t.buf[t.written:], n, h.next, level)
	size := Size(n)
	t.written += uint32(size)
	t.records++
	t.last = h.next
	h.used += size
	h.next++
}

// grow gives lane l a tail in which size bytes have room.
func (a *Arena) grow(l Lane, size int) {
	a.catchUp()
	full := a.lanes[l].tail
	a.hot.begin(l, &a.lanes[l], a.blocks.get(max(a.blocks.size, size)))
	a.recycle(&a.lanes[l], full)
}

// begin makes b, which is empty, the tail of lane l, ln, which has caught up.
func (h *hot) begin(l Lane, ln *lane, b *block) {
	ln.append(b)
	h.tails[l] = tail{buf: b.buf}
}

// catchUp brings the counts of lanes and of their last blocks up to what Put has written.
func (a *Arena) catchUp() {
	for l := range a.lanes {
		t := &a.hot.tails[l]
		if t.records == 0 {
			continue
		}
		ln := &a.lanes[l]
		n, b := uint64(t.records), ln.tail
		b.live += int(t.written) - b.written
		b.written, b.last = int(t.written), t.last
		b.records += int(n)
		ln.put += n
		ln.pending += n
		a.stats.Accepted += n
		t.records = 0
	}
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
	a.blocks.put(b)
}

// Trim lets go of memory that holds no record: of what only a burst needed, for moments when nothing is going on; or of all, for when it
// will be long until the next record, which has to ask for some.
func (a *Arena) Trim(all bool) {
	if !all {
		a.blocks.trim(idleBlocks)
		return
	}
	a.Settle()
	for l := range a.lanes {
		ln := &a.lanes[l]
		if last := ln.tail; last.live == 0 && last.pins == 0 && len(last.buf) > 0 {
			a.hot.begin(Lane(l), ln, new(block))
			a.recycle(ln, last)
		}
	}
	a.blocks.trim(0)
}

// Oldest returns the readers that have not claimed the oldest record of a lane which some reader has not: those that
// would lose it by Evict. It is empty if all have claimed everything, and valid until the next call.
func (a *Arena) Oldest(l Lane) []*Reader {
	a.catchUp()
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
	a.hot.used -= size
	a.stats.Dropped++
	a.recycle(&a.lanes[l], b)
	return level, losers, true
}
