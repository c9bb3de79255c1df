package zapcore

import (
	"bytes"
	"runtime"
	"sync"
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
