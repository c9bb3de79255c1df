package backups

import (
	"fmt"
	"time"

	"go.uber.org/multierr"
)

// Retain removes backups beyond Count, MaxAge and MaxTotalBytes, the oldest first; if there are too many, empty ones go first. A backup
// stays, even beyond the limits, while a living process writes to it.
func (s *Set) Retain(now time.Time) error {
	if s.cfg.Count <= 0 && s.cfg.MaxAge <= 0 && s.cfg.MaxTotalBytes <= 0 {
		return nil
	}
	if s.fits && s.cfg.MaxAge <= 0 && s.cfg.MaxTotalBytes <= 0 {
		s.fits = false
		return nil
	}
	s.names.forget()
	entries, err := s.list()
	if err != nil {
		return fmt.Errorf("writesyncers: %w", err)
	}
	if s.cfg.Count > 0 {
		entries, err = keep(entries, s.cfg.Count)
	}
	var total int64
	full := false
	for _, e := range entries {
		total += e.size()
		full = full || s.cfg.MaxTotalBytes > 0 && total > s.cfg.MaxTotalBytes
		old := s.cfg.MaxAge > 0 && now.Sub(e.modified()) > s.cfg.MaxAge
		if (full || old) && !e.held() {
			err = multierr.Append(err, e.remove())
		}
	}
	if err != nil {
		return fmt.Errorf("writesyncers: %w", err)
	}
	return nil
}

// keepRoom removes backups until there is room for one more, and returns those that stay. Retain will return the errors of those that
// cannot be removed.
func (s *Set) keepRoom(entries []*entry) []*entry {
	stay, _ := keep(entries, s.cfg.Count-1)
	s.fits = len(stay) < s.cfg.Count
	return stay
}

// keep removes all but count backups from entries, which are ordered with the newest first. It returns those that stay, including those
// that are held or could not be removed.
func keep(entries []*entry, count int) (stay []*entry, err error) {
	excess := len(entries) - max(count, 0)
	gone := make([]bool, len(entries)) // not a list of entries: there may be a hundred thousand
	for _, empty := range []bool{true, false} {
		for i := len(entries) - 1; i >= 0 && excess > 0; i-- {
			if entries[i].empty() == empty {
				gone[i] = true
				excess--
			}
		}
	}
	for i, e := range entries {
		if gone[i] && !e.held() {
			removeErr := e.remove()
			if removeErr == nil {
				continue
			}
			err = multierr.Append(err, removeErr)
		}
		stay = append(stay, e)
	}
	return stay, err
}
