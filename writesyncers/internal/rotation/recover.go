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

// recover undoes what a killed process has left half done, except files that were rolled over: the finisher finishes those.
func (s *steps) recover() error {
	err := s.moveLegacy()
	if s.dir.exists() { // else there is nothing to sweep
		err = multierr.Append(err, s.locked(s.sweep))
	}
	return multierr.Append(err, s.names.boundedly(s.cfg.Namer, func() error { return s.look(func() error { return repair(s) }) }))
}

// repair repairs the names of backups, and finds out whether some have to be compressed.
func repair(s *steps) error {
	if err := s.cfg.Backups.Repair(); err != nil || !s.cfg.Compress {
		return err
	}
	found, err := s.cfg.Backups.List()
	s.uncompressed.Store(slices.ContainsFunc(found, func(b backups.Backup) bool { return !b.Compressed }))
	return err
}

// sweep removes files from the hidden directory that nobody needs any more.
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

// unlinkLog removes the second name of the log. It needs both locks, so that nobody is in the middle of an exchange.
func (s *steps) unlinkLog(path string) error {
	s.dir.names.Lock()
	defer s.dir.names.Unlock()
	if sameFile(path, s.cfg.Path) {
		return remove(path)
	}
	return nil
}

// removeCompressed removes a file that was rolled over if there is a complete compressed backup of it: a process was killed after naming
// the backup and before removing the file.
func (s *steps) removeCompressed(path string) error {
	compressed, err := s.cfg.Backups.CompressedForm(path)
	if err != nil || !compressed {
		return err
	}
	return remove(path)
}

// moveLegacy takes over the files that a killed process of an earlier version has left beside the log: .app.log.part-PID-N is removed;
// .app.log.next-PID-N is a file that was rolled over, unless it is empty.
func (s *steps) moveLegacy() (err error) {
	dir, base := filepath.Split(s.cfg.Path)
	entries, _ := os.ReadDir(dir) // if it cannot be read, there is nothing to take over
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
