package rotation

import (
	"cmp"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

// ShortWait replaces StuckWait in tests: a time.Duration.
var ShortWait atomic.Int64

// StuckWait is the longest that anybody waits without any progress.
func StuckWait() time.Duration { return cmp.Or(time.Duration(ShortWait.Load()), 10*time.Second) }

// update calls change under mu, and wakes all that wait for a change.
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

// waitUntil waits until ready, which is called under mu, returns true. It returns false after patience without any progress.
func (f *finisher) waitUntil(patience time.Duration, ready func() bool) bool {
	progress := f.progress.Load()
	return f.await(patience, ready, func() bool {
		before := progress
		progress = f.progress.Load()
		return progress != before
	})
}

// waitAtMost is waitUntil with a bound that progress does not extend.
func (f *finisher) waitAtMost(bound time.Duration, ready func() bool) bool {
	return f.await(bound, ready, func() bool { return false })
}

// await waits until ready, which is called under mu, returns true. When limit is over, it waits as long again if extend returns true, else
// it returns false.
func (f *finisher) await(limit time.Duration, ready, extend func() bool) bool {
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
			if !extend() {
				return false
			}
			timer.Reset(limit)
		}
	}
}

// wait waits until a file is finished or was refused its name; with nil, until nobody works on the queue.
func (f *finisher) wait(out *Rolled) (err error) {
	me, namer := base.GoroutineID(), f.names.mine()
	ready := func() bool {
		switch {
		case namer, f.running && f.goroutine == me: // a hook calls: it must not wait for itself
			return true
		case out == nil:
			err = f.refused
			return !f.running
		case out.ended:
			return true
		}
		if err = out.err; err == nil {
			err = f.refused // an earlier file was refused: this one gets no name either
		}
		return err != nil && !f.running
	}
	if !f.waitUntil(StuckWait(), ready) {
		return errStuck
	}
	return err
}

// close finishes the queue. If that takes too long, compression is aborted; a goroutine that still does not end is left behind.
func (f *finisher) close(patience time.Duration) error {
	me, namer := base.GoroutineID(), f.names.mine()
	self := false
	idle := func() bool {
		self = namer || f.running && f.goroutine == me
		coming := len(f.queue) > 0 && f.refused == nil // if nobody works on it, the goroutine that has rolled over is about to
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
	if err == nil && !self && f.left() { // one last attempt
		err = base.Within(2*nameWait, func() error { f.begin(nil); return nil }) // begin may wait nameWait itself
		if err == nil && !f.waitAtMost(nameWait, idle) {
			err = errStuck
		}
	}
	return multierr.Append(err, base.Within(nameWait, func() error { return shown(abandon(f), f.cfg.Path) }))
}

// abandon closes the files that are not finished: the next start finishes them. A goroutine that still works on the queue calls
// abandonLate when it ends.
func abandon(f *finisher) (err error) {
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

// abandonLate is abandon after Close has returned: its error goes to OnError.
func abandonLate(f *finisher) {
	note(&f.steps, "close files of ", abandon(f))
	f.cfg.Report.Tell()
}
