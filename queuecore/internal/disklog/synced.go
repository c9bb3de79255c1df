package disklog

import "sync"

// Synced appends to a log what is to be safe from a loss of power before the call returns. It is safe for concurrent use.
type Synced struct {
	log *Log

	mu      sync.Mutex     // guards the fields below; is taken before those of the log
	untaken map[string]int // records that were appended and not synced, and how many of each
	bytes   int            // that were added to untaken since it was empty
}

// mostUntaken is how many bytes untaken may have: who has not appended the same again by then has given it up.
const mostUntaken = 16 << 20

// NewSynced returns a Synced of the log, whose Options.Keep is set.
func NewSynced(l *Log) *Synced { return &Synced{log: l} }

// Append appends records and makes them safe from a loss of power. After an error they count as not taken, and whoever appends the same
// ones again, together or in parts, before or behind others, does not have them twice.
func (s *Synced) Append(records [][]byte) (last uint64, err error) {
	if len(records) == 0 {
		return s.log.Append(nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := s.fresh(records)
	if last, err = s.log.Append(fresh); err != nil {
		return 0, err
	}
	if err := s.log.Sync(); err != nil {
		s.remember(fresh)
		return 0, err
	}
	s.took(records)
	return last, nil
}

// fresh returns those of records that are not in the log yet.
func (s *Synced) fresh(records [][]byte) (fresh [][]byte) {
	if len(s.untaken) == 0 {
		return records
	}
	seen := make(map[string]int)
	for _, r := range records {
		if seen[string(r)] < s.untaken[string(r)] {
			seen[string(r)]++
			continue
		}
		fresh = append(fresh, r)
	}
	return fresh
}

func (s *Synced) remember(records [][]byte) {
	if s.bytes > mostUntaken || len(s.untaken) == 0 {
		s.untaken, s.bytes = make(map[string]int), 0
	}
	for _, r := range records {
		s.untaken[string(r)]++
		s.bytes += len(r)
	}
}

func (s *Synced) took(records [][]byte) {
	if len(s.untaken) == 0 {
		return
	}
	for _, r := range records {
		if s.untaken[string(r)]--; s.untaken[string(r)] <= 0 {
			delete(s.untaken, string(r))
		}
	}
}

// Close closes the log when no Append is under way: one that has appended is not to be told that nothing was taken.
func (s *Synced) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Close()
}
