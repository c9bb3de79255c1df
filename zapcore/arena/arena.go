package arena

import (
	"sync"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Lane is a class of records for eviction: a record of a higher lane may evict those of a lower one.
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

// The lists of an Arena, one for each level, so that records of a level that a target does not want leave no holes between those that it
// wants. Info, the most common level, is first: its tail shares a cache line with the rest of hot.
const (
	infoList = iota
	debugList
	warnList
	errorList
	urgentList

	Lists // how many there are
)

// listOf returns the list of records of a level.
func listOf(l zapcore.Level) int {
	switch {
	case l == zapcore.InfoLevel:
		return infoList
	case l < zapcore.InfoLevel:
		return debugList
	case l == zapcore.WarnLevel:
		return warnList
	case l == zapcore.ErrorLevel:
		return errorList
	default:
		return urgentList
	}
}

// lists returns the range of the lists of a lane: from first up to, but not including, end.
func (l Lane) lists() (first, end int) {
	switch l {
	case Low:
		return infoList, errorList
	case High:
		return errorList, urgentList
	default:
		return urgentList, Lists
	}
}

// Arena holds records. See the package documentation for its structure, and for what may be called without the lock.
type Arena struct {
	limit   int // bytes
	readers []*Reader
	hot     *hot

	lists  [Lists]list
	blocks blocks
	stats  base.Stats // without Pending
	over   bool       // Abandon or Suspend was called: no counts change any more

	losers []*Reader // owned by Evict
}

// hot is all that Put writes besides the record itself: one cache line for a record of Info. Cores hand that line
// from one producer to the next, and each further line would cost as much again. The counts of lists and blocks follow from it: catchUp
// updates them when they are needed.
type hot struct {
	mu    sync.Mutex // the owner's
	used  int        // bytes of live records and of reservations
	next  uint64     // sequence number of the next record
	tails [Lists]tail
	_     [32]byte // makes it 256 bytes, which the allocator aligns to the line
}

// tail is the end of a list: its last block, as Put sees it.
type tail struct {
	buf     []byte
	written uint32 // bytes of buf that hold records
	records uint32 // written since catchUp
	last    uint64 // sequence number of the last record
}

// New returns an Arena that holds up to limit bytes of records, headers included, and has that many readers. It takes memory
// as needed; partly filled blocks and claimed records come on top of limit.
func New(limit, readers int) *Arena { return WithBacking(nil, limit, readers) }

// WithBacking is New with memory of a Backing; nil is the heap. The Backing must have blocks of BlockSize for twice the limit and some
// more, and larger ones for records that do not fit into one.
func WithBacking(backing Backing, limit, readers int) *Arena {
	a := &Arena{limit: limit, hot: new(hot), blocks: blocks{size: BlockSize(limit), backing: backing}}
	for l := range a.lists {
		a.hot.begin(l, &a.lists[l], new(block)) // the first record takes a block that has room
	}
	for i := range readers {
		r := &Reader{arena: a, index: i}
		for l := range a.lists {
			r.next[l] = a.lists[l].end()
		}
		a.readers = append(a.readers, r)
	}
	return a
}

// Restore puts a record that a Backing held before, with its old sequence number. It is for a new Arena, and must be called
// in the order of these numbers. The limit of the Arena does not bound it.
func (a *Arena) Restore(sequence uint64, level zapcore.Level, tape []byte) {
	a.hot.next = sequence
	a.Put(level, tape)
}

// SetNext sets the sequence number of the next record, in a new Arena.
func (a *Arena) SetNext(sequence uint64) { a.hot.next = sequence }

// Reader returns reader i.
func (a *Arena) Reader(i int) *Reader { return a.readers[i] }

// Limit returns how many bytes of records a holds at most.
func (a *Arena) Limit() int { return a.limit }

// Mutex returns a lock that the owner of a may use. It lies in the cache line that Put writes.
func (a *Arena) Mutex() *sync.Mutex { return &a.hot.mu }

// Used returns how many bytes are taken.
func (a *Arena) Used() int { return a.hot.used }

// Fits reports whether there is room for a tape of n bytes.
func (a *Arena) Fits(n int) bool {
	return a.hot.used+Size(n) <= a.limit && (a.blocks.backing == nil || a.blocks.backing.Fits(max(a.blocks.size, Size(n))))
}

// Reserve takes size bytes of room, the Size of a tape that will be put later. A negative size gives them back.
func (a *Arena) Reserve(size int) { a.hot.used += size }

// Next returns the sequence number that the next record will get.
func (a *Arena) Next() uint64 { return a.hot.next }

// Put adds a record and returns its sequence number. The caller must ask Fits before.
func (a *Arena) Put(level zapcore.Level, tape []byte) uint64 {
	l := listOf(level)
	t := &a.hot.tails[l]
	size := Size(len(tape))
	if len(t.buf)-int(t.written) < size {
		grow(a, l, size)
	}
	copy(t.buf[t.written+headerSize:], tape)
	at := t.written
	a.hot.commit(t, level, len(tape))
	if a.blocks.backing != nil {
		a.lists[l].tail.commit(at)
	}
	return t.last
}

// Capture records an entry, the fields of context and then fields directly in the Arena, which saves a copy. The Ask of texts must have
// been called with fields. Capture adds nothing and returns false if base.CapturePlain cannot record the fields, if there is
// no room in the last block, or if the record does not fit: then use Put. It runs no code of the program.
func (a *Arena) Capture(ent *zapcore.Entry, context *base.Context, fields []zapcore.Field, texts *base.Texts) bool {
	h := a.hot
	l := listOf(ent.Level)
	t := &h.tails[l]
	room := t.buf[t.written:]
	if len(room) < headerSize {
		return false
	}
	n := base.CapturePlain(room[headerSize:], ent, context, fields, texts)
	if n == 0 || h.used+Size(n) > a.limit {
		return false
	}
	at := t.written
	h.commit(t, ent.Level, n)
	if a.blocks.backing != nil {
		a.lists[l].tail.commit(at)
	}
	return true
}

// commit completes a record of tail t whose tape, of n bytes, has been written there.
func (h *hot) commit(t *tail, level zapcore.Level, n int) {
	putHeader(t.buf[t.written:], n, h.next, level)
	size := Size(n)
	t.written += uint32(size)
	t.records++
	t.last = h.next
	h.used += size
	h.next++
}

// grow gives list l a new tail block with room for size bytes.
func grow(a *Arena, l, size int) {
	a.catchUp()
	full := a.lists[l].tail
	a.hot.begin(l, &a.lists[l], a.blocks.get(max(a.blocks.size, size)))
	recycle(a, &a.lists[l], full)
}

// begin makes b, which is empty, the tail of ln, the list of index l. catchUp must have been called.
func (h *hot) begin(l int, ln *list, b *block) {
	ln.append(b)
	h.tails[l] = tail{buf: b.buf}
}

// catchUp brings the counts of lists and of their last blocks up to what Put has written.
func (a *Arena) catchUp() {
	for l := range a.lists {
		t := &a.hot.tails[l]
		if t.records == 0 {
			continue
		}
		ln := &a.lists[l]
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

// recycle removes b from its list if nothing in it is needed any more.
func recycle(a *Arena, ln *list, b *block) {
	if b.live > 0 || b.pins > 0 || b == ln.tail {
		return
	}
	for _, r := range a.readers {
		for l := range r.next {
			if r.next[l].block == b {
				r.next[l] = r.next[l].normalized()
			}
		}
	}
	ln.unlink(b)
	a.blocks.put(b)
}

// Trim releases memory that holds no record. Without all it keeps what a few blocks need: call it when there is no work at the moment.
// With all it releases everything: call it when no record is expected for long, because the next one must allocate.
func (a *Arena) Trim(all bool) {
	if !all {
		a.blocks.trim(idleBlocks)
		return
	}
	a.Settle()
	for l := range a.lists {
		ln := &a.lists[l]
		if last := ln.tail; last.live == 0 && last.pins == 0 && len(last.buf) > 0 {
			a.hot.begin(l, ln, new(block))
			recycle(a, ln, last)
		}
	}
	a.blocks.trim(0)
}
