package writesyncers

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// troubles carries the errors nobody waits for to OnError. It remembers which steps are failing, so that OnError hears of
// a change and not of every attempt: once when a step begins to fail, and once when it works again.
//
// Notes may be taken under any lock; say calls OnError and is called under none.
type troubles struct {
	onError func(error)

	refused atomic.Uint64 // failures noted
	waiting atomic.Int32  // notes that say has yet to pass on

	mu      sync.Mutex // guards the fields below
	failing map[string]int
	notes   []error
}

// note takes down how a step went; nil is well.
func (t *troubles) note(step string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		t.refused.Add(1)
		if t.failing == nil {
			t.failing = make(map[string]int)
		}
		t.failing[step]++
		if t.failing[step] == 1 {
			t.addLocked(fmt.Errorf("writesyncers: %s: %w", step, err))
		}
		return
	}
	if n := t.failing[step]; n > 0 {
		delete(t.failing, step)
		t.addLocked(fmt.Errorf("writesyncers: %s: works again after %d refusals", step, n))
	}
}

func (t *troubles) addLocked(err error) {
	t.notes = append(t.notes, err)
	t.waiting.Add(1)
}

// say passes on what was noted. OnError may log to the writer itself: what that adds is said by its own call.
func (t *troubles) say() {
	if t.waiting.Load() == 0 {
		return
	}
	t.mu.Lock()
	notes := t.notes
	t.notes = nil
	t.waiting.Store(0)
	t.mu.Unlock()
	for _, err := range notes {
		t.tell(err)
	}
}

func (t *troubles) tell(err error) {
	if t.onError == nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	_ = guard(func() error { t.onError(err); return nil })
}

// guard runs code of the user's and makes an error of its panic.
func guard(user func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return user()
}
