package writesyncers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"example.com/zaphandlers/writesyncers/internal/writer"
)

// Gzip is the value of Compress that makes backups gzip files. Their names end in .gz.
const Gzip = "gzip"

// rolling are the fields that the Configs of both rotating files have in common.
type rolling struct {
	maxBytes      int64
	backupCount   int
	namer         func(name string) string
	rotator       func(src, dst string) error
	should        func(size int64, n int) bool
	compress      string
	maxAge        time.Duration
	maxTotalBytes int64
	onRotate      func(path, backup string)

	periods periods // nil: size alone decides
}

// periods decide when a file rolls over by time. It is an interface, with *timedPeriods as its only implementation, so that a
// program without a TimedRotatingFile links no schedules and no dates.
type periods interface {
	// period returns the period that the rotation goes by.
	period(cfg *writer.Config) *rotation.Period

	// dates returns how backups are named for times.
	dates(cfg *writer.Config) backups.Dated
}

func (c *rolling) check() error {
	switch {
	case c.maxBytes < 0:
		return fmt.Errorf("writesyncers: MaxBytes %d is negative", c.maxBytes)
	case c.backupCount < -1:
		return fmt.Errorf("writesyncers: BackupCount %d is less than -1", c.backupCount)
	case c.maxAge < 0:
		return fmt.Errorf("writesyncers: MaxAge %v is negative", c.maxAge)
	case c.maxTotalBytes < 0:
		return fmt.Errorf("writesyncers: MaxTotalBytes %d is negative", c.maxTotalBytes)
	case c.keepsNone():
		return fmt.Errorf("writesyncers: MaxTotalBytes %d is less than MaxBytes %d, so that each backup would go at once: make it MaxBytes times the backups to keep", c.maxTotalBytes, c.maxBytes)
	case c.compress != "" && c.compress != Gzip:
		return fmt.Errorf("writesyncers: Compress %q is unknown: there is %q, and \"\" for none", c.compress, Gzip)
	}
	return checkDuration("MaxAge", c.maxAge, time.Second)
}

// keepsNone reports whether MaxTotalBytes would remove each backup at once. That is certain only if size alone decides when the file
// rolls over, and backups are not compressed.
func (c *rolling) keepsNone() bool {
	return 0 < c.maxTotalBytes && c.maxTotalBytes < c.maxBytes && c.periods == nil && c.should == nil && c.rotator == nil && c.compress == ""
}

// rolls reports whether the file rolls over at all. A BackupCount of 0 means never, as in Python, unless another limit says how much
// to keep. If it never does, a field that has an effect only on a file that rolls over is an error.
func (c *rolling) rolls(o *options) (bool, error) {
	if c.periods != nil || c.backupCount != 0 || c.maxAge > 0 || c.maxTotalBytes > 0 {
		return true, nil
	}
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"Compress", c.compress != ""}, {"Namer", c.namer != nil}, {"Rotator", c.rotator != nil}, {"ShouldRollover", c.should != nil},
		{"OnRotate", c.onRotate != nil}, {"Shared", o.shared}, {"Fsync: FsyncOnRotate", o.fsync == FsyncOnRotate},
	} {
		if field.set {
			return false, fmt.Errorf("writesyncers: BackupCount is 0, so that the file never rolls over, and %s has no effect: set BackupCount to the number of backups to keep, -1 for all", field.name)
		}
	}
	return false, nil
}

// open opens a file with rotation, or without if it never rolls over.
func (c rolling) open(o options) (*sink, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	rolls, err := c.rolls(&o)
	if err != nil {
		return nil, err
	}
	cfg, err := o.config()
	if err != nil {
		return nil, err
	}
	if o.shared && !fsys.CanShare {
		return nil, fmt.Errorf("writesyncers: Shared: %w on this system", errors.ErrUnsupported)
	}
	if !rolls || neverRotated(cfg.Path) {
		cfg.File.Shared = false // without rotation there is nothing to agree upon
		return newSink(cfg)
	}
	if cfg.Path, err = resolveLinks(cfg.Path); err != nil {
		return nil, err
	}
	if err := c.configure(&cfg); err != nil {
		return nil, err
	}
	return openChecked(cfg)
}

// openChecked opens the file. It refuses Shared where the file system makes that unsafe, before anything is written there. If the
// directory does not exist yet, the writer checks once it has made it.
func openChecked(cfg writer.Config) (*sink, error) {
	if _, err := os.Stat(filepath.Dir(cfg.Path)); err == nil && cfg.File.Shared {
		if err := cfg.Rotation.CheckShared(); err != nil {
			return nil, fmt.Errorf("writesyncers: Shared: %s: %w", cfg.Path, err)
		}
	}
	return newSink(cfg)
}

// newBackups calls backups.New, and returns an error if the user's Namer, which New calls, does not return.
func newBackups(cfg backups.Config) (set *backups.Set, err error) {
	if cfg.Namer == nil {
		return backups.New(cfg)
	}
	made := make(chan *backups.Set, 1)
	err = writer.Within(rotation.StuckWait(), "Namer of "+cfg.Path, func() error {
		set, err := backups.New(cfg)
		made <- set
		return err
	})
	if err != nil {
		return nil, err
	}
	return <-made, nil
}

// configure adds the rotation to cfg.
func (c *rolling) configure(cfg *writer.Config) error {
	var dated backups.Dated
	if c.periods != nil {
		cfg.Period = c.periods.period(cfg)
		dated = c.periods.dates(cfg)
	}
	set, err := newBackups(backups.Config{
		Path: cfg.Path, Count: max(c.backupCount, 0), Namer: c.namer, Dated: dated, MaxAge: c.maxAge, MaxTotalBytes: c.maxTotalBytes,
		Compress: c.compress != "", Moves: c.rotator != nil, Step: func(name string) { rotation.Step(name) },
		Report: func(err error) { cfg.Report.Note("Namer of "+cfg.Path, err) },
		Moved:  func(err error) { cfg.Report.Note("move backups of "+cfg.Path, err) },
	})
	if err != nil {
		return err
	}
	cfg.Rotation = rotation.New(rotation.Config{
		Path: cfg.Path, MaxBytes: c.maxBytes, Should: c.should, Period: cfg.Period, Backups: set, Namer: c.namer != nil, Rotator: c.rotator,
		OnRotate: c.onRotate, Compress: c.compress != "", Shared: cfg.File.Shared, Sync: cfg.Sync != writer.SyncNever, Keep: max(c.backupCount, 0),
		Header: int64(len(cfg.Header)), File: cfg.File, Report: cfg.Report,
	})
	return nil
}
