package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/bits"
)

// The format of arena.spool.
const (
	magic   = "zhspool\n"
	version = 1

	pageSize    = 4 << 10
	cursorsAt   = 2 * pageSize
	cursorSize  = 192
	unitsAt     = 64 << 10
	unitHeader  = 64
	unitMagic   = 0x4b4c425a // "ZBLK"
	MaxName     = 128        // bytes, of a cursor
	MaxCursors  = (unitsAt - cursorsAt) / cursorSize
	maxUnitSize = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// header is the first page of the file; the second page is its copy.
type header struct {
	unit  int // size of a unit in bytes, with its header
	units int // how many units there are
}

const headerBytes = 8 + 4 + 4 + 8 + 4

func (h header) put(page []byte) {
	copy(page, magic)
	binary.LittleEndian.PutUint32(page[8:], version)
	binary.LittleEndian.PutUint32(page[12:], uint32(h.unit))
	binary.LittleEndian.PutUint64(page[16:], uint64(h.units))
	binary.LittleEndian.PutUint32(page[24:], crc32.Checksum(page[:24], castagnoli))
}

var errDamaged = errors.New("its header is damaged")

// parseHeader reads the header, or its copy.
func parseHeader(data []byte) (h header, err error) {
	err = errDamaged
	for _, at := range []int{0, pageSize} {
		if len(data) < at+headerBytes {
			break
		}
		page := data[at:]
		if crc32.Checksum(page[:24], castagnoli) != binary.LittleEndian.Uint32(page[24:]) {
			continue
		}
		v := binary.LittleEndian.Uint32(page[8:])
		h = header{int(binary.LittleEndian.Uint32(page[12:])), int(binary.LittleEndian.Uint64(page[16:]) & (1<<40 - 1))}
		switch {
		case string(page[:8]) != magic:
			err = errors.New("it is no spool")
		case v != version:
			err = fmt.Errorf("it is of version %d, not %d", v, version)
		case h.unit <= unitHeader || h.unit > maxUnitSize || h.unit%8 != 0:
			err = fmt.Errorf("its blocks are of %d bytes", h.unit)
		default:
			return h, nil
		}
	}
	return h, err
}

// A cursor is a name and two slots. The larger number whose check is right counts:
//
//	0       4        8          136   144        152      160        168      192
//	├───────┼────────┼──────────┼─ ─ ─┼──────────┼────────┼──────────┼────────┤
//	│length │checksum│ name     │     │ number   │ check  │ number   │ check  │
const (
	cursorNameAt  = 8
	cursorSlotsAt = 144
	slotSize      = 16
)

// check returns the check of a cursor's number. A slot of zeros is not valid.
func check(number uint64) uint64 { return bits.RotateLeft64(number, 32) ^ 0x9e3779b97f4a7c15 }

func putCursorName(entry []byte, name string) {
	binary.LittleEndian.PutUint32(entry, uint32(len(name)))
	copy(entry[cursorNameAt:cursorNameAt+MaxName], name)
	binary.LittleEndian.PutUint32(entry[4:], crc32.Checksum([]byte(name), castagnoli))
}

// parseCursors reads the cursors by name. A cursor with a damaged name is left out; one with two damaged slots is 0. In both cases the
// target gets everything again.
func parseCursors(data []byte) (cursors map[string]uint64, damaged int) {
	cursors = make(map[string]uint64)
	for i := range MaxCursors {
		at := cursorsAt + i*cursorSize
		if len(data) < at+cursorSize {
			return cursors, damaged
		}
		entry := data[at : at+cursorSize]
		if binary.LittleEndian.Uint64(entry) == 0 { // neither a length nor a checksum: not in use
			continue
		}
		name, ok := cursorName(entry)
		if !ok {
			damaged++
			continue
		}
		number, ok := cursorNumber(entry)
		if !ok {
			damaged++
		}
		cursors[name] = number
	}
	return cursors, damaged
}

// cursorName returns the name of a cursor, unless it is damaged.
func cursorName(entry []byte) (name string, ok bool) {
	length := binary.LittleEndian.Uint32(entry)
	if length == 0 || length > MaxName {
		return "", false
	}
	b := entry[cursorNameAt : cursorNameAt+length]
	return string(b), crc32.Checksum(b, castagnoli) == binary.LittleEndian.Uint32(entry[4:])
}

// cursorNumber returns the greatest number of the slots that are not damaged. If both are, it returns 0 and false.
func cursorNumber(entry []byte) (number uint64, ok bool) {
	for slot := cursorSlotsAt; slot < cursorSlotsAt+2*slotSize; slot += slotSize {
		n := binary.LittleEndian.Uint64(entry[slot:])
		if binary.LittleEndian.Uint64(entry[slot+8:]) == check(n) {
			number, ok = max(number, n), true
		}
	}
	return number, ok
}

// putUnit writes the header of a block without its generation, which must be stored last.
func putUnit(unit []byte, units int, generation uint32) {
	binary.LittleEndian.PutUint32(unit, unitMagic)
	binary.LittleEndian.PutUint32(unit[8:], uint32(units))
	binary.LittleEndian.PutUint32(unit[12:], unitSum(units, generation))
}

func unitSum(units int, generation uint32) uint32 {
	var b [12]byte
	binary.LittleEndian.PutUint32(b[:], unitMagic)
	binary.LittleEndian.PutUint32(b[4:], generation)
	binary.LittleEndian.PutUint32(b[8:], uint32(units))
	return crc32.Checksum(b[:], castagnoli)
}

// parseUnit reads the header of a block. used is false if the unit is free.
func parseUnit(unit []byte) (units int, generation uint32, used, ok bool) {
	generation = binary.LittleEndian.Uint32(unit[4:])
	if generation == 0 {
		return 0, 0, false, true
	}
	units = int(binary.LittleEndian.Uint32(unit[8:]))
	ok = binary.LittleEndian.Uint32(unit) == unitMagic && units > 0 && binary.LittleEndian.Uint32(unit[12:]) == unitSum(units, generation)
	return units, generation, true, ok
}
