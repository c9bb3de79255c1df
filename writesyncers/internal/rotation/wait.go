package rotation

import (
	"cmp"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

// ShortWait is what tests have in the place of StuckWait: a time.Duration.
var ShortWait atomic.Int64

// StuckWait is how long anybody waits without any progress.
func StuckWait() time.Duration { return cmp.Or(time.Duration(ShortWait.Load()), 10*time.Second) }

// update changes what mu guards, and wakes those who wait for that.
func (f *finisher) update(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	f.broadcastLocked()
}

func (f *finisher) broadcastLocked() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// waitUntil waits until ready, which is asked under mu, says so; or nothing has gone on for that long.
func (f *finisher) waitUntil(patience time.Duration, ready func() bool) bool {
	progress := f.progress.Load()
	return f.await(patience, ready, func() bool {
		before := progress
		progress = f.progress.Load()
		return progress != before
	})
}

// waitAtMost is waitUntil with a bound that no progress puts off.
func (f *finisher) waitAtMost(bound time.Duration, ready func() bool) bool {
	return f.await(bound, ready, func() bool { return false })
}

// await waits until ready, which is asked under mu, says so; or the time is over, and again does not grant the same time once more.
func (f *finisher) await(limit time.Duration, ready, again func() bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		f.mu.Lock()
		done, changed := ready(), f.changed
		f.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			if !again() {
				return false
			}
			timer.Reset(limit)
		}
	}
}

// wait waits until a file is finished or refused; nil, until nobody is at work.
func (f *finisher) wait(out *Rolled) (err error) {
	me, namer := base.GoroutineID(), f.names.mine()
	ready := func() bool {
		switch {
		case namer, f.running && f.goroutine == me: // a hook that asks
			return true
		case out == nil:
			err = f.refused
			return !f.running
		case out.ended:
			return true
		}
		if err = out.err; err == nil {
			err = f.refused // one before it was: it gets no name either
		}
		return err != nil && !f.running
	}
	if !f.waitUntil(StuckWait(), ready) {
		return errStuck
	}
	return err
}

// close finishes what there is. Compression is given up when it takes too long, and whoever does not come to an end is left behind.
func (f *finisher) close(patience time.Duration) error {
	me, namer := base.GoroutineID(), f.names.mine()
	self := false
	idle := func() bool {
		self = namer || f.running && f.goroutine == me
		coming := len(f.queue) > 0 && f.refused == nil // if nobody is at work, whoever has rolled it over is about to begin
		return self || !f.running && !coming
	}
	f.update(func() { f.closing = true })
	var err error
	if !f.waitAtMost(patience, idle) {
		close(f.abort)
		if !f.waitAtMost(nameWait, idle) {
			err = errStuck
		}
	}
	if err == nil && !self && f.left() { // the last attempt
		err = base.Within(2*nameWait, func() error { f.begin(nil); return nil }) // which waits for a name itself
		if err == nil && !f.waitAtMost(nameWait, idle) {
			err = errStuck
		}
	}
	return multierr.Append(err, base.Within(nameWait, func() error { return shown(letGo(f), f.cfg.Path) }))
}

// letGo closes the files that are not finished: the next start finds them. Who is still at work does so when he is done.
func letGo(f *finisher) (err error) {
	f.mu.Lock()
	f.abandoned = true
	var waiting []*Rolled
	if !f.running {
		waiting = append(waiting, f.queue...)
	}
	f.mu.Unlock()
	for _, out := range waiting {
		err = multierr.Append(err, out.close())
	}
	return err
}

// letGoLate is letGo when Close has returned: nobody else would hear what goes wrong.
func letGoLate(f *finisher) {
	note(&f.steps, "close files of ", letGo(f))
	f.cfg.Report.Tell()
}
