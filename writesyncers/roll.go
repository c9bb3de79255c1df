package writesyncers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
)

// roller is rotation: what it needs to know, and the right to change names on the disk.
//
// A rollover has two halves. Under the sink's lock the path gets a new, empty file and the sink its descriptor; what was
// the file until then lies beside it under a hidden name (see hidden). Outside the lock, in finish, the hidden file gets
// its backup name. Between the two whoever makes the rollover holds the turn, so that a second one waits for the first.
//
//	app.log               .app.log.next-…       app.log.1
//	full, being written                         older
//	new, being written    full                  older           under the lock
//	being written                               full            in finish; the older one became app.log.2
type roller struct {
	path    string
	limit   int64                        // size a file does not reach
	should  func(size int64, n int) bool // nil: the limit decides
	names   naming                       // owned by the turn
	rotator func(src, dst string) error  // nil: rename
	turn    chan struct{}                // full while a rollover is under way
	left    []string                     // hidden files whose backup name was refused; owned by the turn
	count   atomic.Uint64                // rollovers done

	// Guarded by the sink's mu: when the next attempt may be made after a refusal, and how long to wait after that.
	retryAt time.Time
	wait    time.Duration
}

// naming gives a file that was rolled out its name among the backups.
type naming interface {
	// place makes room and moves the file at src to its backup name with move.
	place(src string, move func(src, dst string) error) (dst string, err error)
}

// rolled is a file that was rolled out and has no backup name yet.
type rolled struct {
	hidden string
	file   *logFile // still open
}

const (
	turnWait   = time.Second      // the longest a record waits for the rollover before its own
	retryStart = time.Second      // after a refusal; doubled with each
	retryMax   = 30 * time.Second // up to this
)

var errBusy = errors.New("the rollover before it is not done yet")

func newRoller(path string) *roller {
	return &roller{path: path, turn: make(chan struct{}, 1)}
}

// hiddenSerial tells apart the hidden files of one process.
var hiddenSerial atomic.Uint64

// hidden returns a new name beside the path for a file that is either not in use yet, and empty, or was rolled out.
func (r *roller) hidden() string {
	dir, name := filepath.Split(r.path)
	id := strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(hiddenSerial.Add(1), 10)
	return dir + "." + name + ".next-" + id
}

// acquire takes the turn, or gives up after turnWait.
func (r *roller) acquire() bool {
	select {
	case r.turn <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(turnWait)
	defer timer.Stop()
	select {
	case r.turn <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

func (r *roller) release() { <-r.turn }

// rollIfDueLocked makes a rollover if one is due before a record of n bytes. A refusal leaves the file in use as it is:
// it is noted, and the next attempt has to wait.
func (s *sink) rollIfDueLocked(n int) {
	r := s.roller
	if s.file.size == 0 || !s.file.regular {
		return
	}
	if r.should != nil && !r.should(s.file.size, n) {
		return
	}
	if r.wait > 0 && time.Now().Before(r.retryAt) {
		return
	}
	s.rollLocked()
}

// rollLocked is the first half of a rollover. On success s.swap holds the file that was rolled out, and the turn is taken.
func (s *sink) rollLocked() error {
	r := s.roller
	err := errBusy
	if r.acquire() {
		if err = s.swapLocked(); err != nil || s.swap == nil {
			r.release()
		}
	}
	s.troubles.note("rotate "+s.path, err)
	if err == nil {
		r.wait = 0
		return nil
	}
	r.wait = min(max(2*r.wait, retryStart), retryMax)
	r.retryAt = time.Now().Add(r.wait)
	return err
}

// swapLocked puts a new file in the place of the one in use. If the path does not lead to our file any more, somebody else
// has rotated or removed it, and all there is to do is to follow.
func (s *sink) swapLocked() error {
	r := s.roller
	if err := s.finishLeft(); err != nil {
		return err
	}
	if !s.file.isAt(s.path) {
		return s.reopenLocked()
	}
	hidden := r.hidden()
	if err := renameNew(s.path, hidden); err != nil {
		return err
	}
	next, err := s.openAt(s.path, os.O_EXCL)
	if err != nil {
		if back := renameNew(hidden, s.path); back != nil {
			err = multierr.Append(err, back)
		}
		return err
	}
	s.swap = &rolled{hidden: hidden, file: s.file}
	s.file = next
	s.stats.Opens++
	return nil
}

// isAt reports whether the path leads to this file.
func (l *logFile) isAt(path string) bool {
	there, err := os.Stat(path)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	mine, err := l.f.Stat()
	return err != nil || os.SameFile(mine, there)
}

// reopenLocked opens what is at the path now, and only then closes the file in use.
func (s *sink) reopenLocked() error {
	old := s.file
	if err := s.openLocked(); err != nil {
		return err
	}
	s.troubles.note("close "+s.path, old.close())
	return nil
}

// finish is the second half of a rollover, under no lock but with the turn: the names of the backups.
func (s *sink) finish(swap *rolled) error {
	r := s.roller
	defer r.release()
	s.troubles.note("close "+s.path, swap.file.close())
	err := r.place(swap.hidden)
	if err != nil {
		r.left = append(r.left, swap.hidden)
	}
	r.count.Add(1)
	s.troubles.note("name the backup of "+s.path, err)
	return err
}

// finishLeft tries once more to name the files whose names were refused. While one is left no further rollover is made,
// so that they do not pile up.
func (s *sink) finishLeft() error {
	r := s.roller
	for len(r.left) > 0 {
		err := r.place(r.left[0])
		s.troubles.note("name the backup of "+s.path, err)
		if err != nil {
			return err
		}
		r.left = r.left[1:]
	}
	return nil
}

// place moves a hidden file to its backup name.
func (r *roller) place(hidden string) error {
	_, err := r.names.place(hidden, func(src, dst string) error {
		if r.rotator == nil {
			return renameNew(src, dst)
		}
		return guard(func() error { return r.rotator(src, dst) })
	})
	return err
}

// rollover is Rollover for the types that have it.
func (s *sink) rollover() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return s.errClosed
	}
	if s.roller == nil || s.file == nil || s.file.size == 0 || !s.file.regular {
		s.mu.Unlock()
		return nil
	}
	err := s.rollLocked()
	swap := s.swap
	s.swap = nil
	s.mu.Unlock()
	if swap != nil {
		err = s.finish(swap)
	}
	s.troubles.say()
	if err != nil {
		return fmt.Errorf("writesyncers: rotate %s: %w", s.path, err)
	}
	return nil
}
