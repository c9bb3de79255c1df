package writesyncers

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// rollover is Rollover for the types that have it.
func (s *sink) rollover() error {
	if s.roller == nil {
		return s.Sync()
	}
	var err error
	for try := time.Duration(0); try < turnWait; try += time.Millisecond {
		var done *sync.WaitGroup
		done, err = s.rolloverOnce()
		if done != nil {
			done.Wait()
		}
		s.troubles.say()
		if !errors.Is(err, errElsewhere) && !errors.Is(err, errBusy) {
			break
		}
		nap()
	}
	if err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("writesyncers: rotate %s: %w", s.path, err)
	}
	return err
}

// rolloverOnce rolls over, and settles on this goroutine. The group is done when the work is.
func (s *sink) rolloverOnce() (*sync.WaitGroup, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, s.errClosed
	}
	if s.file == nil || s.emptyLocked() || !s.file.regular {
		s.mu.Unlock()
		return nil, nil
	}
	err := s.rollLocked()
	swap := s.swap
	s.swap = nil
	s.mu.Unlock()
	if swap == nil {
		return nil, err
	}
	done, settleErr := s.roller.settle(swap)
	if settleErr != nil {
		err = settleErr
	}
	return done, err
}

// nap lets another process get on with what it holds. It is called under no lock of a sink.
func nap() { time.Sleep(time.Millisecond) }
