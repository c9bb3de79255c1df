package disklog

import (
	"slices"
	"sync"
)

// missing is the set of records that readers found missing, so that each is counted once, however many readers find it. It is safe for
// concurrent use.
type missing struct {
	mu     sync.Mutex // guards the fields below
	ranges []span     // rising, none next to another
	count  uint64
}

// span is the numbers from first up to, but not including, end.
type span struct{ first, end uint64 }

// add adds the numbers from first up to, but not including, end.
func (m *missing) add(first, end uint64) {
	if first >= end {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i := 0
	for i < len(m.ranges) && m.ranges[i].end < first {
		i++
	}
	all, known, j := span{first, end}, uint64(0), i
	for ; j < len(m.ranges) && m.ranges[j].first <= end; j++ {
		all.first, all.end = min(all.first, m.ranges[j].first), max(all.end, m.ranges[j].end)
		known += m.ranges[j].end - m.ranges[j].first
	}
	m.count += all.end - all.first - known
	m.ranges = slices.Replace(m.ranges, i, j, all)
}

func (m *missing) total() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}
