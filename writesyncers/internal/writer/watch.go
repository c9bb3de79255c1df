package writer

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// watch is the strategy of a file that others rename or remove: it looks whether the path still leads to it.
type watch struct {
	w   *Writer
	cfg Watch

	events *fsys.Watch // of the kernel; nil if it is not asked
	looked time.Time   // when the path was looked at last, while the kernel is asked
	asked  time.Time   // when the kernel, or the path, was asked last
	timer  *time.Timer // of Every
	due    atomic.Bool // Every is over
	blind  bool        // the last look was refused
	lost   bool        // the file in use has no name and no other could be opened: every record looks until one can
}

const (
	late     = 300 * time.Microsecond // nobody renames a file and has read it to its end in less
	askEvery = 10 * time.Microsecond  // how long a record trusts the kernel's last answer
)

// How the kernel is asked, and whether it sees what others do. Tests refuse the one and deny the other.
var (
	NewWatch = fsys.NewWatch
	IsLocal  = fsys.IsLocal
)

func newWatch(w *Writer) *watch { return &watch{w: w, cfg: *w.cfg.Watch} }

// always reports whether every record has to ask: the kernel, which knows what happens to the file itself (inotify), or the path.
// The kernel does not know of directories that move, of links that lead elsewhere, and of what others do to the files of a server,
// so the path is looked at all the same: as often as it takes for a record never to be written later than that after a look.
func (s *watch) always() bool { return s.cfg.Every == 0 }

func (s *watch) opened(f *appendfile.File) int64 {
	s.lost = false
	if s.timer == nil && s.cfg.Every > 0 {
		s.timer = time.AfterFunc(s.cfg.Every, func() { s.due.Store(true) })
	}
	if s.always() {
		s.follow(f)
		s.looked = time.Time{} // the file may have been renamed before the kernel watched it
	}
	return s.limit()
}

// limit has every record ask, unless the buffer does when it is written, or nobody does.
func (s *watch) limit() int64 {
	if s.w.buffer != nil || s.cfg.Every < 0 {
		return math.MaxInt64
	}
	return 0
}

// follow has the kernel watch f in the place of the file before it. Where it cannot, or sees only what is done on this machine and that is
// not said to be enough, every record looks at the path.
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
		if time.Since(s.asked) < askEvery { // asks one clock, where time.Now asks two
			return false
		}
		now := time.Now()
		s.asked = now
		if !s.events.Any() && now.Sub(s.looked) < late {
			return false
		}
		s.looked = now
	case s.due.Load(): // the timer has set it, and rests until its Reset
		s.due.Store(false)
		s.timer.Reset(s.cfg.Every)
	case !s.always():
		return false
	default:
		s.asked = time.Now()
	}
	return true
}

// look compares the file in use with what is at the path, and opens that if it is another. An error is one of looking or opening,
// and returned only if the file in use has no name any more: else records may go on into it.
func (s *watch) look() error {
	if !fsys.RenamesOpenFiles {
		return nil
	}
	for range 3 { // once is enough, unless the new file is renamed before it is watched
		here, err := s.w.file.LeadsHere()
		if err != nil || s.blind {
			s.w.cfg.Report.Note("look at "+s.w.cfg.Path, err)
			s.blind = err != nil
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

// orphaned returns err if what is written to the file in use would be lost. Then every record looks again.
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

// found ends lost.
func (s *watch) found() {
	if s.lost {
		s.lost, s.w.limit = false, s.limit()
	}
}

// wrote looks again if it took long. Between the look at the path and the write the goroutine may have been held up for so long that
// the file was renamed, read and compressed meanwhile. Then the records may be nowhere, and are written to the file that has taken
// its place; and once more if that, too, took so long that the same may have happened again. They may be found twice, then: that is the
// lesser evil, and counted.
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
		named := s.w.file.HasName() // where the records are already
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

// mostAgain is how often a record is written again whose files are renamed one after the other.
const mostAgain = 10

func (s *watch) failed(error) {}

func (s *watch) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
	s.events.Close()
	s.events = nil
}
