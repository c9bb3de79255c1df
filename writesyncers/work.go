package writesyncers

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// worker does, for one roller, what comes after a rollover and has time: compression, OnRotate, pruning. Its goroutine
// lives as long as there are jobs.
type worker struct {
	group sync.WaitGroup // every goroutine and every settle of the roller
	abort chan struct{}  // closed when Close has waited long enough for compression

	mu   sync.Mutex // guards the fields below
	jobs []*job
	busy bool
}

// job is one backup to be worked on.
type job struct {
	backup string      // the name it was given
	info   fs.FileInfo // by which it is found when it has moved up a number; nil if the Rotator left nothing there
	tell   bool        // OnRotate hears of it
	done   *sync.WaitGroup
}

// closeWait is the longest Close waits for the work; then compression is given up.
const closeWait = 10 * time.Second

// newJob makes the job for a backup just named. It needs the turn, so that the name is still right.
func (r *roller) newJob(backup string, tell bool) *job {
	j := &job{backup: backup, tell: tell && r.onRotate != nil}
	if info, err := lstat(backup); err == nil && info.Mode().IsRegular() {
		_ = os.SameFile(info, info) // on Windows the file is looked up only now: under this name it is there
		j.info = info
	}
	return j
}

// add hands jobs to the worker. The group returned is done when they are.
func (w *worker) add(r *roller, jobs []*job) *sync.WaitGroup {
	done := new(sync.WaitGroup)
	if !r.compress && r.onRotate == nil && r.keep.all() {
		return done
	}
	for _, j := range jobs {
		done.Add(1)
		j.done = done
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs = append(w.jobs, jobs...)
	if !w.busy && len(w.jobs) > 0 {
		w.busy = true
		w.group.Add(1)
		go w.run(r)
	}
	return done
}

func (w *worker) run(r *roller) {
	defer w.group.Done()
	for {
		w.mu.Lock()
		if len(w.jobs) == 0 {
			w.busy = false
			w.mu.Unlock()
			return
		}
		j := w.jobs[0]
		w.jobs = w.jobs[1:]
		w.mu.Unlock()
		r.do(j)
		j.done.Done()
	}
}

// do works on one backup. The user's code runs here with no lock and without the turn.
func (r *roller) do(j *job) {
	defer r.troubles.say()
	name := j.backup
	if r.compress && j.info != nil {
		compressed, err := r.compressBackup(j.info)
		r.troubles.note("compress a backup of "+r.path, err)
		if compressed != "" {
			name = compressed
		}
	}
	if j.tell {
		r.troubles.note("OnRotate of "+r.path, guard(func() error { r.onRotate(r.path, name); return nil }))
	}
	if !r.keep.all() {
		r.troubles.note("remove backups of "+r.path, r.withTurn(func() error { return r.keep.apply(r.names, time.Now()) }))
	}
}

// withTurn runs f with the right to change names, in this process and on the disk. It waits for it, under no lock.
func (r *roller) withTurn(f func() error) error {
	if !r.acquire() {
		return errBusy
	}
	defer r.release()
	dir, err := waitDir(r.path)
	if err != nil {
		return err
	}
	defer dir.close()
	return f()
}

// close waits until all that belongs to rollovers is done, compression only so long, and removes the file that was opened
// ahead. It leaves no goroutine, unless the user's own code does not return.
func (r *roller) close() error {
	r.attendance.end()
	done := make(chan struct{})
	go func() {
		r.work.group.Wait()
		close(done)
	}()
	timer := time.NewTimer(closeWait)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		close(r.work.abort)
		timer.Reset(turnWait)
		select {
		case <-done:
		case <-timer.C:
			return errBusy
		}
	}
	if r.next == nil {
		return nil
	}
	next := r.next
	r.next = nil
	return next.discard()
}
