package arena

import (
	"encoding/binary"

	"go.uber.org/zap/zapcore"
)

// A record in a block: a header, the tape, and up to seven bytes that keep headers aligned.
//
//	0      4          12        13        14        15      16          20           24
//	├──────┼──────────┼─────────┼─────────┼─────────┼───────┼───────────┼────────────┼────── ─ ─
//	│length│ sequence │ dropped │ skipped │ evicted │ level │generation │  checksum  │ tape
//	                                                        └── commit, if the ──────┘
//	                                                            Arena has a Backing
const (
	sequenceAt = 4
	droppedAt  = 12 // 1: some reader dropped it
	skippedAt  = 13 // by how many readers
	evictedAt  = 14 // 1: it was evicted or passed over, and is counted
	levelAt    = 15
	commitAt   = 16
	headerSize = 24
)

// Size returns how much of an arena a tape of n bytes takes.
func Size(n int) int { return (headerSize + n + 7) &^ 7 }

// block is a part of a list. In the last block of a list, written, last, live and records may be out of date: see Arena.catchUp.
type block struct {
	buf        []byte
	prev, next *block

	generation uint32 // given by the Backing

	number  uint64 // how many records there were in the list before this block
	written int    // bytes of buf that hold records
	last    uint64 // sequence number of the last of them

	released int // bytes, from the front, of records that every reader has resolved
	live     int // bytes of records that are neither released nor evicted
	records  int // how many those are
	marks    int // how many outcomes other than delivered are marked on its records
	pins     int // how many claims reach into this block
}

func (b *block) header(off int) []byte { return b.buf[off : off+headerSize : off+headerSize] }

func (b *block) sequence(off int) uint64 { return binary.LittleEndian.Uint64(b.buf[off+sequenceAt:]) }

func (b *block) level(off int) zapcore.Level { return zapcore.Level(int8(b.buf[off+levelAt])) }

func (b *block) tape(off int) []byte {
	from := off + headerSize
	to := from + int(binary.LittleEndian.Uint32(b.buf[off:]))
	return b.buf[from:to:to]
}

func (b *block) size(off int) int { return Size(int(binary.LittleEndian.Uint32(b.buf[off:]))) }

// putHeader writes the header of a record with a tape of n bytes.
func putHeader(b []byte, n int, sequence uint64, level zapcore.Level) {
	h := b[:headerSize]
	binary.LittleEndian.PutUint32(h, uint32(n))
	binary.LittleEndian.PutUint64(h[sequenceAt:], sequence)
	binary.LittleEndian.PutUint32(h[droppedAt:], uint32(uint8(level))<<24)
}

// place is where a record of a list begins, or where the next one will.
type place struct {
	block  *block
	off    int
	number uint64 // how many records there were in the list before this place
}

// normalized returns p with the end of a block replaced by the start of the next.
func (p place) normalized() place {
	for p.off == p.block.written && p.block.next != nil {
		p.block, p.off = p.block.next, 0
	}
	return p
}

// after returns the place behind the record at p.
func (p place) after() place {
	p.off += p.block.size(p.off)
	p.number++
	return p
}

// list is a list of blocks. It always has at least one, its tail, to which records are written.
type list struct {
	head, tail *block
	put        uint64 // records ever
	pending    uint64 // records that are neither released nor evicted
}

func (l *list) end() place { return place{l.tail, l.tail.written, l.put} }

func (l *list) append(b *block) {
	b.number = l.put
	if l.tail == nil {
		l.head, l.tail = b, b
		return
	}
	b.prev, l.tail.next, l.tail = l.tail, b, b
}

func (l *list) unlink(b *block) {
	if b.prev == nil {
		l.head = b.next
	} else {
		b.prev.next = b.next
	}
	b.next.prev = b.prev
}
