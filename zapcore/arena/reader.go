package arena

import (
	"maps"
	"math"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// Reader is one target's place in an Arena. It claims records, walks over them, and resolves them in order:
//
//	lock, Claim, unlock → Next, Next, … → work on Tape(0), Tape(1), … → SetOutcome → lock, Resolve, unlock
type Reader struct {
	arena *Arena
	index int

	// Guarded by the owner's lock.
	next    [Lists]place        // the first record of each list that is not claimed
	done    uint64              // every record before this sequence number is resolved
	claimed uint64              // records that are claimed and not resolved
	stats   base.Stats          // without Accepted and Pending
	claims  [Lists][]piece      // oldest first
	over    bool                // Abandon or Suspend was called
	ahead   map[uint64]struct{} // sequence numbers given to Ahead, from done on

	// Owned by the reader's goroutine.
	walks       [Lists]walk
	list        int    // of the last record that Next returned
	until       uint64 // below this sequence number the next record is in the same list
	held        []held // records that Next returned; the first of them are resolved
	first       int    // how many of held are resolved
	outcomesSet int    // how often SetOutcome was called for the others
	stale       bool   // the memory behind held refers to blocks that are not needed
}

// piece is the part of a claim that lies in one block. It pins the block.
type piece struct {
	block    *block
	from, to int
}

// walk is the part of a list that a reader has claimed and not read yet.
type walk struct {
	at, end place
	bound   uint64 // no record of this list outside the claim has a lower sequence number
}

func (w *walk) over() bool { return w.at.number == w.end.number }

// held is a record that Next has returned.
type held struct {
	block    *block
	off      int
	sequence uint64
	outcome  base.Outcome
}

// Index returns the number of r among the arena's readers.
func (r *Reader) Index() int { return r.index }

// Claim claims more records of each list, oldest first: at least maxBytes of them, and up to a block more, if there
// are so many. It returns whether Next has a record.
func (r *Reader) Claim(maxBytes int) bool {
	if r.over {
		return false
	}
	r.arena.catchUp()
	for l := range r.walks {
		w := &r.walks[l]
		if w.over() {
			r.claimList(l, w, maxBytes)
		}
	}
	_, ok := r.pick()
	if !ok {
		r.settleDone()
		r.forget()
	}
	return ok
}

// forget drops references of resolved records to blocks. It is called when there is nothing to read, and so time for it.
func (r *Reader) forget() {
	if r.stale {
		clear(r.held[len(r.held):cap(r.held)])
		r.stale = false
	}
}

// Shrink releases the reader's own memory. It is for times when there is nothing to read.
func (r *Reader) Shrink() {
	if r.Len() == 0 {
		r.held, r.first, r.outcomesSet, r.stale = nil, 0, 0, false
	}
}

func (r *Reader) claimList(l int, w *walk, maxBytes int) {
	ln := &r.arena.lists[l]
	from := r.next[l].normalized()
	w.at, w.end, w.bound = from, ln.end(), r.arena.hot.next
	if from.number == w.end.number {
		r.next[l] = w.end
		return
	}
	b, bytes := from.block, from.block.written-from.off
	for off := from.off; ; off = 0 {
		b.pins++
		r.claims[l] = append(r.claims[l], piece{b, off, b.written})
		if b == ln.tail || bytes >= maxBytes {
			break
		}
		b = b.next
		bytes += b.written
	}
	if b != ln.tail {
		w.end = place{b, b.written, b.next.number}
		w.bound = b.next.sequence(0)
	}
	r.next[l] = w.end
	r.claimed += w.end.number - from.number
}

// pick returns the list of the next record: the oldest claimed one. ok is false if there is none, or if a list whose claim
// has been read may hold an older record outside the claim. Mostly the next record is in the list of the one before.
func (r *Reader) pick() (next int, ok bool) {
	if w := &r.walks[r.list]; !w.over() && w.at.sequence() < r.until {
		return r.list, true
	}
	first, bound := uint64(math.MaxUint64), uint64(math.MaxUint64)
	for l := range r.walks {
		w := &r.walks[l]
		if w.over() {
			bound = min(bound, w.bound)
			continue
		}
		if sequence := w.at.sequence(); sequence < first {
			bound = min(bound, first)
			next, first = l, sequence
		} else {
			bound = min(bound, sequence)
		}
	}
	r.list, r.until = next, bound
	return next, first < bound
}

// sequence returns the number of the record at p.
func (p place) sequence() uint64 { return p.block.sequence(p.off) }

// Next returns the next claimed record, and holds it: it is Tape(Len()-1) then. ok is false at the end of the claim.
func (r *Reader) Next() (tape []byte, level zapcore.Level, ok bool) {
	l, ok := r.pick()
	if !ok {
		return nil, 0, false
	}
	w := &r.walks[l]
	b, off := w.at.block, w.at.off
	r.held = append(r.held, held{block: b, off: off, sequence: b.sequence(off)})
	tape, level = b.tape(off), b.level(off)
	w.at = w.at.after()
	if b != w.end.block && w.at.off == b.written {
		w.at.block, w.at.off = b.next, 0
	}
	return tape, level, true
}

// Len returns how many records are held: returned by Next and not resolved.
func (r *Reader) Len() int { return len(r.held) - r.first }

// Tape returns the tape of held record i. It is valid until the record is resolved.
func (r *Reader) Tape(i int) []byte {
	h := &r.held[r.first+i]
	return h.block.tape(h.off)
}

// Level returns the level of held record i.
func (r *Reader) Level(i int) zapcore.Level {
	h := &r.held[r.first+i]
	return h.block.level(h.off)
}

// Sequence returns the sequence number of held record i.
func (r *Reader) Sequence(i int) uint64 { return r.held[r.first+i].sequence }

// Outcome returns the outcome of held record i: the last one given to SetOutcome, or Delivered.
func (r *Reader) Outcome(i int) base.Outcome { return r.held[r.first+i].outcome }

// SetOutcome sets the outcome of held record i, which is Delivered by default. Outcomes other than Delivered and Skipped count as
// dropped.
func (r *Reader) SetOutcome(i int, o base.Outcome) {
	r.held[r.first+i].outcome = o
	r.outcomesSet++
}

// Resolve resolves the first n held records with their outcomes, and releases records that every reader has resolved.
func (r *Reader) Resolve(n int) {
	if r.over {
		return
	}
	r.arena.catchUp()
	if r.outcomesSet == 0 {
		r.stats.Delivered += uint64(n)
	} else {
		r.countOutcomes(n)
	}
	r.claimed -= uint64(n)
	r.first += n
	if r.first == len(r.held) {
		r.held, r.first, r.outcomesSet, r.stale = r.held[:0], 0, 0, true
		r.unpin()
	}
	r.settleDone()
	r.arena.release(r.arena.hot.used > r.arena.limit/2)
}

// countOutcomes counts and marks the first n records, each by its outcome.
func (r *Reader) countOutcomes(n int) {
	for i := range n {
		h := &r.held[r.first+i]
		r.count(h.outcome, 1)
		if h.outcome != base.Delivered {
			h.mark()
		}
	}
}

func (r *Reader) count(o base.Outcome, n uint64) {
	switch o {
	case base.Delivered:
		r.stats.Delivered += n
	case base.Skipped:
		r.stats.Skipped += n
	default:
		r.stats.Dropped += n
	}
}

func (h *held) mark() {
	head := h.block.header(h.off)
	if h.outcome == base.Skipped {
		head[skippedAt]++
	} else {
		head[droppedAt] = 1
	}
	h.block.marks++
}

// settleDone updates done to the first record that is held, claimed or unread.
func (r *Reader) settleDone() {
	r.done = r.firstOpen()
	if len(r.ahead) > 0 {
		maps.DeleteFunc(r.ahead, func(sequence uint64, _ struct{}) bool { return sequence < r.done })
	}
	if backing := r.arena.blocks.backing; backing != nil {
		backing.SetCursor(r.index, r.done)
	}
}

// firstOpen returns the sequence number of the first unresolved record, or that of the next record if all are resolved.
func (r *Reader) firstOpen() uint64 {
	if r.Len() > 0 {
		return r.held[r.first].sequence
	}
	first := r.arena.hot.next
	for l := range r.walks {
		if w := &r.walks[l]; !w.over() {
			first = min(first, w.at.sequence())
		} else if p := r.next[l].normalized(); p.number < r.arena.lists[l].put {
			first = min(first, p.sequence())
		}
	}
	return first
}

// unpin unpins the blocks that the walk has left.
func (r *Reader) unpin() {
	for l := range r.walks {
		w, claims := &r.walks[l], r.claims[l]
		n := 0
		for n < len(claims) && (w.over() || claims[n].block != w.at.block) {
			b := claims[n].block
			b.pins--
			n++
			recycle(r.arena, &r.arena.lists[l], b)
		}
		rest := copy(claims, claims[n:])
		clear(claims[rest:])
		r.claims[l] = claims[:rest]
	}
}
