//go:build !unix

package files

import "time"

var started = time.Now()

// cpuTime is the time since the start: next to nothing else goes on here.
func cpuTime() time.Duration { return time.Since(started) }
