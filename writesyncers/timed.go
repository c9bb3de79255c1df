package writesyncers

import (
	"errors"
	"io/fs"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"example.com/zaphandlers/writesyncers/internal/writer"

	"go.uber.org/zap/zapcore"
)

// TimedRotatingFileConfig says which file, when it rolls over, and what becomes of the backups. The zero value of every
// field but Path is its default.
type TimedRotatingFileConfig struct {
	// Path of the file being written. Required. It is made absolute at construction, and a symbolic link is followed.
	Path string

	// When, Interval, AtTime and Location say when the file rolls over; see Schedule. Default to every hour, local time.
	When     string
	Interval int
	AtTime   string
	Location *time.Location

	// Next replaces When, Interval and AtTime, which are then an error. It gets a time in Location and returns the end of the period
	// that contains it, a later time. The Next method of a cron expression can be used. Backups are named, to the second, for the
	// rollover that began their period. Next must be pure. It runs under the writer's lock: if it does not return, the writer
	// stops. If it panics, or returns no later time (such as the zero time of a cron expression that never comes true again), OnError is
	// told, the file does not roll over by time, and Next is called again after a minute. Defaults to nil: When decides.
	Next func(t time.Time) time.Time

	// MaxBytes, if it is set, makes the file roll over by size as well; see RotatingFileConfig. The backups of one period
	// are then Path.DATE, Path.DATE.1, Path.DATE.2 and so on, the oldest first.
	MaxBytes int64

	// BackupCount is the number of backups kept, the latest by their names (Python: getFilesToDelete); a Namer may put the date
	// elsewhere in the name. For the same time, a name of an earlier When counts as older than one of today's. A name of a time that is
	// still to come, because the clock was put back, counts as older than all.
	//
	// Some names do not tell the order: those of the hour that comes twice when summer time ends, those of another time zone, and those
	// of different units (an hour that began before a minute may end after it). There the time of the last write decides.
	//
	// Defaults to 0: all are kept, as in Python. -1 means the same.
	BackupCount int

	// Delay opens the file at the first record; that record's Write then returns an error of opening.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644. After a rollover the next file gets the
	// permissions of the one before.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask).
	MakeDirs bool

	// Encode turns a record into the character set of the file; see FileConfig.
	Encode func(dst, src []byte) ([]byte, error)

	// Namer, Rotator, ShouldRollover (which replaces the rule of MaxBytes, not of time), Compress, MaxAge, MaxTotalBytes,
	// OnRotate, Symlink, Header, Fsync, FsyncEvery, Buffer, FlushEvery and Shared are those of RotatingFileConfig. For a Shared file
	// with When S, M, H or D, all processes count the period from when the file was made, even if it was made because of MaxBytes.
	Namer          func(name string) string
	Rotator        func(src, dst string) error
	ShouldRollover func(size int64, n int) bool
	Compress       string
	MaxAge         time.Duration
	MaxTotalBytes  int64
	OnRotate       func(path, backup string)
	Symlink        string
	Header         string
	Fsync          FsyncPolicy
	FsyncEvery     time.Duration
	Buffer         int
	FlushEvery     time.Duration
	Shared         bool

	// Clock tells the time. Defaults to nil: the system's, which costs a record nothing because a timer watches it. A Clock of
	// your own is called before every record, under the writer's lock: it must not log to this writer.
	Clock zapcore.Clock

	// OnError is called with an error for which no caller waits, such as a refused rotation: once when it begins, once
	// when it is over. It runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// TimedRotatingFile is a file that is replaced by the next at certain times. It is Python's
// logging.handlers.TimedRotatingFileHandler, with its times and names, and better in these points:
//
//   - it also rolls over while nothing is logged;
//   - an empty file stays;
//   - a backup name that is taken is not overwritten, and no obstacle: the next backup gets a number;
//   - when the clock is put back, a new period begins at once, and does not wait until the clock comes round.
//
// A file that already exists belongs to the period in which it was made or, if that is earlier or the file system does not know, last
// written (as in Python 3.16). So a program that is started often rolls over, too. If that period has ended, the file is rolled over when
// it is opened, once. A timer checks the clock at the end of the period and every minute: a record written in the same millisecond may
// still go into the old file.
//
// A path that is not a regular file is written to and never rotated.
type TimedRotatingFile struct{ *sink }

// NewTimedRotatingFile opens the file; with Delay it leaves that to the first record. The error names the field that is wrong, or
// says why the file cannot be opened.
func NewTimedRotatingFile(cfg TimedRotatingFileConfig) (*TimedRotatingFile, error) {
	schedule := Schedule{cfg.When, cfg.Interval, cfg.AtTime, cfg.Location}
	if cfg.Next != nil {
		if cfg.When != "" || cfg.Interval != 0 || cfg.AtTime != "" {
			return nil, errors.New("writesyncers: Next and When, Interval or AtTime exclude each other")
		}
		schedule = Schedule{When: "S", Location: cfg.Location}
	}
	if err := schedule.Check(); err != nil {
		return nil, err
	}
	s, err := rolling{
		maxBytes: cfg.MaxBytes, backupCount: cfg.BackupCount, namer: cfg.Namer, rotator: cfg.Rotator, should: cfg.ShouldRollover,
		compress: cfg.Compress, maxAge: cfg.MaxAge, maxTotalBytes: cfg.MaxTotalBytes, onRotate: cfg.OnRotate,
		periods: &timedPeriods{schedule, cfg.Next, cfg.Clock},
	}.open(options{
		path: cfg.Path, delay: cfg.Delay, perm: cfg.Perm, makeDirs: cfg.MakeDirs, encode: cfg.Encode, header: cfg.Header,
		fsync: cfg.Fsync, fsyncEvery: cfg.FsyncEvery, buffer: cfg.Buffer, flushEvery: cfg.FlushEvery, symlink: cfg.Symlink,
		shared: cfg.Shared, onError: cfg.OnError,
	})
	if err != nil {
		return nil, err
	}
	return &TimedRotatingFile{s}, nil
}

// Rollover rolls the file over now, unless it is empty, and returns when compression, hooks and retention are done, too (Python:
// doRollover). With When S, M, H or D the next period begins now, as in Python; but if the file is Shared and has a Clock of yours, the
// period still ends when it would have. A file that Delay has left unopened is opened first. Called by a hook it does not wait for that
// hook; for a hook that does not return it waits 10 s. For a pipe it is Sync.
func (f *TimedRotatingFile) Rollover() error { return writer.Rollover(f.w) }

// Backups returns the paths of the backups, the newest first. A pipe has none.
func (f *TimedRotatingFile) Backups() ([]string, error) { return writer.Backups(f.w) }

// timedPeriods are the periods of a TimedRotatingFile.
type timedPeriods struct {
	schedule Schedule
	next     func(time.Time) time.Time // replaces schedule, if it is not nil
	clock    zapcore.Clock             // nil: the system's
}

func (c *timedPeriods) period(cfg *writer.Config) *rotation.Period {
	next, start := c.schedule.Next, c.schedule.Start
	if c.next != nil {
		next, start = func(t time.Time) time.Time { return c.next(t.In(c.schedule.location())) }, nil
	}
	var now func() time.Time
	if c.clock != nil {
		now = c.clock.Now
	}
	period := rotation.NewPeriod(next, start, now, " of "+cfg.Path, cfg.Report)
	period.OfFile = cfg.File.Shared && start != nil && !c.schedule.calendar() && !period.Custom()
	return period
}

func (c *timedPeriods) dates(cfg *writer.Config) backups.Dated {
	s := c.schedule
	var period func(time.Time) time.Time
	if c.next == nil && s.calendar() {
		period = func(t time.Time) time.Time { return s.Start(s.Next(t)) }
	}
	var now func() time.Time
	if c.clock != nil {
		now = func() time.Time { return cfg.Period.Now() }
	}
	return &backups.Dates{Layout: s.unit().layout, Location: s.location(), Period: period, Now: now, Starts: func(modified time.Time) []time.Time {
		if c.next != nil {
			return []time.Time{modified}
		}
		start := s.Start(s.Next(modified))
		if s.calendar() {
			return []time.Time{start}
		}
		return []time.Time{start, start.Add(-s.length())}
	}}
}
