package rotation

import (
	"os"
	"path/filepath"
	"strings"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// hold keeps the names of backups as they are while OnRotate runs, where other processes would move them (Shared). It is a file in the
// hidden directory that is locked, and has the name of the file that was rolled out but for the tag. Others wait for it as they do for one
// that has yet to get its name.
type hold struct {
	steps *steps
	path  string
	f     *os.File
}

// holdNames is called before a file gets its name. It returns nil if there is nobody who could move that, or if the hold was refused, which
// is noted: the name matters more.
func holdNames(s *steps, out *Rolled) *hold {
	if !s.cfg.Shared || s.cfg.OnRotate == nil {
		return nil
	}
	var h *hold
	err := s.locked(func() error { // so that whoever sweeps finds it locked
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

// end lets others move names again. A file that cannot be removed is nobody's hold any more, and the next start removes it.
func (h *hold) end() {
	if h == nil {
		return
	}
	fsys.Unlock(h.f)
	_ = h.f.Close()
	_ = h.steps.locked(func() error { return remove(h.path) }) // and the directory, if it is empty
}

// heldBefore returns the number of the first hold of a living process for the sake of a file that was rolled out before the one at path;
// "" if there is none, or it was waited for in vain.
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

// numberOf returns what the names of a file that was rolled out, and of a hold for its sake, have in common: it sorts as they do.
func numberOf(path string) string {
	_, number, _ := strings.Cut(filepath.Base(path), "-")
	return number
}
