package rotation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// exchanger exchanges files. It is used under the lock of the log's writer.
type exchanger struct {
	cfg    *Config
	dir    *directory
	opener *opener
	finish *finisher
	retry  *backoff

	blocked time.Time     // since when another process has the lock of the log; zero: it does not
	told    bool          // that was reported
	full    bool          // too many files wait to be finished
	count   atomic.Uint64 // of rollovers
}

// Exchange replaces the file in use by the next one. fresh says that the period of the file has ended, so that the next one must have been
// made after that. Only names change; until they have changed, an error changes nothing.
//
// It returns the next file, and the old one for Finish. It returns neither and no error if there is nothing to do, because another process
// has rolled the log over at the end of this period; and ErrMoved if the path leads to another file. Where an open file cannot be renamed
// (Windows), the file in use is closed even if the exchange fails; next is then the same file, opened again, if that was possible.
func (x *exchanger) Exchange(file *appendfile.File, fresh bool) (next *appendfile.File, out *Rolled, err error) {
	if x.finish.left() {
		return nil, nil, ErrBusy
	}
	if full := x.finish.waiting() >= maxWaiting; full || x.full {
		if full && !x.full {
			x.cfg.Report.Note("finish files of "+x.cfg.Path, errWaiting(0))
		}
		if x.full = full; full {
			return nil, nil, ErrBusy
		}
	}
	locked, err := x.lock()
	if err != nil {
		return nil, nil, x.refused(err)
	}
	next, out, err = x.exchange(file, fresh, locked)
	if locked {
		x.dir.leave(out == nil)
	}
	if out == nil {
		return next, nil, x.refused(err)
	}
	x.count.Add(1)
	x.finish.enqueue(out)
	x.opener.exchanged()
	x.cfg.Report.Note("rotate "+x.cfg.Path, nil)
	Step("exchanged")
	return next, out, nil
}

// refused notes the error of an exchange, and puts off the next attempt.
func (x *exchanger) refused(err error) error {
	if err == nil || errors.Is(err, ErrMoved) {
		return err
	}
	err = shown(err, x.cfg.Path)
	if errors.Is(err, syscall.EBUSY) {
		err = fmt.Errorf("%w (a file that is mounted itself cannot be renamed: mount its directory)", err)
	}
	if !errors.Is(err, fsys.ErrLocked) { // lock reports that one if it lasts; the next record tries again
		x.cfg.Report.Note("rotate "+x.cfg.Path, err)
		x.retry.refused()
	}
	return err
}

// lock takes the lock of the log without waiting. If another process has had it for a second, that is reported, and without Shared the
// exchange goes on without the lock.
func (x *exchanger) lock() (locked bool, err error) {
	err = x.dir.enter()
	if !errors.Is(err, fsys.ErrLocked) {
		if !x.blocked.IsZero() && err == nil {
			x.blocked, x.told = time.Time{}, false
			x.cfg.Report.Note("lock "+x.cfg.Path, nil)
		}
		return err == nil, err
	}
	now := time.Now()
	switch {
	case x.blocked.IsZero():
		x.blocked = now
	case now.Sub(x.blocked) >= lockWait:
		x.told = true
		x.cfg.Report.Note("lock "+x.cfg.Path, err)
		if !x.cfg.Shared {
			return false, nil
		}
	}
	return false, err
}

// Opened says that another file is in use now: the time for which the lock was refused begins anew.
func (x *exchanger) Opened() {
	if !x.told {
		x.blocked = time.Time{}
	}
}

func (x *exchanger) exchange(file *appendfile.File, fresh, locked bool) (*appendfile.File, *Rolled, error) {
	if here, err := file.IsHere(); err != nil {
		return nil, nil, err
	} else if !here {
		return nil, nil, x.elsewhere(file)
	}
	if fresh && x.cfg.Shared && x.cfg.Period.After(file.Made()) {
		return nil, nil, nil // another process has rolled over at the end of this period
	}
	if !fsys.RenamesOpenFiles {
		return x.exchangeClosed(file)
	}
	next, err := x.opener.take(file, fresh)
	if err != nil {
		return nil, nil, err
	}
	Step("created")
	out := x.rolled(file, next.out)
	if err := x.exchangeNames(next.path, out.path, locked); err != nil {
		return nil, nil, multierr.Append(err, next.discard())
	}
	return next.file, out, nil
}

// elsewhere returns the error for a path of the log that is not a name of the file.
func (x *exchanger) elsewhere(file *appendfile.File) error {
	here, err := file.LeadsHere()
	switch {
	case err != nil:
		return err
	case here:
		return fmt.Errorf("%s %w", x.cfg.Path, errLinked)
	}
	x.opener.moved() // what was opened ahead may lie in a directory that has moved
	return ErrMoved
}

// rolled returns the Rolled of a file that is about to be renamed to path, or to a new name if path is "".
func (x *exchanger) rolled(file *appendfile.File, path string) *Rolled {
	out := &Rolled{f: file.OS(), path: path, size: file.Size(), toSync: x.cfg.Sync}
	if x.cfg.Period != nil {
		out.label = x.cfg.Period.Start()
	}
	if path == "" {
		out.path = x.dir.outName(out.label)
	}
	return out
}

// LinkFile gives a file a second name. Tests replace it by one that fails.
var LinkFile = os.Link

// exchangeNames gives the log the name out, and next the name of the log. The path leads to one of the two at any time, and
// whoever watches the directory only sees next take the name of the log. If there can be no link, the path leads nowhere for some
// microseconds.
func (x *exchanger) exchangeNames(next, out string, locked bool) error {
	x.dir.names.Lock()
	defer x.dir.names.Unlock()
	if locked && x.opener.mayLink() && LinkFile(x.cfg.Path, out) == nil {
		Step("linked")
		if err := fsys.Rename(next, x.cfg.Path); err != nil {
			return multierr.Append(err, os.Remove(out))
		}
		return nil
	}
	if err := fsys.RenameNoReplace(x.cfg.Path, out); err != nil {
		return err
	}
	Step("gap")
	if err := fsys.RenameNoReplace(next, x.cfg.Path); err != nil {
		return multierr.Append(err, fsys.RenameNoReplace(out, x.cfg.Path))
	}
	return nil
}

// exchangeClosed is exchange where an open file cannot be renamed (Windows). It closes the file first and, if a later step fails, opens
// it again.
func (x *exchanger) exchangeClosed(file *appendfile.File) (*appendfile.File, *Rolled, error) {
	info, err := file.OS().Stat()
	if err != nil {
		return nil, nil, err
	}
	out := x.rolled(file, "")
	out.f = nil
	if x.cfg.Sync {
		if err := file.Sync(); err != nil {
			return nil, nil, err
		}
	}
	if err = file.Close(); err == nil {
		err = fsys.RenameNoReplace(x.cfg.Path, out.path)
	}
	if err == nil {
		var next *appendfile.File
		if next, err = appendfile.Open(x.cfg.Path, x.cfg.Path, os.O_EXCL, x.cfg.File); err == nil {
			_ = os.Chmod(x.cfg.Path, info.Mode().Perm())
			return next, out, nil
		}
		err = multierr.Append(err, fsys.RenameNoReplace(out.path, x.cfg.Path))
	}
	again, openErr := appendfile.Open(x.cfg.Path, x.cfg.Path, 0, x.cfg.File)
	return again, nil, multierr.Append(err, openErr)
}

// shown returns err with the name of the log instead of hidden ones.
func shown(err error, log string) (all error) {
	dir := newDirectory(log).path
	hidden := func(path string) bool { return path == dir || filepath.Dir(path) == dir }
	for _, err := range multierr.Errors(err) {
		if link, ok := errors.AsType[*os.LinkError](err); ok && (hidden(link.Old) || hidden(link.New)) {
			err = &fs.PathError{Op: link.Op, Path: log, Err: link.Err}
		} else if path, ok := errors.AsType[*fs.PathError](err); ok && hidden(path.Path) {
			err = &fs.PathError{Op: path.Op, Path: log, Err: path.Err}
		}
		all = multierr.Append(all, err)
	}
	return all
}

var errLinked = errors.New("is a symbolic link now, which would be renamed in the place of the file: it is followed at the next start")

var errLeftBehind = errors.New("the Rotator has left the file behind")

// errWaiting returns the error for files that wait, or are given up, because a hook takes its time.
func errWaiting(dropped int) error {
	if dropped > 0 {
		return fmt.Errorf("more files wait for it than BackupCount: %d given up", dropped)
	}
	return errors.New("too many files wait for it: the log goes on growing")
}
