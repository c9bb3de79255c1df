package queuecore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"example.com/zaphandlers/queuecore/internal/segments"
	"example.com/zaphandlers/queuecore/internal/spool"
	base "example.com/zaphandlers/zapcore"
)

// DiskConfig makes a Disk.
type DiskConfig struct {
	// Dir is the directory of the files. It is made if there is none, and one Disk at a time can have it. Required.
	Dir string
	// MaxBytes bounds the files: a record takes its tape, of about 230 bytes for an entry with ten fields, and 16 bytes beside it.
	// When they have as many Append asks for patience, so that the queue in front fills and its Overflow decides. Defaults to 1 GiB;
	// at least 64 KiB.
	MaxBytes int64
	// SegmentBytes is how large a file gets before the next one begins. A file is removed when every cursor has passed it.
	// Defaults to 16 MiB, or an eighth of MaxBytes if that is less.
	SegmentBytes int64
	// SyncInterval is how often what was appended is made safe from a loss of power (fdatasync); what the process is killed with is
	// safe anyway. Negative: with each Append. Sync does so as well, and with it the Write of a record above Error, whatever is
	// said here. Defaults to 0: the kernel writes when it likes, mostly within half a minute.
	SyncInterval time.Duration
	// OnError is told of what is damaged, once each, and of a sync that failed. Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

func (cfg DiskConfig) withDefaults() (DiskConfig, error) {
	const least = 64 << 10
	switch {
	case cfg.Dir == "":
		return cfg, errors.New("queuecore: DiskConfig.Dir is required")
	case cfg.MaxBytes != 0 && cfg.MaxBytes < least:
		return cfg, fmt.Errorf("queuecore: DiskConfig.MaxBytes is %d, less than %d", cfg.MaxBytes, least)
	case cfg.SegmentBytes < 0:
		return cfg, fmt.Errorf("queuecore: DiskConfig.SegmentBytes is %d", cfg.SegmentBytes)
	}
	interval := duration{"SyncInterval", cfg.SyncInterval, time.Millisecond, "time.Second"}
	if err := interval.check(); err != nil {
		return cfg, fmt.Errorf("queuecore: DiskConfig.%w", err)
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 1 << 30
	}
	if cfg.SegmentBytes == 0 {
		cfg.SegmentBytes = min(16<<20, cfg.MaxBytes/8)
	}
	if cfg.SegmentBytes > cfg.MaxBytes/2 {
		return cfg, fmt.Errorf("queuecore: DiskConfig.SegmentBytes is %d, more than half of MaxBytes, which is %d", cfg.SegmentBytes, cfg.MaxBytes)
	}
	return cfg, nil
}

// Disk is an engine that keeps records in files, for what outgrows memory or must outlive the machine: segments that are appended to,
// and a cursor for each reader. What Append has taken survives the process, and after Sync a loss of power. Opening never fails on bad
// data: a torn tail is cut off, a damaged record is passed over and counted. Close deletes nothing.
//
// On Linux, macOS and the BSDs; elsewhere NewDisk returns an error that wraps errors.ErrUnsupported.
type Disk struct {
	log     *segments.Log
	report  *base.Reporter
	once    sync.Once
	stop    chan struct{} // closed by Close
	stopped chan struct{} // closed when no syncPeriodically runs
}

var _ Queue = (*Disk)(nil)

// NewDisk opens the engine in a directory. An error names the field that is missing or wrong. It starts a goroutine only for a
// SyncInterval, which Close ends.
func NewDisk(cfg DiskConfig) (*Disk, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("queuecore: DiskConfig.Dir: %w", err)
	}
	lock, err := spool.LockDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("queuecore: DiskConfig.Dir: %w", err)
	}
	d := &Disk{report: base.NewReporter("queuecore", cfg.OnError), stop: make(chan struct{}), stopped: make(chan struct{})}
	d.log, err = segments.Open(segments.Config{
		Dir: cfg.Dir, MaxBytes: cfg.MaxBytes, SegmentBytes: cfg.SegmentBytes, SyncEach: cfg.SyncInterval < 0,
		OnError: func(err error) { d.report.Failed(err, 0) },
	}, lock)
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("queuecore: DiskConfig.Dir: %w", err)
	}
	if cfg.SyncInterval > 0 {
		go d.syncPeriodically(cfg.SyncInterval)
	} else {
		close(d.stopped)
	}
	return d, nil
}

func (d *Disk) syncPeriodically(interval time.Duration) {
	defer close(d.stopped)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := d.Sync(); err != nil {
				d.report.Failed(err, 0)
			} else {
				d.report.Recovered()
			}
		case <-d.stop:
			return
		}
	}
}

// Append implements Queue. A queue that is full, and a disk that is, return a *RetryError.
func (d *Disk) Append(batch *base.Batch) (last uint64, err error) { return d.log.Append(batch) }

// Read implements Queue.
func (d *Disk) Read(ctx context.Context, cursor string, batch *base.Batch) (last uint64, err error) {
	return d.log.Read(ctx, cursor, batch)
}

// Ack implements Queue.
func (d *Disk) Ack(cursor string, number uint64) error { return d.log.Ack(cursor, number) }

// Sync makes what was appended safe from a loss of power. If the disk fails at that, the last segment is written to another file.
func (d *Disk) Sync() error { return d.log.Sync() }

// Close syncs and releases the files. The second and later calls return nil.
func (d *Disk) Close(ctx context.Context) error {
	d.once.Do(func() { close(d.stop) })
	select {
	case <-d.stopped:
	case <-ctx.Done():
	}
	return d.log.Close(ctx)
}

// DiskStats is what a Disk holds.
type DiskStats struct {
	Bytes   int64  `json:"bytes"`   // of its segments
	Records uint64 `json:"records"` // that some cursor has not acknowledged
	Damaged uint64 `json:"damaged"` // records, segments and cursors that could not be read since it was opened
}

// Stats returns what d holds.
func (d *Disk) Stats() DiskStats {
	bytes, records, damaged := d.log.Stats()
	return DiskStats{bytes, records, damaged}
}
