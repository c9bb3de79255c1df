package disklog

import (
	"fmt"
	"sort"
)

// MaxOpen is how many segments are kept open. A backlog may be of many thousands, and the process has other uses for its descriptors. The
// rest are parked: closed, and opened again when they are read or synced.
const MaxOpen = 64

// segments are the segments of a log, rising. The last one is appended to.
type segments []*segment

// index returns the index of the segment in which a number is, or will be. There is a segment.
func (all segments) index(number uint64) int {
	return max(sort.Search(len(all), func(i int) bool { return all[i].id.first > number })-1, 0)
}

// newID returns what a segment is called that is to be the last, also behind those that are left over.
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

// leftover is a segment that could not be removed.
type leftover struct {
	id       segmentID
	size     int64
	replaced bool // its records were written again
}

// removeLocked removes segments, and what was left over before. Of those that were replaced none goes before those that are older: when the
// log is opened anew each replaces what is left of its numbers elsewhere, and all behind it have to be there then. It returns whether any is.
func removeLocked(l *Log, segments []*segment, replaced bool) (left bool) {
	for _, s := range segments {
		_ = s.close() // a Reader that is in it has passed it
		l.leftover = append(l.leftover, leftover{s.id, s.size, replaced})
	}
	still := l.leftover[:0]
	for _, old := range l.leftover {
		if old.replaced && left {
			still = append(still, old)
			continue
		}
		if err := l.options.files.remove(old.id.name()); err != nil {
			l.told = append(l.told, err)
			still = append(still, old)
			left = left || old.replaced
			continue
		}
		l.stats.Bytes -= old.size
	}
	l.leftover = still
	if err := l.options.files.sync(); err != nil {
		l.told = append(l.told, err)
	}
	return left
}

// behindLeftoverLocked tries again to remove what is left over. The error says that there is something which would replace what is to be
// written again, when the log is opened anew.
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
