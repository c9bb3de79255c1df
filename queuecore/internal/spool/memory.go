package spool

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"
	"unsafe"
)

// memory is a mapped file as an arena.Backing. Its owner's lock is the arena's.
type memory struct {
	data       []byte
	header     header
	free       []bool   // by unit: it is free
	singles    []int    // free units; some may since have been taken as a part of a row
	listed     []bool   // by unit: it is in singles
	frees      int      // how many units are free
	generation uint32   // of the last block
	cursors    []uint64 // by reader: the cursor stored last
}

func newMemory(data []byte, h header, cursors []uint64) *memory {
	m := &memory{data: data, header: h, free: make([]bool, h.units), listed: make([]bool, h.units), cursors: cursors, frees: h.units}
	m.generation = rand.Uint32() >> 1 // nobody can log a message that looks like a record of this file
	for i := h.units - 1; i >= 0; i-- {
		m.setFree(i)
	}
	return m
}

// unitsFor returns how many units a block of size bytes takes.
func (m *memory) unitsFor(size int) int {
	return (size + unitHeader + m.header.unit - 1) / m.header.unit
}

// Fits implements arena.Backing.
func (m *memory) Fits(size int) bool {
	units := m.unitsFor(size)
	return m.frees >= units && (units == 1 || m.row(units) >= 0)
}

// row returns the first of that many free units in a row, or -1.
func (m *memory) row(units int) int {
	have := 0
	for i, free := range m.free {
		if !free {
			have = 0
			continue
		}
		if have++; have == units {
			return i - units + 1
		}
	}
	return -1
}

// single returns a free unit, or -1.
func (m *memory) single() int {
	for n := len(m.singles); n > 0; n = len(m.singles) {
		i := m.singles[n-1]
		m.singles, m.listed[i] = m.singles[:n-1], false
		if m.free[i] {
			return i
		}
	}
	return -1
}

// Block implements arena.Backing.
func (m *memory) Block(size int) (buf []byte, generation uint32) {
	units := m.unitsFor(size)
	var first int
	if units == 1 {
		first = m.single()
	} else {
		first = m.row(units)
	}
	if first < 0 {
		panic("spool: Block of what does not fit")
	}
	for i := first; i < first+units; i++ {
		m.free[i] = false
	}
	m.frees -= units
	if m.generation++; m.generation == 0 {
		m.generation = 1
	}
	at := unitsAt + first*m.header.unit
	unit := m.data[at : at+units*m.header.unit : at+units*m.header.unit]
	putUnit(unit, units, m.generation)
	m.setGeneration(unit, m.generation)
	return unit[unitHeader:], m.generation
}

// setGeneration stores the generation of a block, by which it begins or, with 0, ends to exist.
func (m *memory) setGeneration(unit []byte, generation uint32) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], generation)
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&unit[4])), binary.NativeEndian.Uint32(b[:]))
}

// Free implements arena.Backing.
func (m *memory) Free(buf []byte) {
	at := int(uintptr(unsafe.Pointer(unsafe.SliceData(buf)))-uintptr(unsafe.Pointer(unsafe.SliceData(m.data)))) - unitHeader
	unit := m.data[at:]
	units := int(binary.LittleEndian.Uint32(unit[8:]))
	for i := units - 1; i >= 0; i-- { // in each unit, for a block may begin there later
		m.setGeneration(unit[i*m.header.unit:], 0)
	}
	first := (at - unitsAt) / m.header.unit
	for i := first; i < first+units; i++ {
		m.setFree(i)
	}
	m.frees += units
}

func (m *memory) setFree(i int) {
	m.free[i] = true
	if !m.listed[i] {
		m.singles, m.listed[i] = append(m.singles, i), true
	}
}

// SetCursor implements arena.Backing.
func (m *memory) SetCursor(reader int, done uint64) {
	if done <= m.cursors[reader] {
		return // a former process was further
	}
	m.cursors[reader] = done
	entry := m.data[cursorsAt+reader*cursorSize:]
	slot := cursorSlotsAt
	if binary.LittleEndian.Uint64(entry[slot:]) > binary.LittleEndian.Uint64(entry[slot+slotSize:]) {
		slot += slotSize // the older one
	}
	store(entry[slot:], done)
	store(entry[slot+8:], check(done))
}

// store stores a number atomically.
func store(at []byte, number uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], number)
	atomic.StoreUint64((*uint64)(unsafe.Pointer(&at[0])), binary.NativeEndian.Uint64(b[:]))
}
