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
	MaxBytes int64                        // size that a file stays below; 0: any
	Should   func(size int64, n int) bool // replaces the rule of MaxBytes, if it is not nil
	Period   *Period                      // decides by time; nil: only the size decides
	Backups  *backups.Set                 // the names
	Namer    bool                         // Backups calls the user's Namer
	Rotator  func(src, dst string) error  // replaces the rename, if it is not nil
	OnRotate func(path, backup string)    // may be nil
	Compress bool
	Shared   bool  // other processes rotate the same log
	Sync     bool  // a file that was rolled over is synced
	Keep     int   // how many backups, and files that wait for names, there are at most; 0: any number
	Header   int64 // the length of the header of a file
	File     appendfile.Options
	Report   *base.Reporter
}

// Small is the size below which a file is named before Write returns.
const Small = 1 << 20

const (
	retryStart = time.Second      // how long a refusal puts off the next attempt; doubled with each further one
	retryMax   = 30 * time.Second // the longest
	lockWait   = time.Second      // how long to wait for the lock of the log before that is told
	shortWait  = 100 * time.Millisecond
	maxWaiting = 256 // files that wait to be finished, at most: each of them is open
)

// Errors of Exchange when nothing has changed.
var (
	ErrMoved = errors.New("the path leads to another file")                   // the caller opens that one
	ErrBusy  = errors.New("files that were rolled out before wait for names") // the caller tries again later
)

// Step is called between any two steps at which a crash makes a difference. Tests stop the process there.
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

	sharable atomic.Bool // CheckShared has succeeded
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

// RetryIn returns how long it is until the next attempt after a refusal.
func (r *Rotation) RetryIn() time.Duration { return r.retry.in(time.Now()) }

// Prepare opens the file that follows like, in the background, once like has come near its limit.
func (r *Rotation) Prepare(like *appendfile.File, size int64) {
	if size >= r.limits.ahead() {
		r.prepare(func() { r.opener.open(like) })
	}
}

// PrepareSoon is Prepare for a file whose period ends. The next file must be made within its own period, so only the directory is
// made ahead.
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

// Left reports whether naming a file has failed, and has to be tried again.
func (r *Rotation) Left() bool { return r.finish.left() }

// Finish finishes a file that Exchange has returned. A small file has its name when Finish returns, unless that takes long. Nil
// tries again what has failed.
func (r *Rotation) Finish(out *Rolled) { r.finish.begin(out) }

// Wait waits until the file is finished, or naming it has failed. It does not wait for a hook that calls it, and not for ever for one
// that does not return.
func (r *Rotation) Wait(out *Rolled) error { return r.finish.wait(out) }

// Retry tries again what has failed, and waits for the result.
func (r *Rotation) Retry() error {
	r.finish.begin(nil)
	return r.finish.wait(nil)
}

// Sync syncs the files that were rolled over and are not synced yet.
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

// Close finishes the files that wait, for some seconds at most, and removes the file that was opened ahead. Calls that the disk
// does not answer go on in the background.
func (r *Rotation) Close() error {
	err := base.Within(StuckWait(), func() error { r.opener.close(); return nil })
	err = multierr.Append(err, r.finish.close(patienceAfter(err)))
	return multierr.Append(err, base.Within(patienceAfter(err), func() error {
		r.opener.discard()
		r.dir.close()
		return nil
	}))
}

// patienceAfter returns how long Close waits for its next step: not long after a step that has failed, because the disk would not answer
// that either.
func patienceAfter(err error) time.Duration {
	if err != nil {
		return nameWait
	}
	return StuckWait()
}

// Recover finishes or undoes what a killed process has left half done; the documentation of package writesyncers has the table. It runs
// before the log is opened. Files of a living process are locked, and left alone.
func (r *Rotation) Recover() error {
	err := r.finish.steps.recover()
	r.finish.start()
	return err
}

// Lock takes the lock of the log until unlock is called. It waits for at most shortWait, because the writer's lock is held meanwhile, and
// then goes on without.
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

// CheckShared returns an error if the file system does not let several processes rotate one log. Once it has succeeded it does not try
// again.
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
			return nil // so there are locks, and another process has checked
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

// guard runs the user's code and turns a panic into an error.
func guard(user func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return user()
}

// backoff puts off attempts after refusals. It uses the monotonic clock: the wall clock may be put back by a day, and an attempt put
// off by a second would wait for as long.
type backoff struct {
	until atomic.Pointer[time.Time] // nil: the last attempt was not refused
	wait  atomic.Int64              // how long the last refusal has put off the next attempt, in nanoseconds
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
