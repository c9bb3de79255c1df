package segments

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/bits"
)

const (
	magic      = "zhqueue\n"
	version    = 1
	headerSize = 32 // of a segment; 28 are used
	recordSize = 16 // of what is before a tape
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header begins a segment.
type header struct {
	salt  uint32
	first uint64 // number of the first record
}

func (h header) bytes() []byte {
	b := make([]byte, headerSize)
	copy(b, magic)
	binary.LittleEndian.PutUint32(b[8:], version)
	binary.LittleEndian.PutUint32(b[12:], h.salt)
	binary.LittleEndian.PutUint64(b[16:], h.first)
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	return b
}

var errHeader = errors.New("its header is damaged, or of another version")

func parseHeader(b []byte) (h header, err error) {
	if len(b) < headerSize || string(b[:8]) != magic || binary.LittleEndian.Uint32(b[8:]) != version ||
		binary.LittleEndian.Uint32(b[24:]) != crc32.Checksum(b[:24], castagnoli) {
		return h, errHeader
	}
	return header{binary.LittleEndian.Uint32(b[12:]), binary.LittleEndian.Uint64(b[16:])}, nil
}

// size returns how much of a segment a tape of n bytes takes.
func size(n int) int { return (recordSize + n + 7) &^ 7 }

func checksum(salt, length uint32, number uint64, tape []byte) uint32 {
	seed := salt ^ bits.RotateLeft32(length, 16) ^ uint32(number) ^ bits.RotateLeft32(uint32(number>>32), 8)
	return crc32.Update(seed, castagnoli, tape)
}

// appendRecord appends a record to b.
func appendRecord(b []byte, salt uint32, number uint64, tape []byte) []byte {
	from := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(tape)))
	b = binary.LittleEndian.AppendUint32(b, checksum(salt, uint32(len(tape)), number, tape))
	b = binary.LittleEndian.AppendUint64(b, number)
	b = append(b, tape...)
	for len(b)-from < size(len(tape)) {
		b = append(b, 0)
	}
	return b
}

// recordAt returns the record at the beginning of b if it is whole. need is how many bytes there would have to be, if there are too few
// to tell.
func recordAt(b []byte, salt uint32) (tape []byte, number uint64, need int, ok bool) {
	if len(b) < recordSize {
		return nil, 0, recordSize, false
	}
	length := binary.LittleEndian.Uint32(b)
	if uint64(length) > maxTape {
		return nil, 0, 0, false
	}
	if end := size(int(length)); end > len(b) {
		return nil, 0, end, false
	}
	number = binary.LittleEndian.Uint64(b[8:])
	tape = b[recordSize : recordSize+int(length) : recordSize+int(length)]
	return tape, number, 0, checksum(salt, length, number, tape) == binary.LittleEndian.Uint32(b[4:])
}

// maxTape is more than any tape has.
const maxTape = 1 << 30

// nextRecord returns where in b, from off on, the next whole record begins whose number is in from to upto; -1 if there is none.
func nextRecord(b []byte, off int, salt uint32, from, upto uint64) int {
	for ; off+recordSize <= len(b); off += 8 {
		number := binary.LittleEndian.Uint64(b[off+8:])
		if number < from || number > upto {
			continue
		}
		if _, _, _, ok := recordAt(b[off:], salt); ok {
			return off
		}
	}
	return -1
}

// A cursor's file is two slots, of which the larger one that is whole counts.
const slotSize = 16

func slot(number uint64) []byte {
	b := binary.LittleEndian.AppendUint64(nil, number)
	return binary.LittleEndian.AppendUint64(b, check(number))
}

func check(number uint64) uint64 { return bits.RotateLeft64(number, 32) ^ 0x9e3779b97f4a7c15 }

// parseCursor returns the number of a cursor's file, and the slot that it is in. ok is false if neither is whole.
func parseCursor(b []byte) (number uint64, in int, ok bool) {
	for i := range 2 {
		if len(b) < (i+1)*slotSize {
			break
		}
		n := binary.LittleEndian.Uint64(b[i*slotSize:])
		if binary.LittleEndian.Uint64(b[i*slotSize+8:]) == check(n) && (!ok || n >= number) {
			number, in, ok = n, i, true
		}
	}
	return number, in, ok
}
