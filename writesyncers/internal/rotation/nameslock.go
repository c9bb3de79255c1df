package rotation

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"

	base "example.com/zaphandlers/zapcore"
)

// namesLock is the lock on the backups.
type namesLock struct {
	mu    sync.Mutex
	owner atomic.Uint64 // the goroutine that has it and may be in the user's Namer; 0: none
}

// with calls f, which uses the backups, with the lock on them. Whoever has that may be in the user's Namer, which need not come to an end,
// and must not wait for itself if it calls its writer.
func (l *namesLock) with(namer bool, f func() error) error {
	if namer && l.mine() {
		return errNamer
	}
	if !base.LockWithin(&l.mu, StuckWait()) {
		return errStuck
	}
	defer l.mu.Unlock()
	if namer {
		l.owner.Store(base.GoroutineID())
		defer l.owner.Store(0)
	}
	return f()
}

// boundedly calls f, which asks the user's Namer on the goroutine of somebody who has to come to an end: construction, Backups. With the error
// errStuck f goes on.
func (l *namesLock) boundedly(namer bool, f func() error) error {
	if !namer {
		return f()
	}
	if l.mine() {
		return errNamer
	}
	err := base.Within(StuckWait(), f)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return errStuck
	}
	return err
}

// mine reports whether the calling goroutine has the lock: it is the Namer that asks.
func (l *namesLock) mine() bool {
	owner := l.owner.Load()
	return owner != 0 && owner == base.GoroutineID()
}
