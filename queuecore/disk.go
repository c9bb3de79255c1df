package queuecore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/queuecore/internal/disklog"
	base "example.com/zaphandlers/zapcore"
)

// Disk is an engine that keeps records in the files of a folder, for records that outgrow memory or must survive a loss of power. When a
// process that was killed starts again, it delivers what was not delivered, in order. Nothing is deleted because a target is down.
//
// internal/disklog/format.go describes the files. The command queuecore/diskdump lists them, prints their records as JSON lines,
// and copies the intact records of damaged files. One changed byte costs one record, which is counted. A record that a killed process
// left half written is cut off. Bad data is never a reason for NewDisk to fail.
type Disk struct {
	cfg    DiskConfig
	log    *disklog.Log
	synced *disklog.Synced // of log, for DiskSyncEach
	report *base.Reporter

	maxRecord int // the largest record, in bytes; tests lower it

	closed atomic.Bool // Close was called; set with mu held

	mu      sync.Mutex // guards the fields below
	readers map[string]*disklog.Reader
	places  map[string]uint64 // the number up to which each of readers has read
	timer   *time.Timer       // begins the next sync of DiskSyncGroup; nil: it does not run
	syncing bool              // a sync of DiskSyncGroup is running; the timer is started when it ends
	waiting int               // records appended since the last such sync began
	syncs   sync.WaitGroup    // the timer, or its sync
}

var _ Queue = (*Disk)(nil)

// NewDisk opens the folder. An error names the field that is wrong, or comes from the system; the contents of the files never cause one.
func NewDisk(cfg DiskConfig) (*Disk, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Disk{
		cfg: cfg, report: base.NewReporter("queuecore: disk "+cfg.Dir, cfg.OnError),
		readers: make(map[string]*disklog.Reader), places: make(map[string]uint64), maxRecord: disklog.MaxRecord,
	}
	d.log, err = disklog.Open(disklog.Options{
		Dir: cfg.Dir, MaxBytes: max(cfg.MaxBytes, 0), SegmentBytes: cfg.SegmentBytes, Keep: cfg.Sync != DiskSyncNever,
		OnError: func(err error) { d.report.Failed(err, 0) },
	})
	if err != nil {
		return nil, fmt.Errorf("queuecore: DiskConfig.Dir: %w", err)
	}
	d.synced = disklog.NewSynced(d.log)
	return d, nil
}

// Append implements Queue. After nil the kernel has the records, and with DiskSyncEach the disk has them. If the sync of
// DiskSyncEach fails they count as not taken, though readers may get them: appended again, they are there only once. A record of more
// than 1 GiB, or one that alone is larger than the system lets a file become, is named in a *RejectedError.
func (d *Disk) Append(batch *base.Batch) (last uint64, err error) {
	if d.closed.Load() {
		return 0, d.failed(disklog.ErrClosed)
	}
	var verdicts base.Verdicts
	tapes := make([][]byte, 0, batch.Len())
	for i := range batch.Len() {
		if tape := batch.Tape(i); len(tape) <= d.maxRecord {
			tapes = append(tapes, tape)
		} else {
			verdicts.Reject(i, fmt.Errorf("queuecore: a record of %d bytes: %w", len(tape), disklog.ErrTooLarge))
		}
	}
	if d.cfg.Sync == DiskSyncEach {
		last, err = d.synced.Append(tapes)
	} else {
		last, err = d.append(tapes)
	}
	switch {
	case err == nil:
		return last, verdicts.With(nil)
	case errors.Is(err, disklog.ErrOverLimit) && batch.Len() == 1:
		verdicts.Reject(0, fmt.Errorf("queuecore: a record of %d bytes: %w", len(tapes[0]), err))
		return d.log.Last(), verdicts.With(nil)
	}
	return 0, d.failed(err)
}

// maxUnsynced is how many bytes may wait for the background sync of DiskSyncGroup, which keeps a copy of them in memory. If there are
// more, or too many files are open for it, Append syncs first.
const maxUnsynced = 16 << 20

func (d *Disk) append(tapes [][]byte) (last uint64, err error) {
	group := d.cfg.Sync == DiskSyncGroup && len(tapes) > 0
	if group {
		if bytes, open := d.log.Pending(); bytes > maxUnsynced || open > disklog.MaxOpen {
			if err := d.log.Sync(); err != nil {
				return 0, err
			}
		}
	}
	if last, err = d.log.Append(tapes); err == nil && group {
		d.syncSoon(len(tapes))
	}
	return last, err
}

// failed turns an error of the log into one of an engine: it may be retried, unless the log is closed.
func (d *Disk) failed(err error) error {
	if errors.Is(err, disklog.ErrClosed) {
		return fmt.Errorf("queuecore: %w", ErrClosed)
	}
	return &base.RetryError{Err: fmt.Errorf("queuecore: %w", err)}
}

// syncSoon starts the timer of DiskSyncGroup for records that were just appended, or lets it go off at once.
func (d *Disk) syncSoon(records int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting += records
	switch {
	case d.closed.Load(), d.syncing:
	case d.timer == nil:
		d.startTimerLocked()
	case d.waiting >= d.cfg.GroupRecords:
		d.timer.Reset(0)
	}
}

func (d *Disk) startTimerLocked() {
	d.syncs.Add(1)
	every := d.cfg.GroupEvery
	if d.waiting >= d.cfg.GroupRecords {
		every = 0
	}
	d.timer = time.AfterFunc(every, d.syncGroup)
}

// syncGroup runs when the timer goes off. No more than one runs at a time, so a disk that hangs blocks one goroutine only.
func (d *Disk) syncGroup() {
	d.mu.Lock()
	if d.timer == nil { // Close was first, or the timer went off twice
		d.mu.Unlock()
		return
	}
	d.timer, d.waiting, d.syncing = nil, 0, true
	d.mu.Unlock()
	defer d.syncs.Done()
	if err := d.log.Sync(); err == nil {
		d.report.Recovered()
	} else if !errors.Is(err, disklog.ErrClosed) {
		d.report.Failed(err, 0)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.syncing = false; d.waiting > 0 && !d.closed.Load() {
		d.startTimerLocked()
	}
}

// Sync makes everything that was appended safe on the disk. The queue in front calls it for a record above Error. After a failed
// sync nobody knows what is on the disk. With DiskSyncGroup and DiskSyncEach those records are written again and synced again; with
// DiskSyncNever there is no copy of them, and the next Sync covers only records appended later.
func (d *Disk) Sync() error {
	if err := d.log.Sync(); err != nil {
		return d.failed(err)
	}
	return nil
}

// Read implements Queue. It returns up to about 1 MiB of records.
func (d *Disk) Read(ctx context.Context, cursor string, batch *base.Batch) (uint64, error) {
	for {
		ended := ctx.Err() // before reading: records that came before the end are returned
		arrived := d.log.Arrived()
		last, err := d.read(cursor, batch)
		if err != nil || last > 0 {
			return last, err
		}
		if ended != nil {
			return 0, ended
		}
		select {
		case <-arrived:
		case <-ctx.Done():
		}
	}
}

const diskReadBytes = 1 << 20

func (d *Disk) read(cursor string, batch *base.Batch) (last uint64, err error) {
	acked, err := d.log.Cursor(cursor)
	if err != nil {
		return 0, d.failed(err)
	}
	d.mu.Lock()
	r := d.readers[cursor]
	if r == nil || d.places[cursor] != acked {
		r = d.log.NewReader(acked)
		d.readers[cursor] = r
	}
	d.mu.Unlock()
	var record base.Record
	last, err = r.Read(diskReadBytes, func(tape []byte) bool {
		if err := record.Parse(tape); err != nil { // another version of this package, or another program, wrote it
			d.report.Failed(err, 1)
			return false
		}
		batch.Add(tape)
		return true
	})
	if err != nil && last == 0 {
		return 0, d.failed(err)
	}
	if passed := r.Passed(); last == 0 && passed > acked { // none of these records is readable: they are acknowledged to make room
		if err := d.log.Ack(cursor, passed); err != nil {
			return 0, d.failed(err)
		}
		acked = passed
	}
	d.mu.Lock()
	d.places[cursor] = max(last, acked)
	d.mu.Unlock()
	return last, nil
}

// Ack implements Queue.
func (d *Disk) Ack(cursor string, number uint64) error {
	if err := d.log.Ack(cursor, number); err != nil {
		if errors.Is(err, disklog.ErrUnread) {
			return fmt.Errorf("queuecore: %w", err)
		}
		return d.failed(err)
	}
	return nil
}

// Forget removes a cursor whose target is gone or renamed. Until then the Disk keeps every record that the cursor has not acknowledged,
// and may become full; the error of Append says for which cursor. A cursor in use would start again with the oldest record. An
// unknown cursor is no error.
func (d *Disk) Forget(cursor string) error {
	if err := d.log.Forget(cursor); err != nil {
		return d.failed(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.readers, cursor)
	delete(d.places, cursor)
	return nil
}

// Stats returns the counts.
func (d *Disk) Stats() DiskStats {
	s := d.log.Stats()
	unsynced, _ := d.log.Pending()
	return DiskStats{Damaged: s.Damaged, Aside: s.Aside, Torn: s.Torn, Suspect: s.Suspect, Bytes: s.Bytes, Unsynced: int64(unsynced)}
}

// Close implements Queue. It syncs what DiskSyncGroup has not synced yet, and removes nothing. It waits for a disk that does not answer
// until ctx is done; the kernel has all appended records then.
func (d *Disk) Close(ctx context.Context) error {
	d.mu.Lock()
	if d.closed.Load() {
		d.mu.Unlock()
		return nil
	}
	d.closed.Store(true)
	unsynced := d.waiting > 0
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
		d.syncs.Done()
	}
	d.mu.Unlock()
	closed := make(chan error, 1)
	go func() {
		d.syncs.Wait()
		var err error
		if unsynced {
			err = d.log.Sync()
		}
		closed <- errors.Join(err, d.synced.Close())
	}()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		go func() { _ = d.log.Close() }() // may block too
		return fmt.Errorf("queuecore: DiskConfig.Dir: %s does not answer: %w", d.cfg.Dir, ctx.Err())
	}
}
