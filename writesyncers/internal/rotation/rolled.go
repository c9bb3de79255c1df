package rotation

import (
	"errors"
	"os"
	"sync"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// Rolled is a file that was rolled over, on its way to its backup name.
type Rolled struct {
	path   string    // in the hidden directory
	label  time.Time // the time its backup is named for, if backups are named for times
	size   int64
	toSync bool // sync has to sync it
	orphan bool // the process that rolled it over is gone

	// These are guarded by the finisher's mu.
	named bool  // it has its backup name
	ended bool  // all steps are done, hooks included
	err   error // why it has no name

	mu      sync.Mutex // guards the fields below
	f       *os.File   // open, and so locked, until the file has its name; nil if it is closed
	synced  bool
	reading bool // f is open for reading only
}

// sync syncs the file, if it has to be synced and is not yet.
func (o *Rolled) sync() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil || !o.toSync || o.synced {
		return nil
	}
	err := o.f.Sync()
	o.synced = err == nil
	return err
}

// reopenForReading opens the file for reading instead of writing, with the same lock, so that written can see whether others have it open
// for writing. The error is one of closing.
func (o *Rolled) reopenForReading() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil || o.reading {
		return nil
	}
	f, err := os.OpenFile(o.path, os.O_RDONLY|fsys.NoFollow|fsys.Nonblock, 0)
	if err != nil {
		return nil // then written cannot see it
	}
	if !fsys.LockShared(f) { // else nobody could see that the file belongs to a living process
		return f.Close()
	}
	fsys.Unlock(o.f)
	fsys.UnmarkWriter(o.f)
	err = o.f.Close()
	o.f, o.reading = f, true
	return err
}

// written reports whether another program has the file open for writing, even one that takes no locks.
func (o *Rolled) written() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reading && o.f != nil && fsys.OpenForWriting(o.f)
}

// alone reports whether no other writer of the log has the file open any more. If so, it leaves the file locked exclusively.
func (o *Rolled) alone() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil {
		return true
	}
	if fsys.TryLockExclusive(o.f) {
		return true
	}
	fsys.LockShared(o.f) // the failed attempt has dropped it
	return false
}

// close closes the file. Its lock ends at once, even if a Sync under way or a forked process keeps the file open for a while.
func (o *Rolled) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil {
		return nil
	}
	fsys.Unlock(o.f)
	fsys.UnmarkWriter(o.f)
	err := o.f.Close()
	o.f = nil
	return err
}

// finishedBy finishes a file that was taken over, and closes it in any case: a hook may end the goroutine.
func (o *Rolled) finishedBy(finish func(*Rolled) error) (err error) {
	defer func() { err = multierr.Append(err, o.close()) }()
	return finish(o)
}

// adopt takes over a file whose process is gone. It returns nil if there is no such file, or if a living process has it.
func adopt(path string) *Rolled {
	f, err := os.OpenFile(path, os.O_RDONLY|fsys.NoFollow, 0)
	reading := err == nil
	if errors.Is(err, os.ErrPermission) {
		f, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|fsys.NoFollow, 0)
	}
	if err != nil {
		return nil
	}
	out := &Rolled{path: path, f: f, label: labelOf(path), orphan: true, reading: reading}
	info, err := f.Stat()
	if err != nil || !fsys.TryLockExclusive(f) || !exists(path) {
		_ = f.Close()
		return nil
	}
	out.size = info.Size()
	if !fsys.RenamesOpenFiles {
		_ = out.close()
	}
	return out
}
