package zapcore

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// GoroutineID returns the number of the calling goroutine. Go hides it for good reasons, and finding it out takes 1.7 µs. Use it only
// to keep a target from waiting for itself: when a queue is full, when a Sync must wait.
func GoroutineID() uint64 {
	buf := stackPool.Get().(*[64]byte)
	defer stackPool.Put(buf)
	text := buf[:runtime.Stack(buf[:], false)]
	id := uint64(0)
	for _, c := range bytes.TrimPrefix(text, []byte("goroutine ")) {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}

var stackPool = sync.Pool{New: func() any { return new([64]byte) }}

// Nesting guards against endless recursion of a hook. A hook that logs to the core that calls it is called for that record again,
// from within itself; without a bound that would overflow the stack, from which no program recovers. Its methods are safe for
// concurrent use.
type Nesting struct{ calls atomic.Int32 }

// nestedCalls is how deep calls of a hook may surely be nested. A hook that logs now and then needs two.
const nestedCalls = 4

// busyCalls is how many calls may run at once before Enter inspects the stack.
var busyCalls = int32(nestedCalls * runtime.NumCPU())

// ErrNested says that the calls of a hook are nested too deep.
var ErrNested = errors.New("a hook logs to the core that calls it, again and again")

// Enter must be called by the function that calls the hook, just before, and Leave afterwards. It returns ErrNested if more calls run
// than four for each processor, and more than four of them are on the stack of the calling goroutine; then the hook and Leave must
// not be called. Looking at the stack takes microseconds, and happens only while so many calls run.
func (n *Nesting) Enter() error {
	if n.calls.Add(1) > busyCalls && timesOnStack() > nestedCalls {
		n.calls.Add(-1)
		return ErrNested
	}
	return nil
}

// Leave ends an Enter.
func (n *Nesting) Leave() { n.calls.Add(-1) }

// timesOnStack counts how often the function that called Enter is on the stack.
func timesOnStack() (times int) {
	var pcs [512]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	caller, more := frames.Next()
	for f := caller; ; f, more = frames.Next() {
		if f.Function == caller.Function {
			times++
		}
		if !more {
			return times
		}
	}
}
