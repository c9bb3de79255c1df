package writer

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	base "example.com/zaphandlers/zapcore"
)

// How long a call waits for a file that takes no more.
const (
	countWait     = 20 * time.Millisecond // Counts, for the lock, so that its counts are exact
	lockWait      = 5 * time.Second       // Sync and Close, for a Write that is under way
	syncWait      = 10 * time.Second      // Sync, for the disk
	interruptWait = time.Second           // Close, before it interrupts a Write to a pipe
	closeWait     = lockWait + syncWait   // Close, for a disk or a server that does not answer
)

// CloseFile closes a file. Tests replace it by a disk that does not answer.
var CloseFile = (*appendfile.File).Close

// Within is base.Within, with a name of the step in the error of a timeout.
func Within(wait time.Duration, what string, f func() error) error {
	var failed error
	err := base.Within(wait, func() error { failed = f(); return nil })
	if err != nil {
		return fmt.Errorf("writesyncers: %s: %w", what, err)
	}
	return failed
}

// Sync writes what is in the buffer and, if the policy says so, syncs all records written so far to the disk. Writes go on meanwhile.
// It waits for a Write that is under way, and for the disk, some seconds at most.
func (w *Writer) Sync() error {
	if w.closing.Load() {
		return w.errClosed
	}
	start, step := time.Now(), "sync "+w.cfg.Path
	select {
	case w.syncs <- struct{}{}:
	default:
		timer := time.NewTimer(syncWait)
		defer timer.Stop()
		select {
		case w.syncs <- struct{}{}:
		case <-timer.C:
			return fmt.Errorf("writesyncers: %s: others before have not come to an end: %w", step, os.ErrDeadlineExceeded)
		}
	}
	return Within(syncWait-time.Since(start), step, func() error {
		defer func() { <-w.syncs }()
		return w.sync()
	})
}

// maxSyncs is how many calls of Sync may be under way. While the disk does not answer, each of them holds a thread of the process.
const maxSyncs = 16

func (w *Writer) sync() error {
	if !base.LockWithin(&w.mu, lockWait) {
		return errStuck(w, "sync")
	}
	err := w.buffer.flush()
	w.unlock()
	if err != nil || w.cfg.Sync == SyncNever || w.cfg.Sync == SyncOnRotate {
		return err
	}
	_, err = w.committer.sync()
	return err
}

func errStuck(w *Writer, what string) error {
	return fmt.Errorf("writesyncers: %s %s: a write does not come to an end: %w", what, w.cfg.Path, os.ErrDeadlineExceeded)
}

// Close closes the file; from then on Write returns an error that wraps base.ErrClosed. It waits, some seconds at most, for a Write
// that is under way, for the disk, and for the work that rollovers have left. A second Close does nothing.
func (w *Writer) Close() error {
	if w.closing.Swap(true) {
		return nil
	}
	w.committer.stop()
	var err error
	var late atomic.Bool
	if w.lockToClose() {
		err = Within(closeWait, "close "+w.cfg.Path, func() error { return closeOrTell(w, &late) })
		late.Store(true)
	} else {
		late.Store(true)
		go func() { // the call that is stuck has the lock; the file is closed when it returns
			w.mu.Lock()
			_ = closeOrTell(w, &late)
		}()
		err = errStuck(w, "close")
	}
	if w.cfg.Rotation != nil {
		if left := w.cfg.Rotation.Close(); left != nil {
			err = multierr.Append(err, fmt.Errorf("writesyncers: close %s: %w", w.cfg.Path, left))
		}
	}
	w.cfg.Report.Tell()
	w.cfg.Report.Stop()
	return err
}

// lockToClose takes the lock. A Write that waits for the reader of a pipe is interrupted after a while.
func (w *Writer) lockToClose() bool {
	if base.LockWithin(&w.mu, interruptWait) {
		return true
	}
	if file := w.pipe.Load(); file != nil {
		file.Interrupt()
	}
	return base.LockWithin(&w.mu, lockWait-interruptWait)
}

// closeOrTell is closeFile. If Close does not wait for it any more, its error goes to OnError.
func closeOrTell(w *Writer, late *atomic.Bool) error {
	err := w.closeFile()
	if late.Load() {
		w.cfg.Report.Note("close "+w.cfg.Path, err)
		w.cfg.Report.Tell()
	}
	return err
}

// closeFile writes what is left and closes the file. It is called with the lock and releases it.
func (w *Writer) closeFile() error {
	var err error
	if w.file != nil && !w.file.Regular() && w.buffer != nil { // a pipe may hold up the last flush
		timer := time.AfterFunc(lockWait, w.file.Interrupt)
		defer timer.Stop()
	}
	err = w.buffer.close()
	file := w.file
	if file != nil && w.cfg.Sync >= SyncInterval { // before w.file is nil: a commit would take a nil file for one that was synced
		w.syncErr = Within(syncWait, "sync "+w.cfg.Path, func() error { return SyncFile(file) })
		err = multierr.Append(err, w.syncErr)
	}
	w.file, w.limit = nil, 0
	w.strategy.stop()
	w.unlock()
	if file != nil {
		err = multierr.Append(err, CloseFile(file))
	}
	return err
}

// Counts are the counters of a Writer.
type Counts struct {
	Records                                     base.Stats
	Bytes, Opens, Repeated, Rotated, Compressed uint64
}

// Counts returns the counters. It does not wait for a Write. While one is under way, Pending may be what it was before.
func (w *Writer) Counts() (c Counts) {
	if w.buffer != nil && base.LockWithin(&w.mu, countWait) {
		w.counts.pending.Store(uint64(len(w.buffer.ends)))
		defer w.mu.Unlock()
	}
	n := &w.counts
	unsynced := n.unsynced.Load() // loaded before delivered, so that it is never more
	c.Records = base.Stats{
		Delivered: n.delivered.Load() - unsynced, Dropped: n.dropped.Load(), Pending: n.pending.Load(), Refused: n.refused.Load() + unsynced,
	}
	c.Records.Accepted = c.Records.Delivered + c.Records.Dropped + c.Records.Pending
	c.Bytes, c.Opens, c.Repeated = n.bytes.Load(), n.opens.Load(), n.repeated.Load()
	if w.cfg.Rotation != nil {
		c.Rotated, c.Compressed = w.cfg.Rotation.Counts()
	}
	return c
}
