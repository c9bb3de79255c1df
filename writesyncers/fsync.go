package writesyncers

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// FsyncPolicy says when records are put on the disk, and not only handed to the kernel. A crash of the program loses
// nothing either way; a crash of the machine loses what was not put on the disk. An fsync of a few records takes some
// 100 µs on a good disk.
type FsyncPolicy int

const (
	FsyncOnSync   FsyncPolicy = iota // at each Sync, which zap calls after a record above Error. The default
	FsyncNever                       // when the kernel thinks fit
	FsyncOnRotate                    // a file that was rolled out, before it is closed
	FsyncInterval                    // FsyncEvery after a record at the latest, and at each Sync
	FsyncEach                        // before Write returns; callers that wait together share one fsync
)

// committer is FsyncEach and FsyncInterval: it knows which records are on the disk.
type committer struct {
	timer *time.Timer // of FsyncInterval: runs from the first unsynced record on
	dirty atomic.Bool // the timer runs

	mu      sync.Mutex // guards the fields below
	wake    sync.Cond  // said when running ends
	running bool       // somebody syncs
	done    uint64     // records up to this number have been seen to
	failed  [2]uint64  // of these those after the first and up to the second with this error
	err     error
}

func (c *committer) init(s *sink) {
	c.wake.L = &c.mu
	if s.fsync == FsyncInterval {
		c.timer = time.AfterFunc(time.Hour, func() {
			c.dirty.Store(false)
			_, err := s.syncNow()
			s.troubles.note("sync "+s.path, err)
			s.troubles.say()
		})
		c.timer.Stop()
	}
}

func (c *committer) stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}

// durable sees to it that the record with this number gets to the disk when the policy wants it there.
func (s *sink) durable(number uint64) error {
	c := &s.committer
	if s.fsync == FsyncEach {
		return s.commit(number)
	}
	if !c.dirty.Load() && c.dirty.CompareAndSwap(false, true) {
		c.timer.Reset(s.every)
	}
	return nil
}

// commit returns when the record with this number is on the disk. Whoever finds nobody syncing does it for all.
func (s *sink) commit(number uint64) error {
	c := &s.committer
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.done < number {
		if c.running {
			c.wake.Wait()
			continue
		}
		c.running = true
		c.mu.Unlock()
		upTo, err := s.syncNow()
		c.mu.Lock()
		if err != nil {
			c.failed, c.err = [2]uint64{c.done, upTo}, err
		}
		c.running, c.done = false, upTo
		c.wake.Broadcast()
	}
	if c.failed[0] < number && number <= c.failed[1] {
		return c.err
	}
	return nil
}

// syncNow puts what was written so far on the disk and returns the number of the last record among it. Writers go on
// meanwhile.
func (s *sink) syncNow() (uint64, error) {
	s.mu.Lock()
	err := s.flushLocked()
	file, number := s.file, s.stats.Delivered
	s.unlock()
	if file != nil && err == nil {
		err = file.sync()
	}
	if errors.Is(err, os.ErrClosed) {
		err = nil // rolled out meanwhile: whoever does that syncs first
	}
	if s.roller != nil {
		if retired := s.roller.retiring.wait(); err == nil {
			err = retired
		}
	}
	return number, err
}

// retiring counts the files that were rolled out and are not on the disk yet, so that a Sync can wait for them.
type retiring struct {
	mu   sync.Mutex // guards the fields below
	wake sync.Cond
	n    int
	err  error // of a sync, for the next to wait
}

func (r *retiring) init() { r.wake.L = &r.mu }

func (r *retiring) begin() {
	r.mu.Lock()
	r.n++
	r.mu.Unlock()
}

func (r *retiring) end(err error) {
	r.mu.Lock()
	r.n--
	if err != nil {
		r.err = err
	}
	r.wake.Broadcast()
	r.mu.Unlock()
}

func (r *retiring) wait() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.n > 0 {
		r.wake.Wait()
	}
	err := r.err
	r.err = nil
	return err
}
