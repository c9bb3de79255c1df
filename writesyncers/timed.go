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

	// Next replaces When, Interval and AtTime, which are an error then: it returns the end of the period that t, a time in Location, is
	// in, which is later than t. The Next method of a cron expression is one. Backups are then named to the second, for the last rollover
	// before. It must be pure: it runs under the writer's lock, and one that does not return stops the writer. If it panics, or returns
	// no later time, as the zero time of an expression that never comes true again, OnError hears it, the file does not roll over by
	// time, and Next is asked again after a minute. Defaults to nil: When decides.
	Next func(t time.Time) time.Time

	// MaxBytes, if it is set, has the file roll over by size as well; see RotatingFileConfig. The backups of one period
	// are then Path.DATE, Path.DATE.1, Path.DATE.2 and so on, the oldest first.
	MaxBytes int64

	// BackupCount is the number of backups kept, the latest by their names, where those of an earlier When count as older than those that
	// today's names for the same time, and those of a time that is still to come (the clock was put back) as older than all. Where a name
	// does not tell, as in the hour that comes twice when summer time ends, because it is of another zone, or beside one by another unit (an
	// hour that began before a minute may end after it), the time of the last write does. A Namer that puts the date elsewhere in the name
	// is understood (Python: getFilesToDelete). Defaults to 0: all are kept, as in Python. -1 says the same.
	BackupCount int

	// Delay puts off opening to the first record. An error of opening is then that record's error.
	Delay bool

	// Perm are the permissions of a new file, less the umask. Defaults to 0644. The files that follow by rotation have
	// those of the file they follow.
	Perm fs.FileMode

	// MakeDirs makes the directories of Path that are missing (0755, less the umask).
	MakeDirs bool

	// Encode turns a record into the character set of the file; see FileConfig.
	Encode func(dst, src []byte) ([]byte, error)

	// Namer, Rotator, ShouldRollover (which decides about MaxBytes, not about time), Compress, MaxAge, MaxTotalBytes,
	// OnRotate, Symlink, Header, Fsync, FsyncEvery, Buffer, FlushEvery and Shared are those of RotatingFileConfig. With S, M, H and D all
	// processes count the period of a Shared file from when that file was made, be it because of its size.
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

	// Clock tells the time. Defaults to nil: the system's, which costs a record nothing because a timer watches it. One of
	// your own is asked before every record, under the writer's lock: it must not log to it.
	Clock zapcore.Clock

	// OnError hears what goes wrong where no caller waits for an answer, as a refused rotation: once when it begins, once
	// when it is over. It runs outside every lock. Defaults to nil: standard error.
	OnError func(error)
}

// TimedRotatingFile is a file that gives way to the next at certain times: Python's
// logging.handlers.TimedRotatingFileHandler, with its times and names. It does better in these points: it rolls over when
// nothing is logged, too; an empty file stays; a backup name that exists already is neither overwritten nor an obstacle
// (the next gets a number); and a clock put back starts the period anew instead of waiting for the clock to come round.
//
// A file whose period ended while nobody wrote to it is rolled over when it is opened, once. The period of a file that is found is that
// in which it was made, or last written if that is earlier or the file system does not know (as in Python 3.16), so that a program
// that starts often rolls over, too. A timer looks at the clock, at the end of the period and every minute: a record written in
// the very millisecond may still go into the old file.
//
// What is not a regular file is written and never rotated.
type TimedRotatingFile struct{ *sink }

// NewTimedRotatingFile opens the file, or only notes its name if Delay is set. An error names the field that is wrong, or is that of
// opening.
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

// Rollover rolls the file over now, unless it is empty, and returns when all that belongs to it is done (Python: doRollover). With S, M, H
// and D the next period begins now, as in Python (of a Shared file with a Clock of yours it ends when it would have). A file
// that Delay has put off is opened first. It does not wait for a hook that calls it, and 10 s for one that does not return.
func (f *TimedRotatingFile) Rollover() error { return writer.Rollover(f.w) }

// Backups returns the paths of the backups there are, the newest first; of a pipe none.
func (f *TimedRotatingFile) Backups() ([]string, error) { return writer.Backups(f.w) }

// timedPeriods are the periods of a TimedRotatingFile.
type timedPeriods struct {
	schedule Schedule
	next     func(time.Time) time.Time // decides in the place of schedule, if it is not nil
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
