package rotation

import (
	"math"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// limits say how large a file may become, and when that has to be asked.
type limits struct{ cfg *Config }

// Limit returns the size from which on a new file has to be asked about.
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

// LimitNow is Limit once size has been asked about.
func (l *limits) LimitNow(size int64) int64 {
	if limit := l.Limit(); size < limit || limit == 0 {
		return limit
	}
	return l.maxBytes()
}

// Empty reports whether a file of that size holds no record. One that is found, or that somebody has cut, may have records and no header,
// and be shorter than that.
func (l *limits) Empty(size int64) bool { return size == 0 || size == l.cfg.Header }

// Due decides whether a file of that size gives way before a record of n bytes. The user's ShouldRollover that panics says no.
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
