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

	// Count is how many backups stay. 0 and -1 mean all of them. With a Count above 0, numbered backups move up at each Place, so
	// that number 1 is the newest; else they are numbered upwards, with number 1 the oldest.
	Count int

	// Namer turns the default name of a backup into the one that it gets. Defaults to nil: the default name. If it panics or
	// gives a name that cannot be used, the default name is used. A name that it gives twice gets a number behind it.
	Namer func(name string) string

	// Dated names backups for the time when their period begins: a *Dates. Defaults to nil: backups are numbered.
	Dated Dated

	// MaxAge and MaxTotalBytes limit how old a backup may be, by its last write, and how much all may be together. 0: no limit.
	MaxAge        time.Duration
	MaxTotalBytes int64

	// Compress says that names will get .gz behind them; New then checks that they do not become too long.
	Compress bool

	// Moves says that the user's Rotator moves the files. It may do so across devices, and make directories, so the directories of
	// the Namer's names are not checked.
	Moves bool

	// Report is called once for each Place and Reserve with what was wrong with the Namer's answers, or nil. Defaults to nothing.
	Report func(err error)

	// Moved is called for each Place and Reserve that has to move backups, with the errors of those that cannot be moved, or nil.
	// Defaults to nothing.
	Moved func(err error)

	// Step is called between any two steps at which a crash makes a difference, for tests. Defaults to nothing.
	Step func(name string)
}

// Backup is a backup as found on the disk.
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

	listed atomic.Int64 // how many backups there were when they were listed last
}

// scheme makes the default names: numbered or dated.
type scheme interface {
	// reserve makes room and returns a name that is free, also with .gz behind it.
	reserve(label time.Time) (string, error)

	// list returns our backups, the newest first.
	list() ([]*entry, error)

	// example returns names that backups will have, for New to check.
	example() []string

	// repair puts the names into the order of the scheme.
	repair() error
}

// Dated is a *Dates, or nil. It is an interface so that a program with numbered backups links no dates.
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

// Place makes room, renames the file at src to its backup name, and returns that name. label is the time that it is named for, if
// names are dated. compressed says that src is a compressed form. Place never replaces a file. After an error src has its old name.
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
		} // else somebody without the lock has taken the name
	}
	if err != nil {
		return "", fmt.Errorf("writesyncers: %w", err)
	}
	s.names.renamed(src, dst, info)
	s.cfg.Step("named")
	return dst, nil
}

const placeTries = 5

// Reserve makes room and returns the name that Place would give, without .gz. The user's Rotator moves the file there.
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

// Placed says that the user's Rotator has moved the file to the name that Reserve has returned.
func (s *Set) Placed(dst string) {
	if info, err := os.Lstat(dst); err == nil {
		s.names.renamed(dst, dst, info)
	}
}

// Listed returns how many backups there were when they were listed last. Unlike the other methods it may be called at any time.
func (s *Set) Listed() int { return int(s.listed.Load()) }

func (s *Set) list() ([]*entry, error) {
	entries, err := s.scheme.list()
	s.listed.Store(int64(len(entries)))
	return entries, err
}

// List returns the backups, the newest first. If one exists in both forms, after a crash, the plain form comes before the compressed
// one. The name says whether a file is compressed, or the file itself where the Namer's names all end in .gz.
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

// Find returns the backup that is this file, under whatever name it has now. If it is gone, the Path is "", without an error.
// (On Windows a FileInfo looks up its file only when it is first compared, so compare it with itself when you get it.)
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

// CompressedForm reports whether there is a complete compressed file with our mark and the contents of the file at path, under any name.
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
	files, _ := s.names.files() // in a directory that may not be read, List has tried the names
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
		err = s.names.unreadable
	}
	if err != nil {
		return false, fmt.Errorf("writesyncers: %w", err)
	}
	return false, nil
}

// Publish renames part, the complete compressed form of the backup plain, to plain.gz, syncs the directory, and removes plain. It
// returns the new name, even if plain could not be removed. If plain ends in .gz already, by the Namer, part replaces it.
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

// Repair is called once, before all other methods. It finishes a Publish that was cut short by a crash. If an earlier Count has numbered
// backups upwards and this one does not, it numbers them the other way round.
func (s *Set) Repair() error {
	err := s.RemoveTwice()
	if repairErr := s.scheme.repair(); repairErr != nil {
		err = multierr.Append(err, fmt.Errorf("writesyncers: %w", repairErr))
	}
	return err
}

// RemoveTwice removes the plain form of backups whose complete compressed form exists as well.
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
