package writer

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
)

// committer is SyncEach and SyncInterval: it knows which records are on the disk.
type committer struct {
	w     *Writer
	timer *time.Timer // of SyncInterval: runs from the first unsynced record on
	dirty atomic.Bool // the timer runs
	timed sync.Mutex  // held by the sync that the timer has begun

	mu      sync.Mutex // guards the fields below
	wake    sync.Cond  // told when running ends
	running bool       // somebody syncs
	done    uint64     // records up to this number have been seen to
	failed  []failure  // of these those that are not on the disk: the last few, for whoever comes late to ask
}

// failure is an fsync that failed, or several in a row.
type failure struct {
	after, upTo uint64 // numbers of the records that it was for
	err         error  // of the last of them
}

// maxFailures is how many are remembered. The oldest become one, with what was between them: who asks about that gets an error too many.
const maxFailures = 16

// SyncFile has a file put on the disk. Tests have one that does not answer.
var SyncFile = (*appendfile.File).Sync

func newCommitter(w *Writer) *committer {
	c := &committer{w: w}
	c.wake.L = &c.mu
	if w.cfg.Sync == SyncInterval {
		c.timer = time.AfterFunc(time.Hour, c.onTime)
		c.timer.Stop()
	}
	return c
}

// onTime is what the timer does. Of a disk that takes longer than the interval there is no second sync before the first has ended.
func (c *committer) onTime() {
	if !c.timed.TryLock() {
		if !c.w.closing.Load() {
			c.timer.Reset(c.w.cfg.SyncEvery)
		}
		return
	}
	defer c.timed.Unlock()
	c.dirty.Store(false)
	_, err := c.sync()
	c.w.cfg.Report.Note("sync "+c.w.cfg.Path, err)
	c.w.cfg.Report.Tell()
}

func (c *committer) stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

// durable sees to it that the records up to this number get to the disk when the policy wants them there. After an error the last ones, so
// many, are refused: their Write returns it.
func (c *committer) durable(number uint64, records int) error {
	if c.w.cfg.Sync == SyncEach {
		err := c.commit(number)
		if err != nil {
			c.w.counts.unsafe.Add(uint64(records))
		}
		return err
	}
	if !c.dirty.Load() && c.dirty.CompareAndSwap(false, true) {
		c.timer.Reset(c.w.cfg.SyncEvery)
	}
	return nil
}

// commit returns when the record with this number is on the disk. Whoever finds nobody syncing does it for all.
func (c *committer) commit(number uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.done < number {
		if c.running {
			c.wake.Wait()
			continue
		}
		c.syncForAllLocked()
	}
	for _, f := range c.failed {
		if f.after < number && number <= f.upTo {
			return f.err
		}
	}
	return nil
}

// noteFailureLocked remembers that the records up to a number, from done on, are not on the disk.
func (c *committer) noteFailureLocked(upTo uint64, err error) {
	n := len(c.failed)
	if n > 0 && c.failed[n-1].upTo == c.done {
		c.failed[n-1].upTo, c.failed[n-1].err = upTo, err
		return
	}
	if n == maxFailures {
		c.failed[1].after = c.failed[0].after
		c.failed = c.failed[:copy(c.failed, c.failed[1:])]
	}
	c.failed = append(c.failed, failure{c.done, upTo, err})
}

// syncForAllLocked syncs without the lock, and has it again in any case: OnError, which may be called by that, may end the goroutine.
func (c *committer) syncForAllLocked() {
	upTo, err := c.done, error(nil)
	c.running = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		if err != nil {
			c.noteFailureLocked(upTo, err)
		}
		c.running, c.done = false, upTo
		c.wake.Broadcast()
	}()
	upTo, err = c.sync()
}

// sync puts what was written so far on the disk and returns the number of the last record among it. Writers go on meanwhile.
func (c *committer) sync() (uint64, error) {
	w := c.w
	w.mu.Lock()
	err := w.buffer.flush()
	file, number := w.file, w.counts.delivered.Load()
	if err == nil {
		err, w.left = w.left, nil
	}
	w.unlock()
	if file != nil && err == nil {
		err = SyncFile(file)
	}
	if errors.Is(err, os.ErrClosed) { // left meanwhile: whoever does that syncs first
		w.mu.Lock()
		err, w.left = w.left, nil
		w.unlock()
	}
	if w.cfg.Rotation != nil {
		if rolled := w.cfg.Rotation.Sync(); err == nil {
			err = rolled
		}
	}
	return number, err
}
