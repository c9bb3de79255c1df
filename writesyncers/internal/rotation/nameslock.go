package rotation

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"

	base "example.com/zaphandlers/zapcore"
)

// namesLock is the lock around calls of the backups.Set of a log.
type namesLock struct {
	mu    sync.Mutex
	owner atomic.Uint64 // the goroutine that has it and may be in the user's Namer; 0: none
}

// with calls f with the lock. namer says that f may call the user's Namer. Since a Namer may never return, with waits for the lock for a
// bounded time; since a Namer may call its own writer, it returns errNamer to the goroutine that has the lock.
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

// boundedly calls f, which may call the user's Namer, for a caller that must not be blocked: construction, Backups. After the error
// errStuck, f goes on in the background.
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

// mine reports whether the calling goroutine has the lock: the Namer calls.
func (l *namesLock) mine() bool {
	owner := l.owner.Load()
	return owner != 0 && owner == base.GoroutineID()
}
