package arena

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// BlockSize returns the size of the blocks of an Arena that holds up to limit bytes.
func BlockSize(limit int) int { return min(blockSize, max(minBlockSize, limit/16)) &^ 7 }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns the checksum in the commit word of a record.
func checksum(generation, length uint32, sequence uint64, tape []byte) uint32 {
	seed := generation ^ bits.RotateLeft32(length, 16) ^ uint32(sequence) ^ bits.RotateLeft32(uint32(sequence>>32), 8)
	return crc32.Update(seed, castagnoli, tape)
}

// commit stores the commit word of the record at off, which must be complete. From then on the record survives the process.
func (b *block) commit(off uint32) {
	length := binary.LittleEndian.Uint32(b.buf[off:])
	sum := checksum(b.generation, length, b.sequence(int(off)), b.tape(int(off)))
	word := (*uint64)(unsafe.Pointer(&b.buf[off+commitAt]))
	if bigEndian {
		atomic.StoreUint64(word, bits.ReverseBytes64(uint64(sum)<<32|uint64(b.generation)))
		return
	}
	atomic.StoreUint64(word, uint64(sum)<<32|uint64(b.generation))
}

var bigEndian = binary.NativeEndian.Uint16([]byte{0, 1}) == 1

// Scan calls each for the intact records in a block of that generation, in the order in which they were put. It skips damaged bytes up to
// the next intact record, and returns how often it did. The tapes are parts of buf. Scan trusts nothing
// that the checksum does not cover, and never panics.
func Scan(buf []byte, generation uint32, each func(sequence uint64, tape []byte)) (damaged int) {
	lost := false // damage was seen since the last record
	for off := 0; off+headerSize <= len(buf); {
		tape, sequence, ok := recordAt(buf, off, generation)
		if !ok {
			lost = lost || binary.LittleEndian.Uint32(buf[off+commitAt:]) == generation
			if next := nextCommitted(buf, off+8, generation); next > 0 {
				off = next
				damaged++
				lost = false
				continue
			}
			break
		}
		each(sequence, tape)
		off += Size(len(tape))
	}
	if lost {
		damaged++
	}
	return damaged
}

// recordAt returns the record at off, if there is one that is committed and whole.
func recordAt(buf []byte, off int, generation uint32) (tape []byte, sequence uint64, ok bool) {
	if binary.LittleEndian.Uint32(buf[off+commitAt:]) != generation {
		return nil, 0, false
	}
	length := binary.LittleEndian.Uint32(buf[off:])
	if uint64(length) > uint64(len(buf)-off-headerSize) {
		return nil, 0, false
	}
	sequence = binary.LittleEndian.Uint64(buf[off+sequenceAt:])
	from := off + headerSize
	tape = buf[from : from+int(length) : from+int(length)]
	return tape, sequence, binary.LittleEndian.Uint32(buf[off+commitAt+4:]) == checksum(generation, length, sequence, tape)
}

// nextCommitted returns the offset of the next intact record from off on, or -1.
func nextCommitted(buf []byte, off int, generation uint32) int {
	for ; off+headerSize <= len(buf); off += 8 {
		if _, _, ok := recordAt(buf, off, generation); ok {
			return off
		}
	}
	return -1
}
