package arena

import base "example.com/zaphandlers/zapcore"

// Count counts records that were never put as accepted by the arena and by each reader: skipped by a hook, or
// dropped for lack of room.
func (a *Arena) Count(skipped, dropped uint64) {
	a.stats.Accepted += skipped + dropped
	a.stats.Skipped += skipped
	a.stats.Dropped += dropped
	for _, r := range a.readers {
		r.stats.Skipped += skipped
		r.stats.Dropped += dropped
	}
}

// CountThrough counts a record that was never put, because the caller delivered it to every reader's target itself, with these
// outcomes.
func (a *Arena) CountThrough(outcomes []base.Outcome) {
	a.stats.Accepted++
	dropped, skipped := 0, 0
	for i, o := range outcomes {
		a.readers[i].count(o, 1)
		switch o {
		case base.Delivered:
		case base.Skipped:
			skipped++
		default:
			dropped++
		}
	}
	countRecord(&a.stats, dropped > 0, skipped == len(outcomes))
}

// Pending returns how many records are held. Resolved records count until their block is resolved; Settle releases them.
func (a *Arena) Pending() uint64 {
	n := uint64(0)
	for l := range a.lists {
		n += a.lists[l].pending + uint64(a.hot.tails[l].records)
	}
	return n
}

// Stats returns the counts of the arena, in which each record counts once: see the package documentation.
func (a *Arena) Stats() base.Stats {
	a.Settle()
	s := a.stats
	s.Pending = a.Pending()
	return s
}

// Pending returns how many records the reader has not resolved.
func (r *Reader) Pending() uint64 { return r.claimed + r.Behind() }

// Stats returns the counts of this reader.
func (r *Reader) Stats() base.Stats {
	r.arena.catchUp()
	s := r.stats
	s.Accepted = r.arena.stats.Accepted
	s.Pending = r.Pending()
	return s
}

// Done reports whether the reader has resolved every record before that sequence number.
func (r *Reader) Done(sequence uint64) bool { return r.done >= sequence }

// Behind returns how many records the reader has not claimed.
func (r *Reader) Behind() uint64 {
	r.arena.catchUp()
	n := uint64(0)
	for l := range r.next {
		n += r.arena.lists[l].put - r.next[l].number
	}
	return n
}

// Ahead notes that the record of that sequence number was delivered although one before it is not resolved. If it is evicted or abandoned,
// it counts as delivered.
func (r *Reader) Ahead(sequence uint64) {
	if r.over || sequence < r.done {
		return
	}
	if r.ahead == nil {
		r.ahead = make(map[uint64]struct{})
	}
	r.ahead[sequence] = struct{}{}
}

func deliveredAhead(r *Reader, sequence uint64) bool {
	_, is := r.ahead[sequence]
	return is
}
