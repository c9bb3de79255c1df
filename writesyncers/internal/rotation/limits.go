package rotation

import (
	"math"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// limits say how large a file may become, and from which size on each record has to be checked.
type limits struct{ cfg *Config }

// Limit returns the size of a new file from which on records have to be checked.
func (l *limits) Limit() int64 {
	if l.cfg.Should != nil || l.cfg.Period != nil && l.cfg.Period.Custom() {
		return 0
	}
	return min(l.ahead(), l.maxBytes())
}

// ahead is the size at which the next file is opened.
func (l *limits) ahead() int64 {
	if !fsys.OpensAhead || l.cfg.Shared || l.cfg.MaxBytes < Small {
		return math.MaxInt64
	}
	return l.cfg.MaxBytes / 8 * 7
}

func (l *limits) maxBytes() int64 {
	if l.cfg.MaxBytes == 0 {
		return math.MaxInt64
	}
	return l.cfg.MaxBytes
}

// LimitNow is Limit for a file that has this size and was checked.
func (l *limits) LimitNow(size int64) int64 {
	if limit := l.Limit(); size < limit || limit == 0 {
		return limit
	}
	return l.maxBytes()
}

// Empty reports whether a file of that size holds no record. A file shorter than the header is not empty: it may have been made without a
// header, or somebody may have cut it.
func (l *limits) Empty(size int64) bool { return size == 0 || size == l.cfg.Header }

// Due reports whether a file of that size rolls over before a record of n bytes. If the user's ShouldRollover panics, it does not.
func (l *limits) Due(size int64, n int) (due bool) {
	if l.Empty(size) {
		return false
	}
	if l.cfg.Should == nil {
		return size+int64(n) >= l.maxBytes()
	}
	err := guard(func() error { due = l.cfg.Should(size, n); return nil })
	if err != nil {
		l.cfg.Report.Note("ShouldRollover of "+l.cfg.Path, err)
	}
	return due
}
