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

// rotate is the strategy of a file that is replaced by the next when it is full, or when its period is over.
//
// With Shared, other processes roll over the same path, and nobody takes a lock or checks the path for each write. A process that
// has not noticed a rollover goes on writing into what is a backup by now. So each followEvery one record checks the path; while
// there are no records, a timer does so each idleEvery.
type rotate struct {
	w *Writer
	r *rotation.Rotation
	p *rotation.Period // nil: size alone decides

	timer     *time.Timer // of the period
	follower  *time.Timer // of Shared
	delivered uint64      // how many records were delivered when the follower ran last
	mustLook  bool        // the next record checks the path first
	lost      bool        // the file in use has no name and no other could be opened: every record looks until one can
	full      bool        // the system does not let the file in use grow any more: the next record goes into the next file
	out       *rotation.Rolled
}

const (
	followEvery = 100 * time.Millisecond
	idleEvery   = time.Second
	lookAgain   = 10 * time.Millisecond // when another process is in the way at the end of a period
)

// newRotate recovers what a killed process has left. An error is only noted; if there is no such directory, opening returns that error.
func newRotate(w *Writer) *rotate {
	s := &rotate{w: w, r: w.cfg.Rotation, p: w.cfg.Period}
	if err := s.r.Recover(); !errors.Is(err, os.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		w.cfg.Report.Note("recover "+w.cfg.Path, err)
	}
	return s
}

func (s *rotate) opened(f *appendfile.File) int64 {
	s.lost, s.mustLook, s.full = false, false, false
	s.r.Opened()
	if !f.Regular() {
		return math.MaxInt64
	}
	if s.p != nil && s.p.OfFile {
		s.p.BeginFound(f.Made(), time.Time{})
	}
	return s.r.Limit()
}

// begin starts the timers. It begins the period of the file that was found or made, and rolls the file over if that has ended.
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

// onTime is called by the timer of the period.
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

// rollOnTime rolls the file over if its period has ended. After an error the period stays, so that the next attempt uses the same name
// for the backup.
func (s *rotate) rollOnTime(now time.Time) error {
	if !s.p.Over(now) {
		if s.p.NotYet(now) { // the clock was put back
			s.p.Begin(now)
		}
		return nil
	}
	s.w.file.Refresh() // somebody may have emptied it
	if s.w.file.Regular() && !s.r.Empty(s.w.size()) {
		if !s.r.MayTry() {
			return rotation.ErrBusy
		}
		opened, err := s.rollOrOpen(true)
		if opened && s.p.Over(now) { // the other process has made it in the old period
			_, err = s.rollOrOpen(true)
		}
		if err != nil {
			return err
		}
	}
	if s.p.Over(now) {
		s.p.Begin(now)
	}
	return nil
}

func (s *rotate) before(n int) error {
	w := s.w
	if err := s.flushing(); err != nil { // which checks the path if that is due
		return err
	}
	if s.p != nil && s.p.Custom() {
		_ = s.rollOnTime(s.p.Now())
	}
	if w.file == nil || !w.file.Regular() {
		return nil
	}
	s.r.Prepare(w.file, w.size()+int64(n))
	w.limit = s.r.LimitNow(w.size() + int64(n))
	for range 2 { // twice, if the file that another process has made is full as well
		if !s.r.MayTry() || !s.due(n) {
			return nil
		}
		opened, err := s.rollOrOpen(false)
		if s.lost && err != nil {
			return err
		}
		if !opened { // after another error the file in use goes on
			return nil
		}
	}
	return nil
}

// rollOrOpen is roll. opened says that it has only opened the file that another process has made.
func (s *rotate) rollOrOpen(fresh bool) (opened bool, err error) {
	opens := s.w.counts.opens.Load()
	err = s.roll(fresh)
	return err == nil && s.out == nil && s.w.counts.opens.Load() != opens, err
}

// due reports whether the file rolls over before a record of n bytes. It goes by the real size: somebody may have cut the file.
func (s *rotate) due(n int) bool {
	if s.full {
		return !s.r.Empty(s.w.size())
	}
	return s.r.Due(s.w.size(), n) && (!s.w.file.Refresh() || s.r.Due(s.w.size(), n))
}

// roll replaces the file by the next one; fresh says that the next one must be made now, see rotation.Exchange. The file that was rolled
// over is finished after the unlock. If another process has replaced the file, that one is opened.
func (s *rotate) roll(fresh bool) error {
	w := s.w
	s.out = nil
	file := w.file
	if err := w.buffer.flush(); err != nil && !s.full {
		return err // the records belong into this file, and stay in the buffer until it takes them
	}
	if w.file != file {
		return rotation.ErrMoved // flush has found another file at the path, and opened it
	}
	next, out, err := s.r.Exchange(file, fresh)
	switch {
	case next != nil:
		w.use(next)
	case file.Closed():
		w.file = nil
	case errors.Is(err, rotation.ErrMoved), err != nil && !file.HasName(): // the file, or its whole directory, is gone
		return s.reopen()
	case w.cfg.MakeDirs && errors.Is(err, os.ErrNotExist): // the directory was moved, with the file in it
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

// finishLater has unlock finish the file.
func (s *rotate) finishLater(out *rotation.Rolled) {
	before := s.w.later
	s.w.later = func() {
		if before != nil {
			before()
		}
		s.r.Finish(out)
	}
}

// reopen opens the file that the path leads to.
func (s *rotate) reopen() error {
	err := s.w.follow()
	if err != nil && !s.w.file.HasName() {
		s.lost, s.w.limit = true, 0
	}
	return err
}

// look checks the path, and opens the file there if it is another. It returns an error only if the file in use has no name any more.
func (s *rotate) look() error {
	if s.follower != nil && s.mustLook {
		s.follower.Reset(followEvery)
	}
	s.mustLook = false
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

// flushing checks the path if a record would.
func (s *rotate) flushing() error {
	if s.lost || s.mustLook {
		return s.look()
	}
	return nil
}

func (s *rotate) wrote([]byte, int) error { return nil }

// failed has the next record go into the next file if the system does not let this one grow (RLIMIT_FSIZE, FAT's 4 GiB).
func (s *rotate) failed(err error) {
	if errors.Is(err, syscall.EFBIG) && !s.r.Empty(s.w.size()) { // else the record is too large for any file
		s.full, s.w.limit = true, 0
	}
}

// onFollow is called by the timer of Shared. It makes the next record check the path. If there was no record since the last call, it checks
// itself, to close a file that others have rolled over.
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
	s.mustLook, w.limit = true, 0
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
