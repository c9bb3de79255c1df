package arena_test

import (
	"fmt"
	"sync"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/zapcore/arena"
)

// The owner's lock is held for every method that changes the Arena, and let go while the records are worked on.
func ExampleNew() {
	var mu sync.Mutex
	a := arena.New(1<<20, 1) // bytes, readers
	r := a.Reader(0)

	mu.Lock()
	for _, tape := range []string{"first", "second"} {
		if a.Fits(len(tape)) {
			a.Put(zapcore.InfoLevel, []byte(tape))
		}
	}
	claimed := r.Claim(1 << 10)
	mu.Unlock()

	for claimed {
		tape, level, ok := r.Next()
		if !ok {
			break
		}
		fmt.Println(level, string(tape))
	}

	mu.Lock()
	r.Resolve(r.Len())
	fmt.Println(a.Stats())
	mu.Unlock()
	// Output:
	// info first
	// info second
	// {"accepted":2,"delivered":2,"dropped":0,"skipped":0,"pending":0,"refused":0}
}
