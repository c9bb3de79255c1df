package backups

import (
	"fmt"
	"time"

	"go.uber.org/multierr"
)

// Retain removes the backups that are too many, too old, or too much together, the oldest first. None goes that a living process
// still writes to; it may stay beyond the limits for as long. Of too many, those without anything in them go before all others.
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

// keepRoom leaves room for one backup more, and returns what has stayed. What cannot be removed Retain will tell.
func (s *Set) keepRoom(entries []*entry) []*entry {
	stay, _ := keep(entries, s.cfg.Count-1)
	s.fits = len(stay) < s.cfg.Count
	return stay
}

// keep removes all but a number of backups, which are in order, the newest first. It returns what has stayed: those that are
// held, or could not be removed, are among them.
func keep(entries []*entry, count int) (stay []*entry, err error) {
	excess := len(entries) - max(count, 0)
	gone := make([]bool, len(entries)) // not a list of them: there may be a hundred thousand
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
