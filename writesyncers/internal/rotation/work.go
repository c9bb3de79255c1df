package rotation

import (
	"math"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// How the goroutine of a finisher begins and ends.

// run finishes files until there are none, or one is refused its name. After most files another goroutine goes on, so that a Write does
// not work for the others; also if a hook ends this goroutine (runtime.Goexit).
func (f *finisher) run(most int) {
	exited := true
	defer func() {
		if exited {
			f.exited()
		}
	}()
	f.finish(most)
	exited = false
}

func (f *finisher) finish(most int) {
	f.update(func() { f.goroutine = base.GoroutineID() })
	compress := f.uncompressed.Load()
	for ; ; most-- {
		out := f.first()
		if out != nil {
			compress = f.uncompressed.Load() // a compression that fails from now on is tried again with the next file
		}
		if out != nil && most <= 0 {
			go f.run(math.MaxInt)
			return
		}
		if out == nil {
			if f.end(nil, compress) {
				return
			}
			continue
		}
		f.update(func() { f.working = true })
		err := f.finishOne(out)
		f.update(func() { f.working = false })
		if err != nil {
			f.update(func() { out.err = err })
			f.end(err, false)
			return
		}
		f.update(func() {
			f.queue = f.queue[1:]
			out.named, out.ended, out.err = true, true, nil
		})
	}
}

// exited goes on for a goroutine that a hook has ended. The file in hand counts as refused, unless it has its name.
func (f *finisher) exited() {
	f.cfg.Report.Note("finish files of "+f.cfg.Path, errExited)
	f.mu.Lock()
	f.working, f.goroutine = false, 0
	if len(f.queue) > 0 && f.queue[0].named {
		f.queue[0].ended = true
		f.queue = f.queue[1:]
	} else if len(f.queue) > 0 {
		f.queue[0].err, f.refused = errExited, errExited
		f.retry.refused()
	}
	f.running = f.refused == nil && len(f.queue) > 0
	if f.running {
		go f.run(math.MaxInt)
	}
	f.broadcastLocked()
	abandoned := f.abandoned
	f.mu.Unlock()
	f.cfg.Report.Tell()
	if abandoned {
		abandonLate(f)
	}
}

// linger polls for a file for a while. To wake a goroutine would take the writer as long as all the rest of a rollover.
func (f *finisher) linger() {
	f.mu.Lock()
	if f.running || f.closing {
		f.mu.Unlock()
		return
	}
	f.running = true
	f.mu.Unlock()
	for range lingerLooks {
		f.mu.Lock()
		needed := len(f.queue) > 0 || f.closing
		f.mu.Unlock()
		if needed {
			break
		}
		time.Sleep(lingerEvery)
	}
	f.run(math.MaxInt)
}
