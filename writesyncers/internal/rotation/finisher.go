package rotation

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
)

// finisher finishes the files of one log that were rolled over. While there are any, one goroutine works on them, one at a time and in
// order. So a file keeps the name that a hook was given for as long as the hook runs: the next file gets no name before.
type finisher struct {
	steps
	compressed atomic.Uint64

	mu        sync.Mutex // guards the fields below
	queue     []*Rolled  // the first is being worked on while running
	running   bool       // a goroutine is in run, or about to
	working   bool       // it works on the first file, and does not only look for one
	closing   bool
	abandoned bool          // Close does not wait any more: files that are not finished are closed
	refused   error         // why the first has no name; the next rollover tries again
	goroutine uint64        // the id of the one in run, so that it does not wait for itself
	changed   chan struct{} // closed, and replaced, at each change
}

const (
	lingerEvery = 250 * time.Microsecond
	lingerLooks = 200
	nameWait    = time.Second // the longest a Write waits for the name of a small file
	manyBackups = 500         // with more, no Write waits for retention
	otherWait   = time.Minute // the longest a file waits for one of another process, which may have to be compressed
)

var (
	errStuck  = errors.New("a hook or another process takes too long; it goes on in the background")
	errNamer  = errors.New("called by the Namer, of which the names of the backups are asked just now")
	errExited = errors.New("a hook has ended the goroutine that called it")
)

func newFinisher(cfg *Config, dir *directory, retry *backoff) *finisher {
	f := &finisher{changed: make(chan struct{})}
	f.steps = steps{cfg: cfg, dir: dir, retry: retry, abort: make(chan struct{}), compressed: &f.compressed, copied: map[string]string{}}
	return f
}

// enqueue appends a file to the queue. It is called under the lock of the writer, so that the files keep their order.
func (f *finisher) enqueue(out *Rolled) {
	f.mu.Lock()
	f.queue = append(f.queue, out)
	f.mu.Unlock()
}

// begin works on the queue, out being the file just added, or nil to try again what was refused. It works on this goroutine, or starts one
// and, if out is small, waits for its name.
func (f *finisher) begin(out *Rolled) {
	f.mu.Lock()
	dropped := f.overflowLocked()
	start, idle := !f.running && (len(f.queue) > 0 || f.refused != nil), !f.working
	if start {
		f.running, f.refused = true, nil
	}
	f.mu.Unlock()
	f.drop(dropped)
	small, hooks := out == nil || out.size < Small, f.hooks()
	switch {
	case start && small && !hooks && !many(f.cfg):
		f.run(1)
		if out == nil || hasEnded(f, out) { // else it was another's file, which was rolled over just before
			return
		}
	case start:
		go f.run(math.MaxInt)
	}
	if small && !f.cfg.Compress && (start || out != nil && (idle || !hooks)) {
		f.awaitName(out)
	}
}

// hasEnded reports whether a file has gone through all steps.
func hasEnded(f *finisher, out *Rolled) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return out.ended
}

// awaitName waits up to nameWait until a file has its name. It does not if the Namer itself has rolled the file over.
func (f *finisher) awaitName(out *Rolled) {
	if f.names.mine() {
		return
	}
	f.waitAtMost(nameWait, func() bool {
		return !f.running || f.refused != nil || out != nil && (out.ended || out.named && (f.cfg.OnRotate != nil || many(f.cfg)))
	})
}

// many reports whether there are so many backups that retention takes long.
func many(cfg *Config) bool { return cfg.Backups.Listed() > manyBackups }

// overflowLocked removes the oldest files from the queue if more wait for a slow hook than backups may stay. The first is being worked
// on, and stays.
func (f *finisher) overflowLocked() (dropped []*Rolled) {
	for keep := f.cfg.Keep; f.running && keep > 0 && len(f.queue)-1 > keep; {
		dropped = append(dropped, f.queue[1])
		f.queue = append(f.queue[:1], f.queue[2:]...)
	}
	return dropped
}

// drop removes files of which there will be no backup.
func (f *finisher) drop(dropped []*Rolled) {
	for _, out := range dropped {
		err := multierr.Append(remove(out.path), out.close())
		note(&f.steps, "remove files of ", err)
		if f.cfg.Rotator != nil || f.cfg.OnRotate != nil { // it is not called for this file; without hooks retention would do the same
			f.cfg.Report.Note("finish files of "+f.cfg.Path, errWaiting(1))
		}
		f.update(func() { out.ended = true })
	}
}

// finishOne takes one file through all the steps. An error means that it has no name.
func (f *finisher) finishOne(out *Rolled) error {
	defer f.cfg.Report.Tell()
	if err := f.adoptBefore(out.path); err != nil {
		return shown(err, f.cfg.Path)
	}
	return shown(takeAll(&f.steps, out, func() { f.update(func() { out.named = true }) }), f.cfg.Path)
}

// adoptBefore is othersBefore with all steps for each file, and with the time that files of this log may take as its patience.
func (f *finisher) adoptBefore(path string) error {
	patience := nameWait
	if f.hooks() {
		patience = otherWait
	}
	return f.steps.othersBefore(path, patience, func(orphan *Rolled) error { return takeAll(&f.steps, orphan, func() {}) })
}

// start finishes the files of processes that are gone, and compresses backups that are not compressed yet.
func (f *finisher) start() {
	orphans, _ := f.dir.list(outTag)
	if len(orphans) == 0 && !f.uncompressed.Load() {
		return
	}
	f.mu.Lock()
	start := !f.running
	f.running = true
	f.mu.Unlock()
	switch {
	case !start:
	case f.hooks():
		go f.run(math.MaxInt)
	default:
		f.run(math.MaxInt)
	}
}

// hooks reports whether finishing a file may take long: it calls the user's code, or compresses.
func (f *finisher) hooks() bool {
	return f.cfg.Rotator != nil || f.cfg.OnRotate != nil || f.cfg.Compress || f.cfg.Namer
}

func (f *finisher) first() *Rolled {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.queue) == 0 {
		return nil
	}
	return f.queue[0]
}

// end ends a run, because the queue is empty or the first file was refused its name. compress says that backups whose compression has
// failed are to be compressed. It reports whether the run has ended: it has not if there is another file by now.
func (f *finisher) end(refused error, compress bool) bool {
	if refused == nil {
		refused = f.adoptBefore("")
		if compress {
			f.compressBackups()
		}
		f.cfg.Report.Note("finish files of "+f.cfg.Path, nil)
	}
	noteNamed(&f.steps, refused)
	f.cfg.Report.Tell()
	f.mu.Lock()
	if refused == nil && len(f.queue) > 0 {
		f.mu.Unlock()
		return false
	}
	f.running, f.refused, f.goroutine = false, refused, 0
	f.broadcastLocked()
	abandoned := f.abandoned
	f.mu.Unlock()
	if abandoned {
		abandonLate(f)
	}
	return true
}

// left reports whether the first file was refused its name.
func (f *finisher) left() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused != nil
}

// waiting counts the files that are not finished.
func (f *finisher) waiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.queue)
}

// sync syncs the files that wait. It also returns the error of the last file that was synced in the background.
func (f *finisher) sync() (err error) {
	f.mu.Lock()
	waiting := append([]*Rolled(nil), f.queue...)
	f.mu.Unlock()
	for _, out := range waiting {
		err = multierr.Append(err, out.sync())
	}
	return shown(multierr.Append(err, f.steps.syncError()), f.cfg.Path)
}
