package writesyncers

import (
	"time"

	"go.uber.org/multierr"
)

// retention says how much of what is old may stay, besides a number of backups.
type retention struct {
	maxAge   time.Duration // 0: any
	maxTotal int64         // 0: any
}

func (k retention) all() bool { return k.maxAge == 0 && k.maxTotal == 0 }

// apply removes the backups that are too old, and the oldest of those that are too much together.
func (k retention) apply(names naming, now time.Time) error {
	found, err := names.list()
	if err != nil {
		return err
	}
	var total int64
	full := false
	for _, b := range found {
		total += b.info.Size()
		full = full || k.maxTotal > 0 && total > k.maxTotal
		old := k.maxAge > 0 && now.Sub(b.info.ModTime()) > k.maxAge
		if (full || old) && !held(b.name) {
			err = multierr.Append(err, remove(b.name))
		}
	}
	return err
}
