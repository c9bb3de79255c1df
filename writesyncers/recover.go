package writesyncers

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/multierr"
)

// recover finishes or undoes what a killed process left half done; the package documentation has the picture. It runs at
// construction, before the file is opened. Files of a process that still lives are left to it: it holds a lock on them.
func (r *roller) recover(header int) error {
	return r.withTurn(func() error {
		dirs := []string{filepath.Dir(r.path)}
		if dir := r.backupDir(); dir != dirs[0] {
			dirs = append(dirs, dir)
		}
		var waiting []backup
		for _, dir := range dirs {
			found, err := r.sweep(dir, int64(header))
			if err != nil {
				return err
			}
			waiting = append(waiting, found...)
		}
		slices.SortFunc(waiting, func(a, b backup) int { return a.info.ModTime().Compare(b.info.ModTime()) })
		var jobs []*job
		for _, b := range waiting {
			if err := r.names.mend(); err != nil {
				return err
			}
			j, err := r.place(&rolled{hidden: b.name})
			if err != nil {
				return err
			}
			jobs = append(jobs, j)
		}
		left, err := r.leftovers()
		r.work.add(r, append(jobs, left...))
		return err
	})
}

// backupDir is where backups go: a Namer may send them elsewhere.
func (r *roller) backupDir() string {
	dir := filepath.Dir(r.path)
	_ = guard(func() error { dir = filepath.Dir(r.names.example()); return nil })
	return dir
}

// sweep removes the hidden files in dir that nobody needs any more, and returns those that were rolled out and have no
// backup name yet.
func (r *roller) sweep(dir string, header int64) ([]backup, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var waiting []backup
	prefix := "." + filepath.Base(r.path)
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), prefix)
		next := strings.HasPrefix(rest, nextTag)
		if !ours || !next && !strings.HasPrefix(rest, partTag) || !e.Type().IsRegular() {
			continue
		}
		name := filepath.Join(dir, e.Name())
		info, statErr := lstat(name)
		if statErr != nil || held(name) {
			continue
		}
		if next && info.Size() > header {
			waiting = append(waiting, backup{name, info})
			continue
		}
		err = multierr.Append(err, remove(name))
	}
	return waiting, err
}

// leftovers returns jobs for the backups that are still to be compressed. Where both forms of a backup lie side by side,
// a process was killed between publishing the one and removing the other: if the compressed one holds all, the other goes.
func (r *roller) leftovers() ([]*job, error) {
	found, err := r.names.list()
	if err != nil {
		return nil, err
	}
	var jobs []*job
	for _, b := range slices.Backward(found) {
		if strings.HasSuffix(b.name, gz) {
			continue
		}
		if exists(b.name + gz) {
			if holds(b.name+gz, b.name) == nil {
				err = multierr.Append(err, remove(b.name))
			}
			continue
		}
		if r.compress {
			jobs = append(jobs, r.newJob(b.name, false))
		}
	}
	return jobs, err
}

// waitDir takes the lock on the directory of path, for as long as turnWait. It is called under no lock of a sink.
func waitDir(path string) (directory, error) {
	dir, err := openDir(filepath.Dir(path))
	if err != nil {
		return dir, err
	}
	start := time.Now()
	for {
		err := dir.lock()
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, errElsewhere) || time.Since(start) > turnWait {
			return directory{}, multierr.Append(err, dir.close())
		}
		nap()
	}
}
