package writesyncers

import (
	"sync/atomic"
	"time"
)

// attendance is how a rollover gets to a goroutine without waking one, which takes a writer as long as all the rest of a
// swap. The goroutine that opened the next file ahead stays for a while, and looks by itself whether the file in use has
// become full meanwhile. Whoever writes too slowly for that starts another one.
type attendance struct{ at atomic.Pointer[rolled] }

const (
	attendEvery = 250 * time.Microsecond
	attendLooks = 200
)

// In the place of a rollover: somebody waits for one; nobody is to wait any more.
var attending, ended = new(rolled), new(rolled)

// wait returns the rollover handed over meanwhile, or nil.
func (a *attendance) wait() *rolled {
	if !a.at.CompareAndSwap(nil, attending) {
		return nil
	}
	for range attendLooks {
		time.Sleep(attendEvery)
		if a.at.Load() != attending {
			break
		}
	}
	if a.at.CompareAndSwap(attending, nil) || a.at.Load() == ended {
		return nil
	}
	return a.at.Swap(nil)
}

// hand hands a rollover to whoever waits for one, and reports whether somebody does.
func (a *attendance) hand(swap *rolled) bool { return a.at.CompareAndSwap(attending, swap) }

// end sends away whoever waits, or is about to. A rollover that was handed over is still seen to.
func (a *attendance) end() {
	if !a.at.CompareAndSwap(attending, ended) {
		a.at.CompareAndSwap(nil, ended)
	}
}
