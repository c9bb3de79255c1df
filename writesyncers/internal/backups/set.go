package backups

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"go.uber.org/multierr"
)

// Config says how the backups of one log are called and how many of them stay.
type Config struct {
	// Path is the log. Required.
	Path string

	// Count is how many backups stay. 0 and -1 mean all of them. Numbered backups of a Count above 0 move up at each Place, so
	// that number 1 is the newest; without one they are numbered upwards, number 1 being the oldest.
	Count int

	// Namer makes of the name that a backup has by default the one it shall have. Defaults to nil: that name. Where it panics or
	// gives a name that cannot be used the default one is taken. Names that it gives twice get a number behind them.
	Namer func(name string) string

	// Dated has backups named for the time their period begins at: a *Dates. Defaults to nil: they are numbered.
	Dated Dated

	// MaxAge and MaxTotalBytes limit how old a backup may be, by its last write, and how much all may be together. 0: no limit.
	MaxAge        time.Duration
	MaxTotalBytes int64

	// Compress says that names with .gz behind will be wanted, so that New may look whether they are not too long.
	Compress bool

	// Moves says that somebody else's code moves the files (a Rotator), who may do so across devices and make directories:
	// nobody asks whether there is the directory that the Namer's names are in.
	Moves bool

	// Report hears once for each Place and Reserve what was wrong with the Namer's answers, or nil. Defaults to nobody.
	Report func(err error)

	// Moved hears at each Place and Reserve for which backups have to move which of them cannot be, or nil. Defaults to nobody.
	Moved func(err error)

	// Step is called between any two steps that a crash may come between, for tests. Defaults to nothing.
	Step func(name string)
}

// Backup is a file that was rolled out, as found on the disk.
type Backup struct {
	Path       string
	Info       fs.FileInfo
	Compressed bool
}

// Set is the backups of one log. Its methods are called with the lock of the log's rotation held, and not concurrently.
type Set struct {
	cfg    Config
	names  *names
	scheme scheme
	fits   bool // the last Place has left no more than Count

	listed atomic.Int64 // how many backups there were when they were looked at last
}

// scheme is how the default names are made up.
type scheme interface {
	// reserve makes room and returns a name that nobody has, neither with .gz behind it.
	reserve(label time.Time) (string, error)

	// list returns our backups, the newest first.
	list() ([]*entry, error)

	// example returns names that backups will have, of which a Config is judged.
	example() []string

	// repair puts the names in the order that the scheme wants.
	repair() error
}

// Dated is a *Dates, or nil. It is an interface so that a program whose backups are numbered links nothing of dates.
type Dated interface {
	scheme(n *names) scheme
}

// New returns the backups of a log, or an error that names the field with a bad value: a Namer whose names cannot be used, or a
// Path too long to have anything behind it.
func New(cfg Config) (*Set, error) {
	cfg.Path = filepath.Clean(cfg.Path)
	if cfg.Step == nil {
		cfg.Step = func(string) {}
	}
	if cfg.Moved == nil {
		cfg.Moved = func(error) {}
	}
	s := &Set{cfg: cfg, names: newNames(cfg)}
	if cfg.Dated != nil {
		s.scheme = cfg.Dated.scheme(s.names)
	} else {
		s.scheme = &numbered{names: s.names, count: cfg.Count, limited: cfg.MaxAge > 0 || cfg.MaxTotalBytes > 0, keep: s.keepRoom, step: cfg.Step, moved: cfg.Moved}
	}
	for _, name := range s.scheme.example() {
		if cfg.Compress {
			name += Gzip
		}
		if fsys.NameTooLong(name) {
			return nil, fmt.Errorf("writesyncers: Path %q leaves no room for the name of a backup, such as %s", cfg.Path, filepath.Base(name))
		}
	}
	if s.names.complaint == nil {
		s.names.askAgain()
	}
	if s.names.complaint != nil {
		return nil, s.names.complaint
	}
	return s, nil
}

// Place gives the file at src its name among the backups and returns that, after it has made room. label is the time it is
// named for, where names are times. compressed says that src is the compressed form. It never replaces a file, and an error means
// that src has the name it had.
func (s *Set) Place(src string, label time.Time, compressed bool) (dst string, err error) {
	info, err := os.Lstat(src) // before backups move for nothing
	if err != nil {
		return "", fmt.Errorf("writesyncers: %w", err)
	}
	for range placeTries {
		dst, err = s.Reserve(label)
		if err != nil {
			return "", err
		}
		if compressed && !strings.HasSuffix(dst, Gzip) {
			dst += Gzip
		}
		err = fsys.RenameNoReplace(src, dst)
		if !errors.Is(err, fs.ErrExist) {
			break
		} // else somebody who does not know of the lock was faster
	}
	if err != nil {
		return "", fmt.Errorf("writesyncers: %w", err)
	}
	s.names.renamed(src, dst, info)
	s.cfg.Step("named")
	return dst, nil
}

const placeTries = 5

// Reserve makes room and returns the free name that Place would give, without .gz: for somebody else's code to move the file to.
func (s *Set) Reserve(label time.Time) (dst string, err error) {
	s.names.forget()
	dst, err = s.scheme.reserve(label)
	if s.cfg.Report != nil {
		s.cfg.Report(s.names.complaint)
	}
	if err != nil {
		return "", fmt.Errorf("writesyncers: %w", err)
	}
	s.cfg.Step("made room")
	return dst, nil
}

// Placed says that somebody else's code has moved the file to the name that Reserve has returned.
func (s *Set) Placed(dst string) {
	if info, err := os.Lstat(dst); err == nil {
		s.names.renamed(dst, dst, info)
	}
}

// Listed returns how many backups there were when they were looked at last. Unlike the other methods it may be called at any time.
func (s *Set) Listed() int { return int(s.listed.Load()) }

func (s *Set) list() ([]*entry, error) {
	entries, err := s.scheme.list()
	s.listed.Store(int64(len(entries)))
	return entries, err
}

// List returns the backups that are there, the newest first. Of one that is there twice, which a crash can lead to, the plain
// form comes before the compressed one. What is compressed the name says; or the file itself, where the Namer's names all end in .gz.
func (s *Set) List() ([]Backup, error) {
	s.names.forget()
	entries, err := s.list()
	var found []Backup
	for _, e := range entries {
		for _, b := range e.backups() {
			b.Compressed = b.Compressed && (b.Path != e.path || isCompressed(b.Path))
			found = append(found, b)
		}
	}
	return found, err
}

// Find returns the backup that is this file, under whatever name it has now; without an error and without a Path if it has gone.
// (On Windows a FileInfo learns which file it is of when it is first compared: let it be compared with itself when it is made.)
func (s *Set) Find(info fs.FileInfo) (Backup, error) {
	s.names.forget()
	entries, err := s.list()
	for _, e := range entries {
		for _, b := range e.backups() {
			if os.SameFile(b.Info, info) {
				return b, nil
			}
		}
	}
	return Backup{}, err
}

// CompressedForm reports whether the contents of the file at path are in a complete compressed file with our mark, whatever settings have
// named that.
func (s *Set) CompressedForm(path string) (found bool, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, nil
	}
	listed, err := s.List()
	var paths []string
	for _, b := range listed {
		paths = append(paths, b.Path)
	}
	files, _ := s.names.files() // of a directory that may not be read there is what List has tried
	for _, f := range files {
		if f.compressed {
			paths = append(paths, f.path+Gzip)
		}
	}
	for _, packed := range paths {
		at, err := os.Lstat(packed)
		if err == nil && at.Mode().IsRegular() && at.ModTime().Equal(info.ModTime()) && s.names.marked(packed, at) && SameContents(packed, path) == nil {
			return true, nil
		}
	}
	if err == nil {
		err = s.names.blind
	}
	if err != nil {
		return false, fmt.Errorf("writesyncers: %w", err)
	}
	return false, nil
}

// Publish gives the complete compressed form at part of the backup plain its name, plain.gz, has that put on the disk, and
// removes plain. It returns the new name, also where plain could not be removed. A name that ends in .gz already, as the Namer may give,
// stays.
func (s *Set) Publish(part, plain string) (dst string, err error) {
	if strings.HasSuffix(plain, Gzip) {
		dst, err = plain, fsys.Rename(part, plain)
	} else {
		dst = plain + Gzip
		err = fsys.RenameNoReplace(part, dst)
	}
	if err != nil {
		return "", fmt.Errorf("writesyncers: %w", err)
	}
	s.cfg.Step("published")
	err = fsys.SyncDirectory(filepath.Dir(dst))
	if dst != plain {
		err = multierr.Append(err, remove(plain))
	}
	if err != nil {
		return dst, fmt.Errorf("writesyncers: %w", err)
	}
	return dst, nil
}

// Repair is called once before all else. It puts right what a process that was killed in the middle of Publish has left, and where backups
// were numbered upwards by an earlier Count and are not now, it numbers them the other way round.
func (s *Set) Repair() error {
	err := s.RemoveTwice()
	if repairErr := s.scheme.repair(); repairErr != nil {
		err = multierr.Append(err, fmt.Errorf("writesyncers: %w", repairErr))
	}
	return err
}

// RemoveTwice removes the plain form of backups that are there beside it in their complete compressed form.
func (s *Set) RemoveTwice() error {
	s.names.forget()
	entries, err := s.list()
	for _, e := range entries {
		if e.plain != nil && e.packed != nil && SameContents(e.path+Gzip, e.path) == nil {
			err = multierr.Append(err, remove(e.path))
		}
	}
	if err != nil {
		return fmt.Errorf("writesyncers: %w", err)
	}
	return nil
}

// Mark is the Mark for the compressed form of a backup that was last written to at modified.
func (s *Set) Mark(modified time.Time) Mark { return Mark{filepath.Base(s.cfg.Path), modified} }
