package rotation

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// Config says when a log is rolled over and what becomes of the file.
type Config struct {
	Path     string                       // of the log: absolute, and no symbolic link
	MaxBytes int64                        // size that a file does not reach; 0: any
	Should   func(size int64, n int) bool // decides in the place of MaxBytes, if it is not nil
	Period   *Period                      // when time decides, too; nil: it does not
	Backups  *backups.Set                 // the names
	Namer    bool                         // Backups asks code of the user's
	Rotator  func(src, dst string) error  // in the place of a rename, if it is not nil
	OnRotate func(path, backup string)    // may be nil
	Compress bool
	Shared   bool  // other processes rotate the same log
	Sync     bool  // a file that was rolled out is put on the disk
	Keep     int   // how many backups there are at most, and so files that wait for names; 0: any number
	Header   int64 // bytes that an empty file begins with
	File     appendfile.Options
	Report   *base.Reporter
}

// Small is the size of a file that is named before Write returns.
const Small = 1 << 20

const (
	retryStart = time.Second      // after a refusal; doubled with each
	retryMax   = 30 * time.Second // up to this
	lockWait   = time.Second      // how long the lock of the log is waited for before that is told
	shortWait  = 100 * time.Millisecond
	maxWaiting = 256 // files that wait to be finished, at most: each of them is open
)

// What Exchange answers when nothing has changed.
var (
	ErrMoved = errors.New("the path leads to another file")                   // open that one
	ErrBusy  = errors.New("files that were rolled out before wait for names") // try again later
)

// Step is called between any two steps that a crash may come between. Tests stop the process there.
var Step = func(string) {}

// Rotation rolls one log over. Exchange, Opened, Due, Prepare, Limit and MayTry are called under the lock of the log's writer, the others
// under none.
type Rotation struct {
	limits
	exchanger
	cfg    Config
	dir    *directory
	opener opener
	finish *finisher
	retry  backoff

	sharable atomic.Bool // CheckShared has found no reason against it
}

// New returns the Rotation of a log. It touches no file.
func New(cfg Config) *Rotation {
	r := &Rotation{cfg: cfg, dir: newDirectory(cfg.Path)}
	r.opener = opener{cfg: &r.cfg, dir: r.dir}
	r.finish = newFinisher(&r.cfg, r.dir, &r.retry)
	r.limits = limits{&r.cfg}
	r.exchanger = exchanger{cfg: &r.cfg, dir: r.dir, opener: &r.opener, finish: r.finish, retry: &r.retry}
	return r
}

// MayTry reports whether the time for another attempt has come after a refusal.
func (r *Rotation) MayTry() bool { return r.retry.mayTry(time.Now()) }

// RetryIn returns how long a refusal puts off the next attempt.
func (r *Rotation) RetryIn() time.Duration { return r.retry.in(time.Now()) }

// Prepare opens the file that is to follow like when it has come near its limit. It does so in the background.
func (r *Rotation) Prepare(like *appendfile.File, size int64) {
	if size >= r.limits.ahead() {
		r.prepare(func() { r.opener.open(like) })
	}
}

// PrepareSoon is Prepare for a file that gives way when its period ends. Its successor is made in the period that it is of, so only
// the directory is made ahead.
func (r *Rotation) PrepareSoon(size int64) {
	if fsys.OpensAhead && !r.cfg.Shared && size >= Small {
		r.prepare(r.opener.ready)
	}
}

func (r *Rotation) prepare(f func()) {
	if !r.opener.start() {
		return
	}
	go func() {
		f()
		r.opener.done()
		r.finish.linger()
	}()
}

// Left reports whether files wait for names that were refused them.
func (r *Rotation) Left() bool { return r.finish.left() }

// Finish has a file finished that Exchange has returned. A small file has its name when Finish returns, unless that takes long. Nil
// has the finisher try again what was refused.
func (r *Rotation) Finish(out *Rolled) { r.finish.begin(out) }

// Wait waits until the file is finished, or its name refused. It does not wait for code that calls it, nor for a hook that does
// not come to an end.
func (r *Rotation) Wait(out *Rolled) error { return r.finish.wait(out) }

// Retry has what was refused tried again, and waits for that.
func (r *Rotation) Retry() error {
	r.finish.begin(nil)
	return r.finish.wait(nil)
}

// Sync puts the files on the disk that were rolled out and are not there yet.
func (r *Rotation) Sync() error { return r.finish.sync() }

// Backups returns the paths of the backups, the newest first.
func (r *Rotation) Backups() (paths []string, err error) {
	var found []backups.Backup
	list := func() (err error) { found, err = r.cfg.Backups.List(); return err }
	if err = r.finish.names.boundedly(r.cfg.Namer, func() error { return r.finish.look(list) }); errors.Is(err, errStuck) {
		return nil, err
	}
	for _, b := range found {
		paths = append(paths, b.Path)
	}
	return paths, err
}

// Counts returns how often the log was rolled over, and how many backups were compressed.
func (r *Rotation) Counts() (rolled, compressed uint64) {
	return r.count.Load(), r.finish.compressed.Load()
}

// Close finishes what there is, waits for that as long as some seconds, and removes the file that was opened ahead. What the disk does not
// answer goes on in the background.
func (r *Rotation) Close() error {
	err := base.Within(StuckWait(), func() error { r.opener.close(); return nil })
	err = multierr.Append(err, r.finish.close(patienceAfter(err)))
	return multierr.Append(err, base.Within(patienceAfter(err), func() error {
		r.opener.discard()
		r.dir.close()
		return nil
	}))
}

// patienceAfter returns how long Close waits for its next step: what has not answered before would not answer that either.
func patienceAfter(err error) time.Duration {
	if err != nil {
		return nameWait
	}
	return StuckWait()
}

// Recover finishes or undoes what a killed process left half done; the documentation of package writesyncers has the table. It runs
// before the log is opened. Files of a living process are left alone: it holds a lock on them.
func (r *Rotation) Recover() error {
	err := r.finish.steps.recover()
	r.finish.start()
	return err
}

// Lock keeps other processes from what they do under the lock of the log until unlock is called. It waits for it no longer than a moment,
// for the writer's lock is held meanwhile, and then does without.
func (r *Rotation) Lock() (unlock func()) {
	for start := time.Now(); time.Since(start) < shortWait; time.Sleep(time.Millisecond) {
		if err := r.dir.enter(); err == nil {
			return func() { r.dir.leave(true) }
		} else if !errors.Is(err, fsys.ErrLocked) {
			break
		}
	}
	return func() {}
}

// CheckShared returns an error if several processes cannot rotate one log on the file system it is on. It is tried until it is found that
// they can.
func (r *Rotation) CheckShared() error {
	if r.sharable.Load() {
		return nil
	}
	err := r.checkShared()
	r.sharable.Store(err == nil)
	return err
}

func (r *Rotation) checkShared() error {
	if err := r.dir.enter(); err != nil {
		if errors.Is(err, fsys.ErrLocked) {
			return nil // so there are locks, and another process has looked
		}
		return shown(err, r.cfg.Path)
	}
	defer r.dir.leave(true)
	can, err := fsys.Probe(r.dir.path)
	switch {
	case err != nil:
		return shown(err, r.cfg.Path)
	case !can.Links:
		return errors.New("needs hard links that lead to the same file, which the file system does not have")
	case !can.Locks:
		return errors.New("needs locks (flock), which the file system does not have")
	case !can.Local:
		return errors.New("needs a file system of the kernel's own: this one is a server's, or a process's (FUSE)")
	}
	return nil
}

// guard runs code of the user's and makes an error of its panic.
func guard(user func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return user()
}

// backoff puts off attempts after refusals. It goes by the clock that nobody sets, which is what time.Now has beside the one on the wall:
// that may be put back by a day, and what was refused for a second would wait for as long.
type backoff struct {
	until atomic.Pointer[time.Time] // nil: nothing was refused
	wait  atomic.Int64              // how long the last refusal has put off the next attempt
}

func (b *backoff) mayTry(now time.Time) bool { return b.in(now) == 0 }

func (b *backoff) in(now time.Time) time.Duration {
	until := b.until.Load()
	if until == nil {
		return 0
	}
	return max(0, until.Sub(now))
}

func (b *backoff) refused() {
	wait := min(max(retryStart, 2*time.Duration(b.wait.Load())), retryMax)
	b.wait.Store(int64(wait))
	until := time.Now().Add(wait)
	b.until.Store(&until)
}

func (b *backoff) granted() {
	b.wait.Store(0)
	b.until.Store(nil)
}
