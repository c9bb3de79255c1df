package writesyncers

import (
	"fmt"
	"io/fs"
	"time"

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

	// Next replaces When, Interval and AtTime: it returns the end of the period that t is in, which is later than t. The
	// Next method of a cron expression is one. Backups are then named to the second, for the last rollover before. It must
	// be pure: it runs under the writer's lock. Defaults to nil: When decides.
	Next func(t time.Time) time.Time

	// MaxBytes, if it is set, has the file roll over by size as well; see RotatingFileConfig. The backups of one period
	// are then Path.DATE, Path.DATE.1, Path.DATE.2 and so on, the oldest first.
	MaxBytes int64

	// BackupCount is the number of backups kept, the latest by their names; a Namer that puts the date elsewhere in the
	// name is understood. Defaults to 0: all are kept, as in Python. -1 says the same.
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
	// OnRotate, Symlink, Header, Fsync, FsyncEvery, Buffer, FlushEvery and Shared are those of RotatingFileConfig.
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
	// your own is asked before every record.
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
// A file whose period ended while nobody wrote to it is rolled over when it is opened, once. A timer looks at the clock, at
// the end of the period and every minute: a record written in the very millisecond may still go into the old file.
//
// What is not a regular file is written and never rotated.
type TimedRotatingFile struct{ *sink }

// NewTimedRotatingFile opens the file, or only notes its name if Delay is set. An error names the field that is wrong, or is that of
// opening.
func NewTimedRotatingFile(cfg TimedRotatingFileConfig) (*TimedRotatingFile, error) {
	schedule := Schedule{cfg.When, cfg.Interval, cfg.AtTime, cfg.Location}
	if cfg.Next != nil {
		schedule = Schedule{When: "S", Location: cfg.Location}
	}
	if err := schedule.Check(); err != nil {
		return nil, err
	}
	c := rotation{
		maxBytes: cfg.MaxBytes, backupCount: cfg.BackupCount, rotator: cfg.Rotator, should: cfg.ShouldRollover,
		onRotate: cfg.OnRotate, compress: cfg.Compress, keep: retention{cfg.MaxAge, cfg.MaxTotalBytes},
		names: func(path string) naming {
			return &dated{path, schedule, cfg.BackupCount, cfg.Namer, cfg.Compress != ""}
		},
		times: &timetable{schedule: schedule, custom: cfg.Next, clock: cfg.Clock},
	}
	s, err := newRotatingSink(options{
		path: cfg.Path, delay: cfg.Delay, perm: cfg.Perm, makeDirs: cfg.MakeDirs, encode: cfg.Encode, onError: cfg.OnError,
		header: []byte(cfg.Header), fsync: cfg.Fsync, every: cfg.FsyncEvery, bufferSize: cfg.Buffer, flushEvery: cfg.FlushEvery, symlink: cfg.Symlink, shared: cfg.Shared,
	}, c)
	if err != nil {
		return nil, err
	}
	return &TimedRotatingFile{s}, nil
}

// Rollover rolls the file over now, unless it is empty, and returns when all that belongs to it is done (Python: doRollover).
func (f *TimedRotatingFile) Rollover() error { return f.rollover() }

// Backups returns the paths of the backups there are, the newest first.
func (f *TimedRotatingFile) Backups() ([]string, error) { return f.backups() }

// timetable is the part of a roller that goes by the clock. The sink's mu guards it.
type timetable struct {
	schedule Schedule
	custom   func(time.Time) time.Time // decides in the place of schedule, if it is not nil
	clock    zapcore.Clock             // nil: the system's
	begun    time.Time                 // what end was worked out from
	end      time.Time                 // of the period
	timer    *time.Timer
}

// begin begins the period that t is in.
func (t *timetable) begin(at time.Time) {
	t.begun, t.end = at, t.schedule.Next(at)
	if t.custom == nil {
		return
	}
	if t.end = t.custom(at); !t.end.After(at) {
		t.end = at.Add(lookEvery) // what came back is no time to come; ask again then
	}
}

// start returns the beginning of the period, which its backups are named for.
func (t *timetable) start() time.Time {
	if t.custom != nil {
		return t.begun
	}
	return t.schedule.Start(t.end)
}

const (
	lookEvery   = time.Minute           // how often the timer looks whether the clock was put forward or back
	lookAgain   = time.Millisecond * 10 // when another process is in the way
	stampLag    = 20 * time.Millisecond // how far the time stamps of files may be behind the clock
	openAheadBy = time.Second           // how long before the end of a period the next file is opened
)

func (t *timetable) now() time.Time {
	if t.clock != nil {
		return t.clock.Now()
	}
	return time.Now().Round(0) // the clock on the wall, which can be put back
}

// open works out the first period: that of the last record in a file found, else of now.
func (t *timetable) open(s *sink) {
	now := t.now()
	from := now
	if info, err := lstat(s.path); err == nil && info.Mode().IsRegular() && info.ModTime().Before(now) {
		from = info.ModTime()
	}
	t.begin(from)
	t.timer = time.AfterFunc(t.until(now, 0), s.tick)
}

func (t *timetable) stop() {
	if t != nil {
		t.timer.Stop()
	}
}

// until returns when the timer is to look next.
func (t *timetable) until(now time.Time, notBefore time.Duration) time.Duration {
	left := t.end.Sub(now)
	wait := min(left, lookEvery)
	if left > 2*openAheadBy {
		wait = min(wait, left-openAheadBy)
	}
	return max(wait, notBefore, time.Millisecond)
}

// tick is what the timer does.
func (s *sink) tick() {
	s.mu.Lock()
	defer s.unlock()
	switch t := s.roller.times; {
	case s.closed:
	case s.file == nil:
		t.timer.Reset(lookEvery) // opening it catches up
	default:
		s.catchUpLocked()
	}
}

// catchUpLocked rolls the file over if its period has ended, and sets the timer.
func (s *sink) catchUpLocked() {
	if s.roller == nil || s.roller.times == nil {
		return
	}
	t := s.roller.times
	now := t.now()
	var notBefore time.Duration
	if t.end.Sub(now) <= 2*openAheadBy && s.file.size >= inlineBelow && !s.prepared {
		s.prepareLocked()
	}
	if err := s.rollOnTimeLocked(now); err != nil {
		notBefore = max(lookAgain, time.Duration(s.roller.retryAt.Load()-time.Now().UnixNano()))
	}
	t.timer.Reset(t.until(now, notBefore))
}

// rollOnTimeLocked rolls the file over if its period has ended. A refusal leaves the period as it is, so that it is tried
// again under the same name.
func (s *sink) rollOnTimeLocked(now time.Time) error {
	t := s.roller.times
	if now.Before(t.end) {
		if now.Before(t.start()) { // the clock was put back
			t.begin(now)
		}
		return nil
	}
	if s.file.regular && !s.emptyLocked() {
		if !s.roller.mayTry() {
			return errBusy
		}
		for range 2 { // twice, if we only followed to a file that another process has begun in the old period
			opens := s.stats.Opens
			if err := s.rollLocked(); err != nil {
				return err
			}
			if s.swap != nil || s.stats.Opens == opens {
				break
			}
		}
	}
	t.begin(now)
	return nil
}

// label returns the time a file rolled out now is named for.
func (r *roller) label() time.Time {
	if r.times == nil {
		return time.Time{}
	}
	return r.times.start()
}

// backups is Backups for the types that have it.
func (s *sink) backups() (paths []string, err error) {
	if s.roller == nil {
		return nil, nil
	}
	err = s.roller.withTurn(func() error {
		found, err := s.roller.names.list()
		for _, b := range found {
			paths = append(paths, b.name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("writesyncers: backups of %s: %w", s.path, err)
	}
	return paths, nil
}

// due reports whether the file in use was made before the period's end, as far as the system knows when that was.
func (s *sink) due(t *timetable) bool {
	if t.now().Before(t.end) {
		return true // it is not about time
	}
	made, known := birth(s.file.f)
	return !known || made.Before(t.end.Add(-stampLag))
}
