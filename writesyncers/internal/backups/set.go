package backups

import (
	"errors"
	"io/fs"
	"time"
)

// Config says how the backups of one log are called and how many of them stay.
type Config struct {
	// Path is the log. Required.
	Path string

	// Count is how many backups stay. 0 and -1 mean all of them. Numbered backups of a Count above 0 move up at each Place, so
	// that number 1 is the newest; without one they are numbered upwards, number 1 being the oldest.
	Count int

	// Namer makes of the name that a backup has by default the one it shall have. Defaults to nil: that name.
	Namer func(name string) string

	// Dated has backups named for the time their period begins at. Defaults to nil: they are numbered.
	Dated *Dates

	// MaxAge and MaxTotalBytes limit how old a backup may be, by its last write, and how much all may be together. 0: no limit.
	MaxAge        time.Duration
	MaxTotalBytes int64

	// Compress says that names with .gz behind will be wanted, so that New may look whether they are not too long.
	Compress bool

	// Moves says that somebody else's code moves the files (a Rotator), who may do so across devices and make directories: New
	// does not ask whether there is the directory that the Namer's names are in.
	Moves bool
}

// Dates says how backups that are named for a time are called.
type Dates struct {
	Layout   string         // of package time, one of Layouts: what is behind the log's name and a dot
	Location *time.Location // whose clock it is. Required.

	// Starts returns the times that a backup which was last written to at modified may be named for. It is asked about files
	// whose names show no date.
	Starts func(modified time.Time) []time.Time
}

// Backup is a file that was rolled out, as found on the disk.
type Backup struct {
	Path       string
	Info       fs.FileInfo
	Compressed bool
}

// Set is the backups of one log. Its methods are called with the lock of the log's rotation held, and not concurrently.
type Set struct{ cfg Config }

// New returns the backups of a log, or an error that names the field with a bad value: a Namer whose names cannot be used.
func New(cfg Config) (*Set, error) { return &Set{cfg}, nil }

// Place gives the file at src its name among the backups and returns that, after it has made room. label is the time it is
// named for, where names are times. It never replaces a file.
func (s *Set) Place(src string, label time.Time, compressed bool) (dst string, err error) {
	return "", errors.ErrUnsupported
}

// Reserve makes room and returns the free name that Place would give: for somebody else's code to move the file to.
func (s *Set) Reserve(label time.Time) (dst string, err error) { return "", errors.ErrUnsupported }

// List returns the backups that are there, the newest first.
func (s *Set) List() ([]Backup, error) { return nil, errors.ErrUnsupported }

// Find returns the backup that is this file, under whatever name it has now; without an error and without a Path if it has gone.
func (s *Set) Find(info fs.FileInfo) (Backup, error) { return Backup{}, errors.ErrUnsupported }

// Publish gives the complete compressed form at part of the backup plain its name, plain.gz, has that put on the disk, and
// removes plain. It returns the new name.
func (s *Set) Publish(part, plain string) (dst string, err error) { return "", errors.ErrUnsupported }

// Retain removes the backups that are too many, too old, or too much, the oldest first. None goes that a living process still
// writes to.
func (s *Set) Retain(now time.Time) error { return errors.ErrUnsupported }

// Repair puts right what a process that was killed in the middle of Place or Publish has left: a gap in the numbers, or a backup
// beside its complete compressed form.
func (s *Set) Repair() error { return errors.ErrUnsupported }

// Mark is the Mark for the compressed form of a backup that was last written to at modified.
func (s *Set) Mark(modified time.Time) Mark { return Mark{} }
