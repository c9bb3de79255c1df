package writesyncers

import (
	"sync"
	"time"
)

// settle gives a file that was rolled out its backup name, after those that an earlier refusal has left without, and
// hands it on to the work. It has the turn and gives it back. The group returned is done when the work is.
func (r *roller) settle(swap *rolled) (*sync.WaitGroup, error) {
	defer r.work.group.Done()
	if swap.hidden != "" {
		swap.file.letGo()
		r.left = append(r.left, *swap)
	}
	jobs, err := r.placeLeft(swap.dir)
	r.troubles.note("name the backup of "+r.path, err)
	if err != nil {
		r.refused()
	} else {
		r.granted()
	}
	r.release()
	if swap.hidden != "" {
		r.count.Add(1)
		r.retire(swap)
	}
	return r.work.add(r, jobs), err
}

// placeLeft names what has no name yet, in order, up to the first refusal, and gives the directory back. One that is not
// open is to be taken first.
func (r *roller) placeLeft(dir directory) (jobs []*job, err error) {
	if !dir.open() {
		if dir, err = waitDir(r.path); err != nil {
			return nil, err
		}
	}
	defer dir.close()
	for len(r.left) > 0 {
		if exists(r.left[0].hidden) { // else another process has recovered it
			j, err := r.place(&r.left[0])
			if err != nil {
				return jobs, err
			}
			jobs = append(jobs, j)
		}
		r.left = r.left[1:]
	}
	return jobs, nil
}

// place moves one hidden file to its backup name.
func (r *roller) place(f *rolled) (*job, error) {
	if f.label.IsZero() && r.times != nil { // of a process that is gone
		schedule := r.times.schedule
		f.label = schedule.Start(schedule.Next(modified(f.hidden)))
	}
	backup, err := r.names.place(f.hidden, f.label, func(src, dst string) error {
		onStep("made room")
		if r.rotator == nil {
			return renameNew(src, dst)
		}
		return guard(func() error { return r.rotator(src, dst) })
	})
	if err != nil {
		return nil, err
	}
	onStep("named")
	if err := guard(func() error { return r.names.prune() }); err != nil {
		r.troubles.note("remove backups of "+r.path, err)
	}
	return r.newJob(backup, true), nil
}

// retire syncs, if that is the policy, and closes the descriptor of a file that was rolled out.
func (r *roller) retire(swap *rolled) {
	var err error
	if swap.file != nil {
		if swap.sync {
			err = swap.file.sync()
			r.troubles.note("sync a backup of "+r.path, err)
		}
		r.troubles.note("close a backup of "+r.path, swap.file.close())
	}
	r.retiring.end(err)
}

// modified returns the time a file was last written.
func modified(path string) time.Time {
	if info, err := lstat(path); err == nil {
		return info.ModTime()
	}
	return time.Now()
}
