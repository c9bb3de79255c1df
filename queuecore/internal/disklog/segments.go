package disklog

import "sort"

// MaxOpen is how many segments are kept open. A backlog may be of many thousands, and the process has other uses for its descriptors. The
// rest are parked: closed, and opened again when they are read or synced.
const MaxOpen = 64

// segments are the segments of a log, rising. The last one is appended to.
type segments []*segment

// index returns the index of the segment in which a number is, or will be. There is a segment.
func (all segments) index(number uint64) int {
	return max(sort.Search(len(all), func(i int) bool { return all[i].id.first > number })-1, 0)
}

// newID returns what a segment is called that is to be the last.
func (all segments) newID(first uint64) segmentID {
	after := nonce(0)
	for _, s := range all {
		if s.id.first == first {
			after = max(after, s.id.nonce)
		}
	}
	return segmentID{first, newNonce(after)}
}

// oldest returns the number of the oldest record, which is next if there is none.
func (all segments) oldest(next uint64) uint64 {
	if len(all) > 0 {
		return all[0].id.first
	}
	return next
}

// park parks the youngest of the segments that are more than MaxOpen, as they are read last: but for the last one, used, those that hold
// records from the number safe on, and those whose file may be nowhere else.
func (all segments) park(used *segment, safe uint64) (err error) {
	open := 0
	for _, s := range all {
		if s.file != nil {
			open++
		}
	}
	for i := len(all) - 2; i >= 0 && open > MaxOpen; i-- {
		if s := all[i]; s.file != nil && s != used && !s.sealed && all[i+1].id.first <= safe {
			err = s.close()
			open--
		}
	}
	return err
}
