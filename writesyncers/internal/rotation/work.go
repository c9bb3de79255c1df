package rotation

import (
	"math"
	"time"

	base "example.com/zaphandlers/zapcore"
)

// How the goroutine of a finisher begins and ends.

// run finishes files until there are none, or one is refused. After that many another goroutine goes on; so it does when a hook ends
// this one (runtime.Goexit).
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
	again := f.plain.Load()
	for ; ; most-- {
		out := f.first()
		if out != nil {
			again = f.plain.Load() // what is refused from now on has to wait for the next file
		}
		if out != nil && most <= 0 {
			go f.run(math.MaxInt)
			return
		}
		if out == nil {
			if f.end(nil, again) {
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

// exited goes on for a goroutine that a hook has ended. The file in hand is refused, unless it has its name.
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
		letGoLate(f)
	}
}

// linger waits a while for a file: to be woken would take the writer as long as all the rest of a rollover, while this goroutine
// looks by itself whether there is something to do.
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
