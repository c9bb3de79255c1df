package disklog

import (
	"fmt"
	"sort"
)

// MaxOpen is how many segments are kept open. A backlog may have many thousands, and the process needs descriptors for other things. The
// rest are parked: closed, and opened again when they are read or synced.
const MaxOpen = 64

// segments are the segments of a log, rising. The last one is appended to.
type segments []*segment

// index returns the index of the segment in which a number is, or will be. There must be a segment.
func (all segments) index(number uint64) int {
	return max(sort.Search(len(all), func(i int) bool { return all[i].id.first > number })-1, 0)
}

// newID returns an id for a new segment, which is later than all others with the same first number, the leftover ones included.
func newID(l *Log, first uint64) segmentID {
	after := nonce(0)
	note := func(id segmentID) {
		if id.first == first {
			after = max(after, id.nonce)
		}
	}
	for _, s := range l.segments {
		note(s.id)
	}
	for _, old := range l.leftover {
		note(old.id)
	}
	return segmentID{first, newNonce(after)}
}

// oldest returns the number of the oldest record, or next if there is none.
func (all segments) oldest(next uint64) uint64 {
	if len(all) > 0 {
		return all[0].id.first
	}
	return next
}

// park closes segments until no more than MaxOpen are open: the youngest first, since they are read last. It never closes the last one,
// used, sealed ones, whose file may have no name, and those with records from number safe on.
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

// leftover is a segment that could not be removed.
type leftover struct {
	id       segmentID
	size     int64
	replaced bool // its records were written again
}

// removeLocked removes segments, and those left over before. Replaced segments are removed in order, and none while an older one is left:
// when the log is opened again, a replaced segment takes the place of the same numbers elsewhere, so all later ones must still be there.
// It returns whether a replaced one is left.
func removeLocked(l *Log, segments []*segment, replaced bool) (left bool) {
	for _, s := range segments {
		_ = s.close() // a Reader that has it open has passed it
		l.leftover = append(l.leftover, leftover{s.id, s.size, replaced})
	}
	still := l.leftover[:0]
	for _, old := range l.leftover {
		if old.replaced && left {
			still = append(still, old)
			continue
		}
		if err := l.options.files.remove(old.id.name()); err != nil {
			l.notes = append(l.notes, err)
			still = append(still, old)
			left = left || old.replaced
			continue
		}
		l.stats.Bytes -= old.size
	}
	l.leftover = still
	if err := l.options.files.sync(); err != nil {
		l.notes = append(l.notes, err)
	}
	return left
}

// behindLeftoverLocked tries again to remove leftover segments. It returns an error if one is left that would, when the log is opened
// again, replace records that are to be written again.
func behindLeftoverLocked(l *Log) error {
	if len(l.leftover) > 0 {
		removeLocked(l, nil, false)
	}
	for _, old := range l.leftover {
		if old.id.first >= l.synced {
			return fmt.Errorf("segment %s is still to be removed", old.id.name())
		}
	}
	return nil
}
