package disklog

import (
	"bytes"
	"slices"
	"sync"
)

// Synced appends to a log what is to be safe from a loss of power before the call returns. It is safe for concurrent use.
type Synced struct {
	log *Log

	mu      sync.Mutex // guards the field below; is taken before those of the log
	untaken [][]byte   // records that were appended and not synced
}

// NewSynced returns a Synced of the log, whose Options.Keep is set.
func NewSynced(l *Log) *Synced { return &Synced{log: l} }

// Append appends records and makes them safe from a loss of power. After an error they count as not taken: if the next call
// begins with the same ones, those are not appended again.
func (s *Synced) Append(records [][]byte) (last uint64, err error) {
	if len(records) == 0 {
		return s.log.Append(nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := records
	if n := len(s.untaken); n <= len(records) && slices.EqualFunc(records[:n], s.untaken, bytes.Equal) {
		fresh = records[n:]
	} else {
		s.untaken = nil
	}
	if last, err = s.log.Append(fresh); err != nil {
		return 0, err
	}
	if err := s.log.Sync(); err != nil {
		s.untaken = make([][]byte, len(records))
		for i, r := range records {
			s.untaken[i] = bytes.Clone(r)
		}
		return 0, err
	}
	s.untaken = nil
	return last, nil
}

// Close closes the log when no Append is under way: one that has appended is not to be told that nothing was taken.
func (s *Synced) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Close()
}
