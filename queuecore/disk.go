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

// Disk is an engine that keeps records in the files of a folder, for what outgrows memory or must survive a loss of power. A process that
// was killed and starts again delivers what was not delivered, in order; nothing is deleted because a target is down.
//
// The form of the files is stated in internal/disklog/format.go; the command queuecore/diskdump lists them, prints them as JSON lines
// and saves what is whole of them. One changed byte costs one record, which is counted; what a killed process left half written is cut
// off. Opening fails for no bad data.
type Disk struct {
	cfg    DiskConfig
	log    *disklog.Log
	synced *disklog.Synced // of log, for DiskSyncEach
	report *base.Reporter

	maxRecord int // bytes of one; tests make it less

	closed atomic.Bool // nothing is appended any more; set with mu held

	mu      sync.Mutex // guards the fields below
	readers map[string]*disklog.Reader
	places  map[string]uint64 // the number up to which each of readers has read
	timer   *time.Timer       // of DiskSyncGroup; nil: it does not run
	syncing bool              // the sync that it has begun is under way: another follows it
	waiting int               // records that wait for the timer
	syncs   sync.WaitGroup
}

var _ Queue = (*Disk)(nil)

// NewDisk opens the folder. An error names the field that is wrong, or is the system's; what is in the files is no reason for one.
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
		Told: func(err error) { d.report.Failed(err, 0) },
	})
	if err != nil {
		return nil, fmt.Errorf("queuecore: DiskConfig.Dir: %w", err)
	}
	d.synced = disklog.NewSynced(d.log)
	return d, nil
}

// Append implements Queue. When it returns nil the records are in the system's hands, and with DiskSyncEach on the disk. Where that
// fails they are not taken, though readers may have them: the same ones appended again are there once. A record of more than 1 GiB, or
// that alone is larger than the system lets a file become, is named in a *RejectedError.
func (d *Disk) Append(batch *base.Batch) (last uint64, err error) {
	if d.closed.Load() {
		return 0, d.failed(disklog.ErrClosed)
	}
	var said base.Verdicts
	tapes := make([][]byte, 0, batch.Len())
	for i := range batch.Len() {
		if tape := batch.Tape(i); len(tape) <= d.maxRecord {
			tapes = append(tapes, tape)
		} else {
			said.Reject(i, fmt.Errorf("queuecore: a record of %d bytes: %w", len(tape), disklog.ErrTooLarge))
		}
	}
	if d.cfg.Sync == DiskSyncEach {
		last, err = d.synced.Append(tapes)
	} else {
		last, err = d.append(tapes)
	}
	switch {
	case err == nil:
		return last, said.With(nil)
	case errors.Is(err, disklog.ErrOverLimit) && batch.Len() == 1:
		said.Reject(0, fmt.Errorf("queuecore: a record of %d bytes: %w", len(tapes[0]), err))
		return d.log.Last(), said.With(nil)
	}
	return 0, d.failed(err)
}

// maxUnsynced is how many bytes DiskSyncGroup leaves to the sync in the background, which keeps a copy of them. With more, or with more
// files than should be open, an Append waits for the disk.
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

// failed makes an error of the log one of an engine's: all but one may be over later.
func (d *Disk) failed(err error) error {
	if errors.Is(err, disklog.ErrClosed) {
		return fmt.Errorf("queuecore: %w", ErrClosed)
	}
	return &base.RetryError{Err: fmt.Errorf("queuecore: %w", err)}
}

// syncSoon has records synced that were just appended.
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

// syncGroup is what the timer does. Of a disk that does not answer no more than one waits.
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

// Sync puts everything that was appended on the disk. The queue in front calls it for a record above Error. After an error it is not
// known what is there; with DiskSyncGroup and DiskSyncEach that is written again and tried again, and with DiskSyncNever the next
// Sync is about the records that come.
func (d *Disk) Sync() error {
	if err := d.log.Sync(); err != nil {
		return d.failed(err)
	}
	return nil
}

// Read implements Queue. It gives up to a mebibyte of records at once.
func (d *Disk) Read(ctx context.Context, cursor string, batch *base.Batch) (uint64, error) {
	for {
		ended := ctx.Err() // before the look: what came before the end is read
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
		if err := record.Parse(tape); err != nil { // of another version of this package, or not of this package
			d.report.Failed(err, 1)
			return false
		}
		batch.Add(tape)
		return true
	})
	if err != nil && last == 0 {
		return 0, d.failed(err)
	}
	if passed := r.Passed(); last == 0 && passed > acked { // nothing of this is to be had: it makes room
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

// Forget has nothing kept any more for a cursor whose target is gone, or has another name now. As long as a Disk knows of it what it has not
// acknowledged stays, until there is no room for more, and the error of Append says for whom. A cursor that is in use would begin anew
// with the oldest record that there is. One that is not known is no error.
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

// Close implements Queue. It syncs what DiskSyncGroup has not synced yet, and removes nothing. For a disk that does not answer it waits
// until ctx is done; what was appended is in the system's hands then.
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
		go func() { _ = d.log.Close() }() // which may have to wait as well
		return fmt.Errorf("queuecore: DiskConfig.Dir: %s does not answer: %w", d.cfg.Dir, ctx.Err())
	}
}
