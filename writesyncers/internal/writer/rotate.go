package writer

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"time"

	"example.com/zaphandlers/writesyncers/internal/appendfile"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/rotation"
)

// rotate is the strategy of a file that gives way to the next when it is full, or when its period is over.
//
// With Shared other processes do the same to the same path, without a lock or a look at the path for each write. Whoever has not
// noticed that the file was rolled out writes into what is a backup by now; so each followEvery a record looks at the path, and while
// none come a timer does, each idleEvery.
type rotate struct {
	w *Writer
	r *rotation.Rotation
	p *rotation.Period // nil: size alone decides

	timer     *time.Timer // of the period
	follower  *time.Timer // of Shared
	delivered uint64      // when the follower looked last
	idle      bool        // the next record looks first
	lost      bool        // the file in use has no name and no other could be opened: every record looks until one can
	full      bool        // the system lets the file in use become no larger: the next record goes into the next
	out       *rotation.Rolled
}

const (
	followEvery = 100 * time.Millisecond
	idleEvery   = time.Second
	lookAgain   = 10 * time.Millisecond // when another process is in the way at the end of a period
)

// newRotate recovers what is found on the disk. What is refused there is only noted; that there is no such directory is opening's to say.
func newRotate(w *Writer) *rotate {
	s := &rotate{w: w, r: w.cfg.Rotation, p: w.cfg.Period}
	if err := s.r.Recover(); !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		w.cfg.Report.Note("recover "+w.cfg.Path, err)
	}
	return s
}

func (s *rotate) opened(f *appendfile.File) int64 {
	s.lost, s.idle, s.full = false, false, false
	s.r.Opened()
	if !f.Regular() {
		return math.MaxInt64
	}
	if s.p != nil && s.p.OfFile {
		s.p.BeginFound(f.Made(), time.Time{})
	}
	return s.r.Limit()
}

// begin begins the period of the file that was found or made, and rolls it over if that has ended.
func (s *rotate) begin() {
	file := s.w.file
	if !file.Regular() {
		return
	}
	if s.w.cfg.File.Shared {
		s.follower = time.AfterFunc(followEvery, s.onFollow)
	}
	if s.p == nil {
		return
	}
	info, err := file.OS().Stat()
	if empty := err != nil || s.r.Empty(info.Size()); !empty {
		made, _ := fsys.Birth(file.OS())
		s.p.BeginFound(made, info.ModTime())
	} else if !s.p.OfFile {
		s.p.Begin(s.p.Now())
	}
	s.timer = time.AfterFunc(time.Hour, s.onTime)
	s.catchUp()
}

// onTime is what the timer of the period does.
func (s *rotate) onTime() {
	s.w.mu.Lock()
	defer s.w.unlock()
	switch {
	case s.w.closing.Load():
	case s.w.file == nil:
		s.timer.Reset(rotation.LookEvery) // opening it catches up
	default:
		s.catchUp()
	}
}

// catchUp rolls the file over if its period has ended, and sets the timer.
func (s *rotate) catchUp() {
	var now time.Time
	var notBefore time.Duration
	defer func() { s.timer.Reset(s.p.Until(now, notBefore)) }() // also if a hook ends the goroutine
	now = s.p.Now()
	if s.p.Left(now) <= 2*rotation.OpenAheadBy {
		s.r.PrepareSoon(s.w.file.Size())
	}
	if err := s.rollOnTime(now); err != nil {
		notBefore = max(lookAgain, s.r.RetryIn())
	}
}

// rollOnTime rolls the file over if its period has ended. A refusal leaves the period as it is, so that it is tried again under the
// same name.
func (s *rotate) rollOnTime(now time.Time) error {
	if !s.p.Over(now) {
		if s.p.NotYet(now) { // the clock was put back
			s.p.Begin(now)
		}
		return nil
	}
	s.w.file.Refresh() // it may have been emptied
	if s.w.file.Regular() && !s.r.Empty(s.w.size()) {
		if !s.r.MayTry() {
			return rotation.ErrBusy
		}
		for range 2 { // twice, if this one only followed to a file that another process has begun in the old period
			opens := s.w.counts.opens.Load()
			if err := s.roll(true); err != nil {
				return err
			}
			if s.out != nil || s.w.counts.opens.Load() == opens || !s.p.Over(now) {
				break
			}
		}
	}
	if s.p.Over(now) {
		s.p.Begin(now)
	}
	return nil
}

func (s *rotate) before(n int) error {
	w := s.w
	if s.lost || s.idle {
		if err := s.look(); err != nil {
			return err
		}
	}
	if s.p != nil && s.p.Custom() {
		_ = s.rollOnTime(s.p.Now())
	}
	if w.file == nil || !w.file.Regular() {
		return nil
	}
	s.r.Prepare(w.file, w.size()+int64(n))
	w.limit = s.r.LimitNow(w.size() + int64(n))
	for range 2 { // twice, if another process has rotated and the file that this one follows to is full as well
		opens := w.counts.opens.Load()
		if !s.r.MayTry() || !s.due(n) {
			return nil
		}
		if err := s.roll(false); err != nil {
			if s.lost {
				return err
			}
			return nil // the file in use goes on
		}
		if s.out != nil || w.counts.opens.Load() == opens {
			return nil
		}
	}
	return nil
}

// due decides by the size that the file really has: somebody else may have cut it.
func (s *rotate) due(n int) bool {
	if s.full {
		return !s.r.Empty(s.w.size())
	}
	return s.r.Due(s.w.size(), n) && (!s.w.file.Refresh() || s.r.Due(s.w.size(), n))
}

// roll exchanges the files, unless that is refused. A file that was rolled out is finished by whoever unlocks.
func (s *rotate) roll(fresh bool) error {
	w := s.w
	s.out = nil
	file := w.file
	if err := w.buffer.flush(); err != nil && !s.full {
		return err // the records belong into this file; they stay until it takes them
	}
	if w.file != file {
		return rotation.ErrMoved // flushing has found the path to lead elsewhere, and followed
	}
	next, out, err := s.r.Exchange(file, fresh)
	switch {
	case next != nil:
		w.use(next)
	case file.Closed():
		w.file = nil
	case errors.Is(err, rotation.ErrMoved), err != nil && !file.HasName(): // its directory may be gone as well
		return s.reopen()
	case w.cfg.MakeDirs && errors.Is(err, os.ErrNotExist): // or have been moved, with the file
		return s.reopen()
	case errors.Is(err, rotation.ErrBusy) && s.r.Left():
		s.finishLater(nil)
	}
	if out != nil {
		s.out = out
		s.finishLater(out)
	}
	return err
}

// finishLater has the file finished once the lock is released.
func (s *rotate) finishLater(out *rotation.Rolled) {
	before := s.w.later
	s.w.later = func() {
		if before != nil {
			before()
		}
		s.r.Finish(out)
	}
}

// reopen follows the path to another file.
func (s *rotate) reopen() error {
	err := s.w.follow()
	if err != nil && !s.w.file.HasName() {
		s.lost, s.w.limit = true, 0
	}
	return err
}

// look follows the path if it leads to another file. An error is returned only if the file in use has no name any more.
func (s *rotate) look() error {
	if s.follower != nil && s.idle {
		s.follower.Reset(followEvery)
	}
	s.idle = false
	here, err := s.w.file.LeadsHere()
	if !here && err == nil {
		err = s.reopen()
	}
	s.lost = err != nil && !s.w.file.HasName()
	switch {
	case s.lost:
		s.w.limit = 0
		return fmt.Errorf("writesyncers: %s was removed: %w", s.w.cfg.Path, err)
	case here:
		s.w.limit = s.r.LimitNow(s.w.size())
	}
	return nil
}

// flushing looks if a record would.
func (s *rotate) flushing() error {
	if s.lost || s.idle {
		return s.look()
	}
	return nil
}

func (s *rotate) wrote([]byte, int) error { return nil }

// failed has the next record go into the next file where the system lets this one become no larger (RLIMIT_FSIZE, FAT's 4 GiB).
func (s *rotate) failed(err error) {
	if errors.Is(err, syscall.EFBIG) && !s.r.Empty(s.w.size()) { // else the record is too large for any file
		s.full, s.w.limit = true, 0
	}
}

// onFollow is what the timer of Shared does: it has the next record look; and when none has come since, it looks itself, to let go of
// a file that others have rolled out.
func (s *rotate) onFollow() {
	w := s.w
	w.mu.Lock()
	defer w.unlock()
	if w.closing.Load() || w.file == nil {
		return
	}
	if delivered := w.counts.delivered.Load(); delivered == s.delivered {
		_ = s.look()
	} else {
		s.delivered = delivered
	}
	s.idle, w.limit = true, 0
	if w.buffer != nil {
		w.buffer.easy = 0
	}
	s.follower.Reset(idleEvery)
}

func (s *rotate) stop() {
	for _, timer := range []*time.Timer{s.timer, s.follower} {
		if timer != nil {
			timer.Stop()
		}
	}
}
