package spool

import (
	"cmp"
	"maps"
	"slices"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// Record is a record that a spool held.
type Record struct {
	Sequence uint64
	Tape     []byte
}

// Contents is what a file held.
type Contents struct {
	Records []Record          // in the order of their sequence numbers
	Cursors map[string]uint64 // by target, the first sequence number that it is not done with
	Next    uint64            // the sequence number of the next record
	Damaged int               // how many records, blocks and cursors could not be read
	Missing int               // how many bytes of the file are cut off

	allFrom uint64 // every target is done with the records before this sequence number
	free    []span // free units
}

// span is a range of bytes of a file.
type span struct{ at, end int64 }

// oldest returns the smallest cursor.
func oldest(cursors map[string]uint64) uint64 {
	if len(cursors) == 0 {
		return 0
	}
	return slices.Min(slices.Collect(maps.Values(cursors)))
}

// parse reads a file, which may be cut off or damaged. It returns an error if no header is intact. The tapes are parts of data.
func parse(data []byte) (c Contents, err error) {
	h, err := parseHeader(data)
	if err != nil {
		return c, err
	}
	var damagedCursors int
	c.Cursors, damagedCursors = parseCursors(data)
	c.Damaged, c.allFrom = damagedCursors, 0
	if damagedCursors == 0 {
		c.allFrom = oldest(c.Cursors)
	}
	c.Missing = max(0, unitsAt+h.units*h.unit-len(data))
	for i := 0; i < h.units; {
		at := unitsAt + i*h.unit
		if at+unitHeader > len(data) {
			break
		}
		units, generation, used, ok := parseUnit(data[at:])
		switch {
		case !used:
			c.addFree(int64(at), int64(min(at+h.unit, len(data))))
			i++
			continue
		case !ok:
			c.Damaged++
			i++
			continue
		}
		units = min(units, h.units-i)
		end := min(len(data), at+units*h.unit)
		c.Damaged += arena.Scan(data[at+unitHeader:end], generation, c.add)
		i += units
	}
	c.finish()
	return c, nil
}

// addFree adds a free unit.
func (c *Contents) addFree(at, end int64) {
	if n := len(c.free); n > 0 && c.free[n-1].end == at {
		c.free[n-1].end = end
		return
	}
	c.free = append(c.free, span{at, end})
}

// add adds an intact record, if its tape can be parsed: another version may have written it.
func (c *Contents) add(sequence uint64, tape []byte) {
	var r base.Record
	if r.Parse(tape) != nil {
		c.Damaged++
		return
	}
	c.Records = append(c.Records, Record{sequence, tape})
}

// finish sorts the records, removes duplicates and works out Next.
func (c *Contents) finish() {
	slices.SortFunc(c.Records, func(a, b Record) int { return cmp.Compare(a.Sequence, b.Sequence) })
	c.Records = slices.CompactFunc(c.Records, func(a, b Record) bool { return a.Sequence == b.Sequence })
	for _, number := range c.Cursors {
		c.Next = max(c.Next, number)
	}
	if n := len(c.Records); n > 0 {
		c.Next = max(c.Next, c.Records[n-1].Sequence+1)
	}
}

// keep removes the records that all targets of these names are done with, and returns how many records are orphaned: only targets that are
// gone had not got them. A new target begins with the oldest record that some target had not got. If there is one, no record is orphaned,
// for it may be one of the others under a new name.
func (c *Contents) keep(names []string) (orphaned int) {
	cursors, isNew := make(map[string]uint64), false
	for _, name := range names {
		number, known := c.Cursors[name]
		if !known {
			number, isNew = c.allFrom, true
		}
		cursors[name] = number
	}
	gone := maps.Clone(c.Cursors)
	maps.DeleteFunc(gone, func(name string, _ uint64) bool { return slices.Contains(names, name) })
	first, leftFrom := oldest(cursors), oldest(gone)
	var kept []Record
	for _, r := range c.Records {
		if r.Sequence >= first {
			kept = append(kept, r)
		}
		if !isNew && (len(gone) > 0 && r.Sequence >= leftFrom || r.Sequence < first && r.Sequence >= c.allFrom) {
			orphaned++
		}
	}
	c.Records, c.Cursors = kept, cursors
	return orphaned
}
