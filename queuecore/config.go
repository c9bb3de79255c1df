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

// Config makes a Core. Durations: 0 is the default, negative means without a bound, and one that is too short for anybody to mean
// it, as a bare number is, which counts nanoseconds, is an error.
type Config struct {
	// Targets get the records, each by a goroutine of its own. Required. The members of a Tee become targets themselves. The
	// queue does not close their Cores.
	Targets []TargetConfig
	// Level decides which records are taken, beside what the targets want. Defaults to everything.
	Level zapcore.LevelEnabler

	// MaxBytes bounds what the queue holds: tapes, of about 230 bytes for an entry with ten fields, and 24 bytes beside each.
	// Defaults to 32 MiB. Memory is taken as needed, and given back when no record has come for 10 s; up to one batch a target
	// comes on top.
	MaxBytes int
	// Spool is a directory in which the queue's memory lies as a file, so that what it has accepted survives the process: kill -9, a
	// panic, the out-of-memory killer, though not a loss of power. It is made absolute at construction, so that a later chdir changes
	// nothing. The next New with this directory delivers what a target has not got yet, by the target's Name and in order; a target gets
	// again what it had in hand when the process ended, a batch or two. A target of a Name that was not there gets all that is left; what was
	// left for one that is there no more is told, unless there is a new one. What Close cannot deliver in time is not dropped but stays for
	// the next time. The directory is made if there is none, and takes twice MaxBytes and up to 2 MiB on the disk, and twice that for
	// a moment at a start that finds records; one process at a time can have it. Nobody must cut the file meanwhile, nor may its file
	// system go, as one of FUSE can: a store into a mapping that has no file behind it ends the process (SIGBUS). What a former process
	// left counts as accepted, and as skipped for a target that has had it. A target with Ack is asked for its confirmation after each
	// batch; the Buffer of a file is memory of the process, so leave it out: a queue writes a batch at a time as it is. A Write costs
	// about 20 ns more, and allocates nothing. On Linux, macOS and the BSDs; an error elsewhere. Defaults to none.
	Spool string
	// Overflow says what happens to a record that finds no room. Defaults to Block.
	Overflow Overflow
	// OverflowByLevel says it for the levels in it.
	OverflowByLevel map[zapcore.Level]Overflow
	// BlockTimeout is how long Write waits for room. Defaults to 100 ms.
	BlockTimeout time.Duration
	// BlockTimeoutError is the same for records of Error and above. Defaults to 5 s.
	BlockTimeoutError time.Duration

	// DrainTimeout is how long Sync and Close wait for the targets. Defaults to 10 s.
	DrainTimeout time.Duration
	// FatalTimeout is how long Write waits until an entry above Error, and what was queued before it, has arrived everywhere.
	// When a quarter of it has passed the entry need not wait for its turn any longer: it goes ahead of what is queued, which
	// follows. Defaults to 5 s.
	FatalTimeout time.Duration

	// Prepare may change each record, or drop it, on the goroutine that logs it and before it is queued. It costs a dozen
	// allocations, for fields that are recorded need not exist as such. A record at which it panics is refused. It may log to the queue;
	// what it logs about that record is prepared as well, and refused once there are some in each other. Defaults to none.
	Prepare Prepare
	// PrepareDelivery is the same on the goroutine that delivers it, for each target; a record at which it panics is dropped.
	// Defaults to none.
	PrepareDelivery Prepare

	// OnDrop is told of records that are dropped: of how many (Drop.Records), for which target, of which level and why. It is called
	// by the goroutine that drops them, which may be one that logs, and may log to the queue; telling it allocates nothing.
	// Defaults to none: Targets has the counts.
	OnDrop func(Drop)
	// OmitNotice leaves out the record "records dropped" that a target gets when it has caught up after a gap.
	OmitNotice bool
	// OnError is told what no caller waits for: a target that fails, once, and once more when it works again. It may log to
	// the queue. Defaults to a line on stderr, in zap's form.
	OnError func(error)
}

// Overflow is what happens to a record that finds no room. Whatever it is, a record of Error or above takes the room of lower
// ones before it is dropped or refused; and one above Error is never dropped for want of room: it takes the room of all others, else
// waits for BlockTimeoutError, and then Write returns ErrFull. It is not evicted either as long as its Write waits for its delivery.
type Overflow uint8

// The policies.
const (
	// Block makes Write wait, for BlockTimeout or BlockTimeoutError, and then return ErrFull. Who waits is served in turn, records
	// above Error first, then those of Error.
	Block Overflow = iota
	// DropNewest drops the record. Write returns nil.
	DropNewest
	// DropOldest drops the oldest records that some target has not begun to deliver, for that target, until there is
	// room: those below Error first, and those of Error for one of Error or above only. Where there is nothing that it may take the room
	// of the record is dropped itself.
	DropOldest
	// WriteThrough makes Write deliver the record to all targets itself, once, ahead of those that are queued. One above Error waits as
	// with Block, for it may have to be tried again.
	WriteThrough

	policies
)

// maxTargets is how many readers an arena can count skips of.
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

// checkNames tells whether the targets can have cursors in a spool.
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

// DiskSync says when a Disk asks the system to put records on the disk (fdatasync). Whatever it says, records that were appended
// survive the end of the process, kill -9 included; it is about a loss of power.
type DiskSync int

const (
	// DiskSyncNever leaves it to the system, which takes some seconds, and to Sync: a record above Error asks for that.
	DiskSyncNever DiskSync = iota
	// DiskSyncGroup syncs in the background, GroupEvery after a record or when GroupRecords have come.
	DiskSyncGroup
	// DiskSyncEach syncs before Append returns: once for a batch.
	DiskSyncEach
)

// DiskConfig says where a Disk keeps its records. The zero value of every field but Dir is its default.
type DiskConfig struct {
	// Dir is the folder, made if it is missing. Required. It is made absolute at construction, so that a later chdir changes nothing. A
	// second Disk on the same folder, in this process or another, is an error.
	Dir string

	// MaxBytes bounds the files together; a batch that is larger than that is taken by a Disk that is empty. A Disk that is full returns
	// a *RetryError, so that the queue in front keeps its records and its own overflow policy decides. It may be full for a target that
	// is gone, or has another name now: see Forget. Defaults to 1 GiB; negative: no bound.
	MaxBytes int64

	// SegmentBytes is the size of a file. A file goes when every target has all of it. Defaults to 64 MiB, or an eighth of
	// MaxBytes if that is less. No more than 64 of them are kept open, those aside that are still to be synced.
	SegmentBytes int64

	// Sync defaults to DiskSyncNever.
	Sync DiskSync

	// GroupEvery and GroupRecords are for DiskSyncGroup; with another Sync they are an error. They default to 100 ms and 4096.
	GroupEvery   time.Duration
	GroupRecords int

	// OnError hears what goes wrong where no caller waits for an answer: a sync in the background, a damaged file that is put aside.
	// Defaults to nil: standard error.
	OnError func(error)
}

// DiskStats counts what a Disk has met since it was opened.
type DiskStats struct {
	Damaged uint64 `json:"damaged"` // records whose bytes have changed on the disk, are gone, or cannot be understood: lost
	Aside   uint64 `json:"aside"`   // files of which nothing can be read, put aside under a name that ends in .damaged
	Torn    int64  `json:"torn"`    // bytes that a killed process left half written, cut off at opening
	Suspect uint64 `json:"suspect"` // syncs that failed, after which records were written again

	Bytes    int64 `json:"bytes"`    // of all files, now
	Unsynced int64 `json:"unsynced"` // of records that are to be synced and are not yet; 0 with DiskSyncNever
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
