package rotation

import (
	"os"
	"path/filepath"
	"strings"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// hold keeps other processes (Shared) from renaming backups while OnRotate runs. It is a locked file in the hidden directory, with the
// name of the file that was rolled over except for the tag. Other processes wait for it as for a file that has yet to get its name.
type hold struct {
	steps *steps
	path  string
	f     *os.File
}

// holdNames makes a hold before a file gets its name. It returns nil if no hold is needed, or if it cannot be made: that error is only
// noted, because the name matters more.
func holdNames(s *steps, out *Rolled) *hold {
	if !s.cfg.Shared || s.cfg.OnRotate == nil {
		return nil
	}
	var h *hold
	err := s.locked(func() error { // so that a sweep finds it locked
		path := filepath.Join(s.dir.path, hookTag+numberOf(out.path))
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|fsys.NoFollow, 0o600)
		if err == nil {
			fsys.LockShared(f)
			h = &hold{s, path, f}
		}
		return err
	})
	s.cfg.Report.Note("hold the names of the backups of "+s.cfg.Path, err)
	return h
}

// end ends the hold. If its file cannot be removed, it is unlocked at least, and the next start removes it.
func (h *hold) end() {
	if h == nil {
		return
	}
	fsys.Unlock(h.f)
	_ = h.f.Close()
	_ = h.steps.locked(func() error { return remove(h.path) }) // and the directory, if it is empty
}

// heldBefore returns the number of the first hold of a living process for a file that was rolled over before the one at path. It returns
// "" if there is none, and skips holds that have lasted too long.
func heldBefore(s *steps, path string) (number string) {
	if !s.cfg.Shared {
		return ""
	}
	holds, _ := s.dir.list(hookTag)
	for _, h := range holds {
		if number := numberOf(h); s.expired < number && number < numberOf(path) && fsys.Held(h) {
			return number
		}
	}
	return ""
}

// numberOf returns the part of a name that a file and its hold have in common, SEQ-PID-N. Numbers sort as the names do.
func numberOf(path string) string {
	_, number, _ := strings.Cut(filepath.Base(path), "-")
	return number
}
