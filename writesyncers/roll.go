package writesyncers

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// roller is rotation: what it needs to know, and the right to change names on the disk.
//
// A rollover has three parts, each with less right to hold anybody up than the one before:
//
//	swap     under the sink's lock: the path gets a new, empty file, the sink its descriptor; what was the file until
//	         then lies beside it under a hidden name
//	settle   with the turn: the hidden file gets its backup name, after the others have made room
//	work     with nothing: fsync, compression, OnRotate, pruning
//
// The turn is the right to change names. A second rollover waits for it, so settle is never behind by more than one file.
// The lock order is mu, then turn; whoever has the turn and not mu never asks for mu.
type roller struct {
	path     string
	limit    int64                        // size a file does not reach
	ahead    int64                        // size from which the next file is opened ahead
	always   bool                         // asks before every record: a hook of the user's decides
	should   func(size int64, n int) bool // nil: the limit decides
	rotator  func(src, dst string) error  // nil: rename
	onRotate func(path, backup string)
	keep     retention
	compress bool
	times    *timetable // nil: by size only
	troubles *troubles

	turn  chan struct{} // full while somebody has the turn
	names naming        // owned by the turn
	next  *nextFile     // opened ahead; owned by the turn
	left  []rolled      // files whose backup name was refused; owned by the turn
	wait  time.Duration // how long the last refusal put off the next attempt; owned by the turn

	attendance attendance
	retryAt    atomic.Int64 // Unix nanoseconds before which no attempt is made; 0: none was refused
	count      atomic.Uint64
	compressed atomic.Uint64
	retiring   retiring
	work       worker
}

// nextFile is a file that was opened ahead.
type nextFile struct {
	name string
	file *logFile
	dir  directory // opened ahead as well; the swap locks it
}

// rolled is a file that was rolled out and has no backup name yet.
type rolled struct {
	hidden string
	file   *logFile  // open until it is synced; nil if the process that wrote it is gone
	label  time.Time // the time its backup is named for, where names are times
	size   int64
	dir    directory // locked; the zero value if it was not taken for this file
	sync   bool      // fsync it before it is closed
}

const (
	turnWait    = time.Second      // the longest a record waits for the rollover before its own
	retryStart  = time.Second      // after a refusal; doubled with each
	retryMax    = 30 * time.Second // up to this
	inlineBelow = 1 << 20          // size of a file that is settled on the writer's goroutine, for it has time
)

var errBusy = errors.New("the rollover before it is not done yet")

// onStep is called between any two steps of a rollover that a crash may come between. Tests stop the process there.
var onStep = func(string) {}

func newRoller(path string, limit int64) *roller {
	if limit == 0 {
		limit = math.MaxInt64
	}
	r := &roller{path: path, limit: limit, ahead: math.MaxInt64, turn: make(chan struct{}, 1)}
	r.retiring.init()
	r.work.abort = make(chan struct{})
	if opensAhead && limit >= inlineBelow && limit < math.MaxInt64 {
		r.ahead = limit / 8 * 7
	}
	return r
}

// mark returns the size of a new file from which on the roller wants to be asked.
func (r *roller) mark() int64 {
	if r.always {
		return 0
	}
	return min(r.ahead, r.limit)
}

// start makes the roller part of s, and recovers what is found on the disk. What is refused there is only noted.
func (r *roller) start(s *sink) {
	r.troubles = &s.troubles
	if s.shared {
		r.ahead = math.MaxInt64
	}
	if r.times != nil {
		s.mu.Lock()
		r.times.open(s)
		s.mu.Unlock()
	}
	err := r.recover(len(s.header))
	if !errors.Is(err, fs.ErrNotExist) {
		s.troubles.note("recover "+s.path, err)
	}
}

// hiddenSerial tells apart the hidden files of one process.
var hiddenSerial atomic.Uint64

// Hidden names: beside the path lies .NAME.next-PID-N for a file that is to follow (empty) or was rolled out and waits
// for its backup name (not empty), and .NAME.part-PID-N for a compressed file in the making.
const (
	nextTag = ".next-"
	partTag = ".part-"
)

// hidden returns a new hidden name in dir.
func (r *roller) hidden(dir, tag string) string {
	id := strconv.Itoa(os.Getpid()) + "-" + strconv.FormatUint(hiddenSerial.Add(1), 10)
	return filepath.Join(dir, "."+filepath.Base(r.path)+tag+id)
}

// acquire takes the turn, or gives up after turnWait.
func (r *roller) acquire() bool {
	if r.tryAcquire() {
		return true
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

func (r *roller) tryAcquire() bool {
	select {
	case r.turn <- struct{}{}:
		return true
	default:
		return false
	}
}

func (r *roller) release() { <-r.turn }

// refused puts off the next attempt, each time for longer; granted forgets about it. Both belong to the turn.
func (r *roller) refused() {
	r.wait = min(max(2*r.wait, retryStart), retryMax)
	r.retryAt.Store(time.Now().Add(r.wait).UnixNano())
}

func (r *roller) granted() {
	r.wait = 0
	r.retryAt.Store(0)
}

// mayTry reports whether the time for another attempt has come.
func (r *roller) mayTry() bool {
	at := r.retryAt.Load()
	return at == 0 || time.Now().UnixNano() >= at
}

// rollIfDueLocked is asked when a record of n bytes would take the file over the mark. A refusal leaves the file in use
// as it is.
func (s *sink) rollIfDueLocked(n int) {
	r := s.roller
	if r.times != nil && r.times.clock != nil {
		_ = s.rollOnTimeLocked(r.times.now())
	}
	if s.file == nil || !s.file.regular || s.emptyLocked() {
		return
	}
	if s.sizeLocked()+int64(n) >= r.ahead && !s.prepared {
		s.prepareLocked()
	}
	if !r.always {
		s.mark = r.limit
	}
	for range 2 { // twice, if another process has rotated and the file that we follow to is full as well
		opens := s.stats.Opens
		if !s.dueLocked(n) || !r.mayTry() || s.rollLocked() != nil || s.swap != nil || s.stats.Opens == opens {
			return
		}
	}
}

// dueLocked decides by size.
func (s *sink) dueLocked(n int) bool {
	r := s.roller
	if s.emptyLocked() {
		return false
	}
	if r.should == nil {
		return s.sizeLocked()+int64(n) >= r.limit
	}
	return s.askLocked(n)
}

// askLocked asks the user's ShouldRollover. One that panics says no.
func (s *sink) askLocked(n int) (due bool) {
	defer func() {
		if p := recover(); p != nil {
			s.troubles.note("ShouldRollover of "+s.path, fmt.Errorf("panic: %v", p))
		}
	}()
	return s.roller.should(s.sizeLocked(), n)
}

// emptyLocked reports whether the file holds no record.
func (s *sink) emptyLocked() bool { return s.sizeLocked() <= int64(len(s.header)) }

// rollLocked swaps the files, unless that is refused. On success s.swap holds the file that was rolled out, and the turn
// with it.
func (s *sink) rollLocked() error {
	r := s.roller
	file := s.file
	if err := s.flushLocked(); err != nil {
		return err // the records belong into this file; they stay until it takes them
	}
	if s.file != file {
		return errElsewhere // flushing has found the path to lead elsewhere, and followed
	}
	if !r.acquire() {
		s.troubles.note("rotate "+s.path, errBusy)
		r.retryAt.Store(time.Now().Add(retryStart).UnixNano())
		return errBusy
	}
	if len(r.left) > 0 { // their turn first; until then the file in use goes on
		s.swapped(&rolled{})
		return errBusy
	}
	swap, err := s.swapLocked()
	switch {
	case errors.Is(err, errElsewhere): // another process is at it: see with the next record
		r.release()
		return err
	case err != nil:
		r.refused()
		r.release()
	case swap == nil: // somebody else has rotated, and we have followed
		r.release()
	default:
		swap.label = r.label()
		s.swapped(swap)
	}
	s.troubles.note("rotate "+s.path, err)
	return err
}

// swapped leaves a file for unlock to see to, whose turn it is now.
func (s *sink) swapped(swap *rolled) {
	s.roller.work.group.Add(1)
	s.swap = swap
}

// finish does, without the sink's lock, what is left of a rollover: on this goroutine if the file is small, so that a
// program finds the names changed when its Write returns, else behind its back. The turn is given back on the way.
func (s *sink) finish(swap *rolled) {
	if swap.size < inlineBelow || s.shared {
		_, _ = s.roller.settle(swap)
		return
	}
	if !s.roller.attendance.hand(swap) {
		go s.settle(swap)
	}
}

// settle is what is done behind the writer's back.
func (s *sink) settle(swap *rolled) {
	_, _ = s.roller.settle(swap)
	s.troubles.say()
}
