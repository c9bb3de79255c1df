package disklog

import (
	"sync"

	"example.com/zaphandlers/queuecore/internal/stored"
)

// Synced appends records to a log and syncs them before it returns. It is safe for concurrent use.
type Synced struct {
	log *Log

	mu      sync.Mutex     // guards the field below; taken before the locks of the log
	untaken stored.Records // appended, but their Sync failed
}

// NewSynced returns a Synced of the log, whose Options.Keep is set.
func NewSynced(l *Log) *Synced { return &Synced{log: l} }

// Append appends records and makes them safe from a loss of power. After an error they count as not taken. When the same records are
// appended again, together or in parts, before or after others, they are in the log only once.
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

// Close closes the log when no Append is running, so that no Append fails after it has appended its records.
func (s *Synced) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Close()
}
