package zapcore

import (
	"bytes"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
)

// GoroutineID returns the number of the calling goroutine. Go hides it for good reasons and makes asking slow (1.7 µs), so ask only
// where the answer keeps a target from waiting for itself: where a queue is full, where a Sync must wait.
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

// Nesting watches the calls of a hook. One that logs to the core that calls it is called for that record again, from within itself, and
// may be so without end: that would cost the program its stack, which nothing recovers from. Its methods are safe for concurrent use.
type Nesting struct{ calls atomic.Int32 }

// nestedCalls is how many calls of a hook may surely be in each other. A hook that logs now and then needs two.
const nestedCalls = 4

// busyCalls is how many calls there are at once, as a rule, where each processor is in one. Where there are more the stack is looked at.
var busyCalls = int32(nestedCalls * runtime.NumCPU())

// ErrNested says that a hook was called from within itself too often.
var ErrNested = errors.New("a hook logs to the core that calls it, again and again")

// Enter is called by the function that calls the hook, before it does, and Leave afterwards. It returns ErrNested, and is not to be
// left, if there are more than four calls for each processor, and the calling goroutine is in more than four of them. To find that out it
// looks at the stack, which takes microseconds, and does so only where there are so many calls.
func (n *Nesting) Enter() error {
	if n.calls.Add(1) > busyCalls && timesOnStack() > nestedCalls {
		n.calls.Add(-1)
		return ErrNested
	}
	return nil
}

// Leave ends an Enter.
func (n *Nesting) Leave() { n.calls.Add(-1) }

// timesOnStack counts how often the caller's caller is on the stack.
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
