package stored

// limit is how many bytes of records are remembered, not counting those of the last Add.
const limit = 16 << 20

// Records are records that are stored although their Append failed. The zero value has none. It is for one goroutine at a time.
type Records struct {
	counts map[string]int // how often each record is stored so
	bytes  int            // added since counts was last empty
}

// Len returns how many different records there are.
func (r *Records) Len() int { return len(r.counts) }

// Without returns records without those that are stored.
func (r *Records) Without(records [][]byte) (fresh [][]byte) {
	if len(r.counts) == 0 {
		return records
	}
	seen := make(map[string]int)
	for _, record := range records {
		if seen[string(record)] < r.counts[string(record)] {
			seen[string(record)]++
			continue
		}
		fresh = append(fresh, record)
	}
	return fresh
}

// Add adds copies of records that are stored although their Append fails.
func (r *Records) Add(records [][]byte) {
	if len(r.counts) == 0 || r.bytes > limit {
		r.counts, r.bytes = make(map[string]int), 0
	}
	for _, record := range records {
		r.counts[string(record)]++
		r.bytes += len(record)
	}
}

// Forget removes records whose Append has now succeeded.
func (r *Records) Forget(records [][]byte) {
	for _, record := range records {
		if len(r.counts) == 0 {
			return
		}
		if r.counts[string(record)]--; r.counts[string(record)] <= 0 {
			delete(r.counts, string(record))
		}
	}
}
