package rotation

import (
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
)

// finisher finishes the files of one log that were rolled out: one goroutine, while there are any, and one file at a time, in their
// order. So a hook has its file under the name it was told for as long as it runs: the next file gets no name before.
type finisher struct {
	steps
	compressed atomic.Uint64

	mu        sync.Mutex // guards the fields below
	queue     []*Rolled  // the first is being worked on while running
	running   bool
	working   bool // on the first, and not only looking whether there is one
	closing   bool
	abandoned bool          // Close does not wait any more: what is refused from now on is let go
	refused   error         // why the first has no name; the next rollover tries again
	goroutine uint64        // that runs, so that it does not wait for itself
	changed   chan struct{} // closed, and replaced, at each change
}

const (
	lingerEvery = 250 * time.Microsecond
	lingerLooks = 200
	nameWait    = time.Second // the longest Write waits for the name of a small file
	manyBackups = 500         // with more, no Write waits until those are removed that are too old or too much
	otherWait   = time.Minute // the longest a file waits for the one of another process, which may have to be compressed
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

// enqueue puts a file at the end of the queue. It is called under the lock of the writer, so that the files keep their order.
func (f *finisher) enqueue(out *Rolled) {
	f.mu.Lock()
	f.queue = append(f.queue, out)
	f.mu.Unlock()
}

// begin has the queue worked on, for the sake of a file in it; nil has what was refused tried again.
func (f *finisher) begin(out *Rolled) {
	f.mu.Lock()
	dropped := f.overflowLocked()
	start, idle := !f.running && (len(f.queue) > 0 || f.refused != nil), !f.working
	if start {
		f.running, f.refused = true, nil
	}
	f.mu.Unlock()
	f.drop(dropped)
	hooks := f.hooks()
	switch small := out == nil || out.size < Small; {
	case start && small && !hooks && !many(f.cfg):
		f.run(1)
	case start:
		go f.run(math.MaxInt)
		if small && !f.cfg.Compress {
			f.awaitName(out)
		}
	case small && out != nil && (!hooks || idle && !f.cfg.Compress):
		f.awaitName(out)
	}
}

// awaitName waits a while for a file to get its name; not if it is the Namer that has rolled it over.
func (f *finisher) awaitName(out *Rolled) {
	if f.names.mine() {
		return
	}
	f.waitAtMost(nameWait, func() bool {
		return !f.running || f.refused != nil || out != nil && (out.ended || out.named && (f.cfg.OnRotate != nil || many(f.cfg)))
	})
}

// many reports whether it takes long to see which backups are too old or too much, and to remove those.
func many(cfg *Config) bool { return cfg.Backups.Listed() > manyBackups }

// overflowLocked takes the oldest of the files from the queue that wait for a slow hook and are more than may stay.
func (f *finisher) overflowLocked() (dropped []*Rolled) {
	for keep := f.cfg.Keep; f.running && keep > 0 && len(f.queue)-1 > keep; {
		dropped = append(dropped, f.queue[1])
		f.queue = append(f.queue[:1], f.queue[2:]...)
	}
	return dropped
}

// drop removes files that will have no backup.
func (f *finisher) drop(dropped []*Rolled) {
	for _, out := range dropped {
		err := multierr.Append(remove(out.path), out.close())
		note(&f.steps, "remove files of ", err)
		if f.cfg.Rotator != nil || f.cfg.OnRotate != nil { // which never hears of it; else retention would have done the same
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

// adoptBefore finishes the files of processes that are gone and that were rolled out before this one, and waits for living ones to finish
// theirs, and for hooks that they call: names are given in order. Without a path it finishes what there is, and waits for nobody.
func (f *finisher) adoptBefore(path string) error {
	patience := nameWait
	if f.hooks() {
		patience = otherWait
	}
	return f.steps.othersBefore(path, patience, func(orphan *Rolled) error { return takeAll(&f.steps, orphan, func() {}) })
}

// start finishes what processes that are gone have left, and has backups compressed that are not yet.
func (f *finisher) start() {
	orphans, _ := f.dir.list(outTag)
	if len(orphans) == 0 && !f.plain.Load() {
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

// hooks reports whether finishing a file may take long.
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

// end does what is left when the queue has run empty, and reports whether it still is. Again: backups are to be compressed whose
// compression was refused.
func (f *finisher) end(refused error, again bool) bool {
	if refused == nil {
		refused = f.adoptBefore("")
		if again {
			f.compressPlain()
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
		letGoLate(f)
	}
	return true
}

// left reports whether a file was refused its name.
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

// sync puts on the disk what waits and is not there yet.
func (f *finisher) sync() (err error) {
	f.mu.Lock()
	waiting := append([]*Rolled(nil), f.queue...)
	f.mu.Unlock()
	for _, out := range waiting {
		err = multierr.Append(err, out.sync())
	}
	return shown(multierr.Append(err, f.steps.syncError()), f.cfg.Path)
}
