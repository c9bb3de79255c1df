package rotation

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"go.uber.org/multierr"
)

// steps are the steps that the finisher takes with one file. They hold the lock of the log while names change, and call no hook but the
// Namer under it.
type steps struct {
	cfg        *Config
	dir        *directory
	retry      *backoff
	abort      chan struct{} // closed when Close has waited long enough
	progress   atomic.Uint64 // rises while work goes on; see waitUntil
	compressed *atomic.Uint64
	names      namesLock // held around calls of cfg.Backups

	uncompressed atomic.Bool // there are backups that still have to be compressed

	// These are owned by the finisher's goroutine.
	copied  map[string]string // files that are copied to a backup, and only have to be removed: path in the directory → backup
	expired string            // the number of the last hold that has lasted too long

	mu      sync.Mutex // guards the field below
	syncErr error      // for the next Sync
}

// pollEvery is how often to check whether another process has finished.
const pollEvery = 2 * time.Millisecond

// syncAndClose syncs and closes a file that has its backup name.
func (s *steps) syncAndClose(out *Rolled) {
	err := out.sync()
	note(s, "sync a backup of ", err)
	note(s, "close a backup of ", out.close())
	if err != nil {
		s.mu.Lock()
		s.syncErr = err
		s.mu.Unlock()
	}
}

func (s *steps) syncError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.syncErr
	s.syncErr = nil
	return err
}

// note notes the result of a step. Its error shows the name of the log instead of hidden names.
func note(s *steps, step string, err error) {
	s.cfg.Report.Note(step+s.cfg.Path, shown(err, s.cfg.Path))
}

// locked calls f with the lock of the log. It waits for that lock, so the caller must not hold the writer's. After a second it reports
// that, and goes on without the lock; with Shared it gives up.
func (s *steps) locked(f func() error) error {
	step := "lock " + s.cfg.Path
	for start := time.Now(); ; time.Sleep(pollEvery) {
		err := s.dir.enter()
		if err == nil {
			s.cfg.Report.Note(step, nil)
			defer s.dir.leave(true)
			break
		}
		if !errors.Is(err, fsys.ErrLocked) {
			return shown(err, s.cfg.Path)
		}
		if time.Since(start) < lockWait {
			continue
		}
		s.cfg.Report.Note(step, err)
		if s.cfg.Shared {
			return err
		}
		break
	}
	return shown(s.names.with(s.cfg.Namer, f), s.cfg.Path)
}

func (s *steps) aborted() bool {
	select {
	case <-s.abort:
		return true
	default:
		return false
	}
}

// takeAll takes a file through all steps. It calls named when the file has its backup name; an error means that it has none.
func takeAll(s *steps, out *Rolled, named func()) error {
	h := holdNames(s, out)
	defer h.end() // also if a hook ends the goroutine
	backup, err := s.name(out)
	if err != nil {
		return err
	}
	named()
	s.syncAndClose(out)
	s.after(backup)
	return nil
}

// name gives a file its backup name, compressed if that is set, and returns the name; "" if another process has done so.
func (s *steps) name(out *Rolled) (backup string, err error) {
	s.progress.Add(1)
	if out.orphan { // there may be a compressed backup of it already
		if err := s.locked(func() error { return s.removeCompressed(out.path) }); err != nil {
			return "", err
		}
	}
	backup, copied := s.copied[out.path]
	switch {
	case copied:
		err = remove(out.path)
	case !exists(out.path):
		return "", nil
	case s.cfg.Rotator != nil:
		backup, err = s.rotator(out)
	case s.cfg.Compress:
		backup, err = s.compress(out)
	default:
		backup, err = s.place(out.path, out, false)
	}
	if err != nil {
		return "", err
	}
	delete(s.copied, out.path)
	noteNamed(s, nil)
	return backup, nil
}

// noteNamed notes whether a file has got its backup name. An error puts off the next attempt.
func noteNamed(s *steps, err error) {
	note(s, "name the backup of ", err)
	if err != nil {
		s.retry.refused()
	} else {
		s.retry.granted()
	}
}

// place gives the file at path the backup name of out.
func (s *steps) place(path string, out *Rolled, compressed bool) (dst string, err error) {
	err = s.locked(func() error {
		dst, err = s.cfg.Backups.Place(path, s.label(out), compressed)
		return err
	})
	return dst, err
}

// label returns the time that a backup is named for.
func (s *steps) label(out *Rolled) time.Time {
	if out.label.IsZero() && s.cfg.Period != nil { // of a process that is gone
		if info, err := os.Lstat(out.path); err == nil {
			return s.cfg.Period.LabelOf(info.ModTime())
		}
	}
	return out.label
}

// rotator has the user's Rotator move the file. Files of other processes wait meanwhile, because this one comes first. If the Rotator
// fails, the half-made backup is removed: else the next attempt would move it up like a backup, and a good one would be removed for it.
func (s *steps) rotator(out *Rolled) (dst string, err error) {
	err = s.locked(func() error {
		dst, err = s.cfg.Backups.Reserve(s.label(out))
		return err
	})
	if err != nil {
		return "", err
	}
	if !fsys.RenamesOpenFiles {
		_ = out.close()
	}
	start := time.Now()
	if err := guard(func() error { return s.cfg.Rotator(out.path, dst) }); err != nil {
		if time.Since(start) < otherWait { // else another process may have stopped waiting, and taken the name
			err = multierr.Append(err, s.locked(func() error { return removeHalf(dst, out.path) }))
		}
		return "", err
	}
	if exists(out.path) {
		if !exists(dst) {
			return "", errLeftBehind
		}
		s.copied[out.path] = dst
		s.uncompressed.Store(s.cfg.Compress)
		err = remove(out.path) // the Rotator has made a copy; the file would be found again
	}
	_ = s.names.with(s.cfg.Namer, func() error { s.cfg.Backups.Placed(dst); return nil })
	if s.cfg.Compress && err == nil {
		inUse := s.awaitWriters(out)
		_ = out.close()
		if inUse != nil {
			s.uncompressed.Store(true)
			s.cfg.Report.Note("compress a backup of "+s.cfg.Path, inUse)
			return dst, nil
		}
		s.compressBackups()
		if exists(dst + backups.Gzip) {
			dst += backups.Gzip
		}
	}
	return dst, err
}

// removeHalf removes the half-made backup of a Rotator that has failed, if src is still there.
func removeHalf(dst, src string) error {
	if info, err := os.Lstat(dst); err != nil || !info.Mode().IsRegular() || !exists(src) {
		return nil
	}
	return remove(dst)
}

// after calls OnRotate and removes backups beyond the limits.
func (s *steps) after(backup string) {
	if backup != "" && s.cfg.OnRotate != nil {
		err := guard(func() error { s.cfg.OnRotate(s.cfg.Path, backup); return nil })
		s.cfg.Report.Note("OnRotate of "+s.cfg.Path, err)
	}
	s.retain()
}

func (s *steps) retain() {
	Step("retaining")
	err := s.locked(func() error { return s.cfg.Backups.Retain(time.Now()) })
	s.cfg.Report.Note("remove backups of "+s.cfg.Path, err)
}

// othersBefore clears the way for the file at path, since names are given in the order of rollovers. It finishes earlier files of processes
// that are gone, and waits for living processes to finish theirs: no longer than patience, since a process may be stopped and a
// hook may never return. With path "" it finishes all files of processes that are gone, and waits only for a hook that keeps the names.
func (s *steps) othersBefore(path string, patience time.Duration, finish func(*Rolled) error) error {
	for start := time.Now(); ; {
		first, err := s.dir.firstOut(path)
		if err != nil || first == "" {
			return err
		}
		held := heldBefore(s, first)
		if held == "" {
			if first == path {
				return nil
			}
			if gone, err := clearAway(s, first, finish); err != nil {
				return err
			} else if gone {
				continue
			}
		}
		late := time.Since(start) > patience
		switch {
		case path == "" && held == "":
			return nil // the process that has it finishes it
		case s.aborted():
			return fsys.ErrLocked
		case late && held != "":
			s.expired = held
		case late:
			return nil
		default:
			time.Sleep(pollEvery)
		}
	}
}

// clearAway removes the file at path if it is the second name of the log, and finishes it if its process is gone. It returns false
// if a living process has to finish it.
func clearAway(s *steps, path string, finish func(*Rolled) error) (gone bool, err error) {
	if sameFile(path, s.cfg.Path) {
		return true, s.locked(func() error { return s.unlinkLog(path) })
	}
	if orphan := adopt(path); orphan != nil {
		return true, orphan.finishedBy(finish)
	}
	return false, nil
}

// look calls f with the lock of the log if there is a hidden directory; else no other process changes names.
func (s *steps) look(f func() error) error {
	if s.dir.exists() {
		return s.locked(f)
	}
	return s.names.with(s.cfg.Namer, f)
}
