package rotation

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// recover finds what a killed process left half done, and undoes what is not to be finished.
func (s *steps) recover() error {
	err := s.moveLegacy()
	if s.dir.exists() { // else there is nothing to sweep, and nobody to be kept out
		err = multierr.Append(err, s.locked(s.sweep))
	}
	return multierr.Append(err, s.names.boundedly(s.cfg.Namer, func() error { return s.look(func() error { return repair(s) }) }))
}

// repair puts the names right, and finds out whether there are backups to be compressed.
func repair(s *steps) error {
	if err := s.cfg.Backups.Repair(); err != nil || !s.cfg.Compress {
		return err
	}
	found, err := s.cfg.Backups.List()
	s.plain.Store(slices.ContainsFunc(found, func(b backups.Backup) bool { return !b.Compressed }))
	return err
}

// sweep removes from the hidden directory what nobody needs any more.
func (s *steps) sweep() (err error) {
	for _, tag := range append(tags, outTag) {
		files, listErr := s.dir.list(tag)
		err = multierr.Append(err, listErr)
		for _, path := range files {
			switch {
			case tag == outTag && sameFile(path, s.cfg.Path): // linked, and not exchanged
				err = multierr.Append(err, s.unlinkLog(path))
			case tag == outTag: // finished later
			case !fsys.Held(path):
				err = multierr.Append(err, remove(path))
			}
		}
	}
	return err
}

// removeCompressed removes a file that was rolled out if a compressed backup has all of it: a process was killed between giving the
// one its name and removing the other.
func (s *steps) removeCompressed(path string) error {
	compressed, err := s.cfg.Backups.CompressedForm(path)
	if err != nil || !compressed {
		return err
	}
	return remove(path)
}

// moveLegacy takes over what a killed process of an earlier version left beside the log: .app.log.next-PID-N, a file rolled out if it
// is not empty, and .app.log.part-PID-N.
func (s *steps) moveLegacy() (err error) {
	dir, base := filepath.Split(s.cfg.Path)
	entries, _ := os.ReadDir(dir) // a directory that cannot be read has none that anybody could find
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), "."+base+".")
		path := filepath.Join(dir, e.Name())
		if !ours || !e.Type().IsRegular() || !strings.HasPrefix(rest, nextTag) && !strings.HasPrefix(rest, partTag) || fsys.Held(path) {
			continue
		}
		err = multierr.Append(err, s.takeLegacy(path, strings.HasPrefix(rest, nextTag)))
	}
	return err
}

func (s *steps) takeLegacy(path string, next bool) error {
	info, err := os.Lstat(path)
	if err != nil || !next || (&limits{s.cfg}).Empty(info.Size()) {
		return remove(path)
	}
	if err := s.dir.enter(); err != nil {
		return err
	}
	defer s.dir.leave(true)
	if err := fsys.RenameNoReplace(path, s.dir.outName(s.label(&Rolled{path: path}))); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}
