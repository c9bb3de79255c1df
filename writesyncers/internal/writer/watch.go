package writer

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// watch is the strategy of a file that others rename or remove: it checks whether the path still leads to the file.
type watch struct {
	w   *Writer
	cfg Watch

	events     *fsys.Watch // inotify; nil if it is not used
	looked     time.Time   // when the path was checked last, while inotify is used
	asked      time.Time   // when inotify or the path was checked last
	timer      *time.Timer // sets due after Every
	due        atomic.Bool
	lookFailed bool // the last check of the path failed, which was noted
	lost       bool // the file in use has no name and no other could be opened: every record looks until one can
}

const (
	late     = 300 * time.Microsecond // nobody renames a file and has read it to its end in less
	askEvery = 10 * time.Microsecond  // how long a record trusts inotify's last answer
)

// Tests replace these: NewWatch by one that fails, IsLocal by one that says no.
var (
	NewWatch = fsys.NewWatch
	IsLocal  = fsys.IsLocal
)

func newWatch(w *Writer) *watch { return &watch{w: w, cfg: *w.cfg.Watch} }

// always reports whether every record has to check: by inotify, which knows what happens to the file itself, or by the path. inotify does
// not see that a directory moves, that a link leads to another file, or what others do to the files of a server. So the path
// is checked all the same, once each late.
func (s *watch) always() bool { return s.cfg.Every == 0 }

func (s *watch) opened(f *appendfile.File) int64 {
	s.lost = false
	if s.timer == nil && s.cfg.Every > 0 {
		s.timer = time.AfterFunc(s.cfg.Every, func() { s.due.Store(true) })
	}
	if s.always() {
		s.follow(f)
		s.looked = time.Time{} // the file may have been renamed before it was watched
	}
	return s.limit()
}

// limit is 0, so that every record checks, unless the buffer does so when it is written, or nobody does.
func (s *watch) limit() int64 {
	if s.w.buffer != nil || s.cfg.Every < 0 {
		return math.MaxInt64
	}
	return 0
}

// follow has inotify watch f instead of the file before. Without inotify, or where it sees only this machine's changes and Notify is not
// set, every record checks the path.
func (s *watch) follow(f *appendfile.File) {
	local := s.cfg.Notify || IsLocal(f.OS())
	if s.events == nil && local {
		s.events, _ = NewWatch()
	}
	if s.events == nil {
		return
	}
	if !local || s.events.Follow(f.OS()) != nil {
		s.events.Close()
		s.events = nil
	}
}

func (s *watch) begin() {}

func (s *watch) before(int) error {
	if s.mustLook() {
		return s.look()
	}
	return nil
}

func (s *watch) flushing() error { return s.before(0) }

func (s *watch) mustLook() bool {
	switch {
	case s.lost:
	case s.events != nil:
		if time.Since(s.asked) < askEvery { // reads one clock; time.Now reads two
			return false
		}
		now := time.Now()
		s.asked = now
		if !s.events.Any() && now.Sub(s.looked) < late {
			return false
		}
		s.looked = now
	case s.due.Load(): // the timer has run, and does not run again before its Reset
		s.due.Store(false)
		s.timer.Reset(s.cfg.Every)
	case !s.always():
		return false
	default:
		s.asked = time.Now()
	}
	return true
}

// look checks the path, and opens the file there if it is another. It returns an error only if the file in use has no name any
// more: else records go on into it.
func (s *watch) look() error {
	if !fsys.RenamesOpenFiles {
		return nil
	}
	for range 3 { // once is enough, unless the new file is renamed before it is watched
		here, err := s.w.file.LeadsHere()
		if err != nil || s.lookFailed {
			s.w.cfg.Report.Note("look at "+s.w.cfg.Path, err)
			s.lookFailed = err != nil
		}
		if err != nil {
			return s.orphaned(fmt.Errorf("writesyncers: %s: %w", s.w.cfg.Path, err))
		}
		if here {
			s.found()
			return nil
		}
		err = s.w.follow()
		if err != nil {
			return s.orphaned(err)
		}
		if s.events == nil {
			return nil
		}
	}
	return nil
}

// orphaned returns err if the file in use has no name, so that records in it would be lost. Then every record looks again.
func (s *watch) orphaned(err error) error {
	if s.w.file.HasName() {
		s.found()
		return nil
	}
	s.lost, s.w.limit = true, 0
	if s.w.buffer != nil {
		s.w.buffer.easy = 0
	}
	return err
}

// found says that records may go into the file in use again.
func (s *watch) found() {
	if s.lost {
		s.lost, s.w.limit = false, s.limit()
	}
}

// wrote checks again if more than late has passed since the check of the path: meanwhile the file may have been renamed, read and
// compressed, so that nobody has the records. They are then written to the new file as well, and once more if that takes as long. They
// may be found twice: that is the lesser evil, and counted.
func (s *watch) wrote(p []byte, records int) error {
	for range mostAgain {
		if !s.always() || time.Since(s.asked) < late {
			return nil
		}
		s.asked = time.Now()
		here, err := s.w.file.LeadsHere()
		if here {
			return nil
		}
		named := s.w.file.HasName() // the records are in it
		if err == nil {
			err = s.w.follow()
		}
		if err != nil {
			return s.orphaned(err)
		}
		again, err := s.w.file.Write(p)
		s.w.counts.bytes.Add(uint64(again))
		switch {
		case err == nil:
			s.w.counts.repeated.Add(uint64(records))
		case named:
			return nil
		default:
			return err
		}
	}
	return nil
}

// mostAgain is how often a record is written again if one file after the other is renamed.
const mostAgain = 10

func (s *watch) failed(error) {}

func (s *watch) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
	s.events.Close()
	s.events = nil
}
