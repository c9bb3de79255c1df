package writer

import (
	"errors"
	"fmt"
	"os"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	base "example.com/zaphandlers/zapcore"
)

// rolloverWait is how long Rollover tries again while another process rolls over.
const rolloverWait = time.Second

// Rollover rolls the file over now, unless it is empty, and returns when its backup is finished. A file that does not rotate is only
// synced.
func Rollover(w *Writer) error {
	s, ok := w.strategy.(*rotate)
	if !ok {
		return w.Sync()
	}
	var err error
	for start := time.Now(); ; time.Sleep(time.Millisecond) {
		err = s.rollover()
		if time.Since(start) > rolloverWait || !errors.Is(err, rotation.ErrMoved) && !errors.Is(err, rotation.ErrBusy) && !errors.Is(err, fsys.ErrLocked) {
			break
		}
		if errors.Is(err, rotation.ErrBusy) {
			if refused := s.r.Retry(); refused != nil {
				err = refused
				break
			}
		}
	}
	w.cfg.Report.Tell()
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("writesyncers: rotate %s: %w", w.cfg.Path, err)
	}
	return err
}

// rollover tries to roll over once, and begins a new period.
func (s *rotate) rollover() error {
	out, err := s.rolloverLocked()
	if out == nil {
		return err
	}
	return s.r.Wait(out)
}

func (s *rotate) rolloverLocked() (*rotation.Rolled, error) {
	w := s.w
	if w.closing.Load() {
		return nil, w.errClosed
	}
	if !base.LockWithin(&w.mu, lockWait) {
		return nil, errStuck(w, "rotate")
	}
	defer w.unlock()
	if w.file == nil {
		if err := w.first(); err != nil {
			return nil, err
		}
	}
	s.out = nil
	w.file.Refresh()
	if s.r.Empty(w.size()) || !w.file.Regular() {
		return nil, nil
	}
	err := s.roll(false)
	if s.out != nil && s.p != nil && !w.cfg.File.Shared { // with Shared, other processes would not know that a period has begun
		s.p.Begin(s.p.Now())
	}
	return s.out, err
}

// Backups returns the paths of the backups, the newest first.
func Backups(w *Writer) ([]string, error) {
	if w.cfg.Rotation == nil {
		return nil, nil
	}
	paths, err := w.cfg.Rotation.Backups()
	if err != nil {
		return nil, fmt.Errorf("writesyncers: backups of %s: %w", w.cfg.Path, err)
	}
	return paths, nil
}
