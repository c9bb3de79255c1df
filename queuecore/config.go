package queuecore

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/queuecore/internal/spool"
	base "example.com/zaphandlers/zapcore"
)

// Config configures a Core. For durations, 0 is the default and a negative value means no bound. A duration too short to be meant,
// as a number without a unit is, which counts nanoseconds, is an error.
type Config struct {
	// Targets get the records, each on a goroutine of its own. Required. Each member of a Tee becomes a target. The
	// queue does not close their Cores.
	Targets []TargetConfig
	// Level decides which records are taken, in addition to the levels of the targets. Defaults to everything.
	Level zapcore.LevelEnabler

	// MaxBytes bounds what the queue holds: tapes, of about 230 bytes for an entry with ten fields, and 24 bytes for each record.
	// Defaults to 32 MiB. Memory is taken as needed, and released when no record has come for 10 s. Up to one batch for each target
	// comes on top.
	MaxBytes int

	// Spool is a directory for a file in which the queue's memory lies, so that accepted records survive the process: kill -9, a
	// panic, the out-of-memory killer, but not a loss of power. The next New with this directory delivers, in order, what each target
	// has not got, by its Name. A target gets the batch or two again that it was working on. A target with a new Name gets all records
	// that are left. Records left for a Name that is gone are reported to OnError, unless some Name is new. Records that Close cannot
	// deliver in time are not dropped but stay for the next New. Records of a former process count as accepted, and as skipped
	// for a target that has had them.
	//
	// The path is made absolute at construction, so that a later chdir changes nothing. A missing directory is made; one process at a
	// time can use it. It takes twice MaxBytes and up to 2 MiB on the disk, and twice that for a moment when New finds
	// records. While the queue runs nobody may truncate the file, nor may its file system go away, as FUSE can: a store into a mapping
	// without a file ends the process (SIGBUS).
	//
	// A target with Ack must confirm each batch before it is removed. Leave out the Buffer of a file, which is memory of the process: the
	// queue writes whole batches anyway. A Write costs about 20 ns more, and allocates nothing. Linux, macOS and the BSDs only; an error
	// elsewhere. Defaults to none.
	Spool string
	// Overflow says what happens to a record that finds no room. Defaults to Block.
	Overflow Overflow
	// OverflowByLevel overrides Overflow for the levels in it.
	OverflowByLevel map[zapcore.Level]Overflow
	// BlockTimeout is how long Write waits for room. Defaults to 100 ms.
	BlockTimeout time.Duration
	// BlockTimeoutError is how long Write waits for room for a record of Error or above. Defaults to 5 s.
	BlockTimeoutError time.Duration

	// DrainTimeout is how long Sync and Close wait for the targets. Defaults to 10 s.
	DrainTimeout time.Duration
	// FatalTimeout is how long Write waits until every target has delivered an entry above Error and what was queued before it.
	// When a quarter of it has passed, the entry overtakes the records before it, which follow. Defaults to 5 s.
	FatalTimeout time.Duration

	// Prepare may change or drop each record on the goroutine that logs it, before it is queued. It costs a dozen
	// allocations, because the fields must be made from their recorded form. A record at which it panics is refused. It may log to the
	// queue: such records are prepared too, and refused when the calls are nested too deep. Defaults to none.
	Prepare Prepare
	// PrepareDelivery may change or drop each record for each target, on the goroutine that delivers it. A record at which it panics is
	// dropped. Defaults to none.
	PrepareDelivery Prepare

	// OnDrop gets each drop: how many records (Drop.Records), for which target, of which level and why. It is called
	// by the goroutine that drops them, which may be one that logs, and may log to the queue. The call allocates nothing.
	// Defaults to none: Targets has the counts.
	OnDrop func(Drop)
	// OmitNotice leaves out the record "records dropped" that a target gets when it has caught up after drops.
	OmitNotice bool
	// OnError gets the errors that no caller waits for: a target that fails, once, and once more when it works again. It may log to
	// the queue. Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

// Overflow says what happens to a record that finds no room. Under every policy a record of Error or above takes the room of lower
// ones before it is dropped or refused. A record above Error is never dropped for lack of room: it takes the room of any other, or
// waits for BlockTimeoutError, after which Write returns ErrFull. It is not evicted while its Write waits for its delivery.
type Overflow uint8

// The policies.
const (
	// Block makes Write wait, for BlockTimeout or BlockTimeoutError, and then return ErrFull. Waiting producers are served in turn, those
	// with records above Error first, then those with Error.
	Block Overflow = iota
	// DropNewest drops the record. Write returns nil.
	DropNewest
	// DropOldest drops the oldest records that some target has not begun to deliver, for that target, until there is
	// room: those below Error first, and those of Error only for a record of Error or above. If that does not make room, the
	// record itself is dropped.
	DropOldest
	// WriteThrough makes Write deliver the record to all targets itself, once, ahead of the queued records. A record above Error waits as
	// with Block, because it may need more than one attempt.
	WriteThrough

	policies
)

// maxTargets is how many targets there may be: an arena counts skips in one byte.
const maxTargets = 255

// minBytes is the least that MaxBytes may be.
const minBytes = 4 << 10

func (cfg Config) withDefaults() (Config, error) {
	cfg.Targets = flatten(cfg.Targets)
	cfg.OverflowByLevel = maps.Clone(cfg.OverflowByLevel)
	for level, policy := range cfg.OverflowByLevel {
		if policy >= policies {
			return cfg, fmt.Errorf("queuecore: Config.OverflowByLevel[%v] is %d: it is Block, DropNewest, DropOldest or WriteThrough", level, policy)
		}
	}
	switch {
	case cfg.Overflow >= policies:
		return cfg, fmt.Errorf("queuecore: Config.Overflow is %d: it is Block, DropNewest, DropOldest or WriteThrough", cfg.Overflow)
	case len(cfg.Targets) == 0:
		return cfg, errors.New("queuecore: Config.Targets is required")
	case len(cfg.Targets) > maxTargets:
		return cfg, fmt.Errorf("queuecore: Config.Targets has %d members, more than %d", len(cfg.Targets), maxTargets)
	case cfg.MaxBytes != 0 && cfg.MaxBytes < minBytes:
		return cfg, fmt.Errorf("queuecore: Config.MaxBytes is %d, less than %d", cfg.MaxBytes, minBytes)
	}
	err := base.CheckIntervals(
		base.Interval{Field: "BlockTimeout", Value: cfg.BlockTimeout, Shortest: 100 * time.Microsecond, Example: "100 * time.Millisecond"},
		base.Interval{Field: "BlockTimeoutError", Value: cfg.BlockTimeoutError, Shortest: 100 * time.Microsecond, Example: "5 * time.Second"},
		base.Interval{Field: "DrainTimeout", Value: cfg.DrainTimeout, Shortest: time.Millisecond, Example: "10 * time.Second"},
		base.Interval{Field: "FatalTimeout", Value: cfg.FatalTimeout, Shortest: time.Millisecond, Example: "5 * time.Second"},
	)
	if err != nil {
		return cfg, fmt.Errorf("queuecore: Config.%w", err)
	}
	setDefault(&cfg.MaxBytes, 32<<20)
	setDefault(&cfg.BlockTimeout, 100*time.Millisecond)
	setDefault(&cfg.BlockTimeoutError, 5*time.Second)
	setDefault(&cfg.DrainTimeout, 10*time.Second)
	setDefault(&cfg.FatalTimeout, defaultFatalTimeout)
	if err := setTargetDefaults("Config", cfg.Targets); err != nil || cfg.Spool == "" {
		return cfg, err
	}
	if cfg.Spool, err = filepath.Abs(cfg.Spool); err != nil {
		return cfg, fmt.Errorf("queuecore: Config.Spool: %w", err)
	}
	return cfg, checkNames(cfg.Targets)
}

// checkNames returns an error if the targets' names cannot be those of cursors in a spool.
func checkNames(targets []TargetConfig) error {
	seen := make(map[string]bool)
	for i, t := range targets {
		switch {
		case seen[t.Name]:
			return fmt.Errorf("queuecore: Config.Targets has two of the Name %q, of which each has a cursor in Config.Spool", t.Name)
		case len(t.Name) > spool.MaxName:
			return fmt.Errorf("queuecore: Config.Targets[%d].Name is of %d bytes, more than the %d that Config.Spool has room for", i, len(t.Name), spool.MaxName)
		}
		seen[t.Name] = true
	}
	return nil
}

func setDefault[T int | float64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// everything is the lowest level there is.
const everything = zapcore.Level(-128)

// DiskSync says when a Disk makes records safe from a loss of power (fdatasync). Appended records survive the end of the
// process, kill -9 included, with each of them.
type DiskSync int

const (
	// DiskSyncNever leaves it to the system, which takes some seconds, and to Sync, which the queue calls for a record above Error.
	DiskSyncNever DiskSync = iota
	// DiskSyncGroup syncs in the background, GroupEvery after a record, or at once when GroupRecords wait.
	DiskSyncGroup
	// DiskSyncEach syncs before Append returns: once for a batch.
	DiskSyncEach
)

// DiskConfig configures a Disk. The zero value of every field but Dir is its default.
type DiskConfig struct {
	// Dir is the folder, made if it is missing. Required. It is made absolute at construction, so that a later chdir changes nothing. A
	// second Disk on the same folder, in this process or another, is an error.
	Dir string

	// MaxBytes bounds the size of all files together; an empty Disk also takes one batch that is larger. A full Disk returns
	// a *RetryError, so that the queue in front keeps its records and its overflow policy decides. A Disk may be full because of a
	// target that is gone or renamed: see Forget. Defaults to 1 GiB; negative means no bound.
	MaxBytes int64

	// SegmentBytes is the size at which a new file is begun. A file is removed when every target is done with it. Defaults to 64 MiB, or an
	// eighth of MaxBytes if that is less. No more than 64 files are kept open, not counting those still to be synced.
	SegmentBytes int64

	// Sync defaults to DiskSyncNever.
	Sync DiskSync

	// GroupEvery is for DiskSyncGroup: how long after a record the sync begins. Defaults to 100 ms; an error with another Sync.
	GroupEvery time.Duration
	// GroupRecords is for DiskSyncGroup: how many waiting records begin a sync at once. Defaults to 4096; an error with another Sync.
	GroupRecords int

	// OnError gets the errors that no caller waits for: a failed sync in the background, a damaged file that is put aside.
	// Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

// DiskStats counts what has happened to a Disk since it was opened.
type DiskStats struct {
	Damaged uint64 `json:"damaged"` // lost records: their bytes have changed on the disk, are gone, or make no sense
	Aside   uint64 `json:"aside"`   // unreadable files, put aside under a name that ends in .damaged
	Torn    int64  `json:"torn"`    // bytes that a killed process left half written, cut off at opening
	Suspect uint64 `json:"suspect"` // syncs that failed, after which records were written again

	Bytes    int64 `json:"bytes"`    // size of all files, now
	Unsynced int64 `json:"unsynced"` // bytes of records that are still to be synced; 0 with DiskSyncNever
}

const (
	defaultDiskBytes    = 1 << 30
	defaultGroupEvery   = 100 * time.Millisecond
	defaultGroupRecords = 4096
)

func (c DiskConfig) withDefaults() (DiskConfig, error) {
	if c.Sync != DiskSyncGroup && (c.GroupEvery != 0 || c.GroupRecords != 0) {
		return c, errors.New("queuecore: DiskConfig.GroupEvery and GroupRecords have an effect only with Sync: DiskSyncGroup")
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = defaultDiskBytes
	}
	if c.GroupEvery == 0 {
		c.GroupEvery = defaultGroupEvery
	}
	if c.GroupRecords == 0 {
		c.GroupRecords = defaultGroupRecords
	}
	switch {
	case c.Dir == "":
		return c, errors.New("queuecore: DiskConfig.Dir is required")
	case c.SegmentBytes < 0:
		return c, fmt.Errorf("queuecore: DiskConfig.SegmentBytes %d is negative", c.SegmentBytes)
	case c.Sync < DiskSyncNever || c.Sync > DiskSyncEach:
		return c, fmt.Errorf("queuecore: DiskConfig.Sync %d is unknown: DiskSyncNever, DiskSyncGroup or DiskSyncEach", c.Sync)
	case c.GroupEvery < time.Millisecond:
		return c, fmt.Errorf("queuecore: DiskConfig.GroupEvery %v: write a duration with its unit, such as 100*time.Millisecond", c.GroupEvery)
	case c.GroupRecords < 0:
		return c, fmt.Errorf("queuecore: DiskConfig.GroupRecords %d is negative", c.GroupRecords)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return c, fmt.Errorf("queuecore: DiskConfig.Dir: %w", err)
	}
	c.Dir = dir
	return c, nil
}
