package rotation

import (
	"errors"
	"os"
	"sync"
	"time"

	"go.uber.org/multierr"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// Rolled is a file that was rolled out, on its way to its backup name.
type Rolled struct {
	path   string    // in the hidden directory
	label  time.Time // the time its backup is named for, where names are times
	size   int64
	toSync bool
	orphan bool // the process that rolled it out is gone

	named bool  // guarded by the finisher's mu
	ended bool  // the same: hooks and all
	err   error // the same: why it has no name

	mu      sync.Mutex // guards the fields below
	f       *os.File   // open, and by that locked, until it has its name; nil if there is none
	synced  bool
	reading bool // f is open for reading only
}

// sync puts the file on the disk, if it is to be and is not yet.
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

// letWritingGo has the file open for reading from now on, and as locked as before, so that it shows whether others have it open for
// writing. An error is that of closing it.
func (o *Rolled) letWritingGo() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil || o.reading {
		return nil
	}
	f, err := os.OpenFile(o.path, os.O_RDONLY|fsys.NoFollow|fsys.Nonblock, 0)
	if err != nil {
		return nil // then it does not show
	}
	if !fsys.LockShared(f) { // or nobody could see that it belongs to a living process
		return f.Close()
	}
	fsys.Unlock(o.f)
	fsys.UnmarkWriter(o.f)
	err = o.f.Close()
	o.f, o.reading = f, true
	return err
}

// written reports whether another program, which need not know of locks, has the file open for writing.
func (o *Rolled) written() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reading && o.f != nil && fsys.OpenForWriting(o.f)
}

// alone reports whether no other process writes to the file any more, and sees to it that none can be taken for doing so.
func (o *Rolled) alone() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.f == nil {
		return true
	}
	if fsys.TryLockExclusive(o.f) {
		return true
	}
	fsys.LockShared(o.f) // the system has dropped it
	return false
}

// close closes the file, and ends the lock on it: at once, though a Sync may be under way in it, or a process be forked, and keep it open
// for a while.
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

// finishedBy finishes a file that was taken over, and lets it go in any case: a hook may end the goroutine.
func (o *Rolled) finishedBy(finish func(*Rolled) error) (err error) {
	defer func() { err = multierr.Append(err, o.close()) }()
	return finish(o)
}

// adopt takes a file over whose process is gone. It returns nil if there is none, or a living process has it.
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
