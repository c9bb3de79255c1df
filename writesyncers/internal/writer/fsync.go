package writer

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
)

// committer syncs for SyncEach and SyncInterval. It knows up to which number the records are synced.
type committer struct {
	w     *Writer
	timer *time.Timer // of SyncInterval: runs from the first unsynced record on
	dirty atomic.Bool // the timer runs
	timed sync.Mutex  // held by the sync that the timer has begun

	mu      sync.Mutex // guards the fields below
	wake    sync.Cond  // signalled when running ends
	running bool       // a goroutine syncs, for all that wait
	done    uint64     // records up to this number were synced, or their sync failed
	failed  []failure  // the last syncs that failed, for goroutines that ask late
}

// failure is one failed fsync, or several in a row.
type failure struct {
	after, upTo uint64 // the numbers of its records: from after+1 to upTo
	err         error  // the last
}

// maxFailures is how many failures are kept. When there are more, the oldest two become one, which covers the records between them,
// too: these may get an error although they were synced.
const maxFailures = 16

// SyncFile syncs a file. Tests replace it by a disk that does not answer.
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

// onTime is called by the timer. If the disk takes longer than the interval, no second sync begins before the first has ended.
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

// durable syncs the records up to this number as the policy says: at once, or by the timer. After an error the last records of them, as
// many as records says, count as refused: their Write returns the error.
func (c *committer) durable(number uint64, records int) error {
	if c.w.cfg.Sync == SyncEach {
		err := c.commit(number)
		if err != nil {
			c.w.counts.unsynced.Add(uint64(records))
		}
		return err
	}
	if !c.dirty.Load() && c.dirty.CompareAndSwap(false, true) {
		c.timer.Reset(c.w.cfg.SyncEvery)
	}
	return nil
}

// commit returns when the record with this number is synced, or could not be. A caller that finds nobody syncing does it for all.
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

// noteFailureLocked remembers that the records after done, up to upTo, were not synced.
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

// syncForAllLocked releases the lock, syncs, and takes the lock again in any case: sync may call OnError, which may end the goroutine.
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

// sync syncs all records written so far and returns the number of the last. Writes go on meanwhile.
func (c *committer) sync() (uint64, error) {
	w := c.w
	w.mu.Lock()
	err := w.buffer.flush()
	file, number := w.file, w.counts.delivered.Load()
	if err == nil {
		err, w.syncErr = w.syncErr, nil
	}
	w.unlock()
	if file != nil && err == nil {
		err = SyncFile(file)
	}
	if errors.Is(err, os.ErrClosed) { // the file was replaced meanwhile, and synced before it was closed
		w.mu.Lock()
		err, w.syncErr = w.syncErr, nil
		w.unlock()
	}
	if w.cfg.Rotation != nil {
		if rolled := w.cfg.Rotation.Sync(); err == nil {
			err = rolled
		}
	}
	return number, err
}
