package disklog

import (
	"sync"

	"example.com/zaphandlers/queuecore/internal/stored"
)

// Synced appends to a log what is to be safe from a loss of power before the call returns. It is safe for concurrent use.
type Synced struct {
	log *Log

	mu      sync.Mutex     // guards the field below; is taken before those of the log
	untaken stored.Records // that were appended and not synced
}

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
	fresh := s.untaken.Without(records)
	if last, err = s.log.Append(fresh); err != nil {
		return 0, err
	}
	if err := s.log.Sync(); err != nil {
		s.untaken.Add(fresh)
		return 0, err
	}
	s.untaken.Forget(records)
	return last, nil
}

// Close closes the log when no Append is under way: one that has appended is not to be told that nothing was taken.
func (s *Synced) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Close()
}
