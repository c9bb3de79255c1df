package queuecore

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/multierr"
)

// flushRequest is somebody who waits until the targets have delivered and synced everything before a sequence number.
type flushRequest struct {
	upto   uint64
	urgent *urgentRecord // the one before upto, if the program is about to end

	waits []*arenaSource // of the targets that have not answered; guarded by queue.mu
	err   error          // of their Sync; guarded by queue.mu
	done  chan struct{}  // closed when none is left
}

// urgentRecord is a record above Error whose Write waits. It is to be delivered in spite of a backoff, and ahead of what is queued
// before it if that takes too long.
type urgentRecord struct {
	sequence  uint64
	tape      []byte    // a copy: who is late may look at it when the Write has returned
	overtakes time.Time // when it need not wait for its turn any longer
}

// flushRequests are those that one target has not answered, in the order of upto. They are guarded by queue.mu, but for what says
// otherwise.
type flushRequests struct {
	pending []*flushRequest
	urgent  atomic.Int32 // how many of them are; read without the lock

	seenUrgent uint64                 // urged has told of those up to this one
	tried      map[*flushRequest]bool // late has told of; of those that are pending
	overtaken  map[uint64]bool        // sequence numbers of records that were delivered ahead of their turn; owned by the goroutine
}

func (f *flushRequests) add(r *flushRequest) {
	f.pending = append(f.pending, r)
	if r.urgent != nil {
		f.urgent.Add(1)
	}
}

// remove forgets a request, if it is there.
func (f *flushRequests) remove(r *flushRequest) {
	if i := slices.Index(f.pending, r); i >= 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
		delete(f.tried, r)
		if r.urgent != nil {
			f.urgent.Add(-1)
		}
	}
}

// answerable tells whether there is a request that can be answered.
func (f *flushRequests) answerable(done func(upto uint64) bool) bool {
	return len(f.pending) > 0 && done(f.pending[0].upto)
}

// take removes and returns the requests of which done says that they can be answered.
func (f *flushRequests) take(done func(upto uint64) bool) (due []*flushRequest) {
	for f.answerable(done) {
		due = append(due, f.pending[0])
		f.remove(f.pending[0])
	}
	return due
}

// urged tells whether there is an urgent request that it has not told of.
func (f *flushRequests) urged() (urged bool) {
	for _, r := range f.pending {
		if r.urgent != nil && r.upto > f.seenUrgent {
			f.seenUrgent = r.upto
			urged = true
		}
	}
	return urged
}

// late returns the urgent records that are not resolved and need not wait for their turn any longer, each once. Of two that are logged
// at the same time the one that was queued first may be asked for last.
func (f *flushRequests) late(now time.Time, resolved func(upto uint64) bool) (late []*urgentRecord) {
	for _, r := range f.pending {
		u := r.urgent
		if u != nil && u.tape != nil && !f.tried[r] && !u.overtakes.After(now) && !resolved(u.sequence+1) {
			if f.tried == nil {
				f.tried = make(map[*flushRequest]bool)
			}
			f.tried[r] = true
			late = append(late, u)
		}
	}
	return late
}

// answerLocked ends the part of s in requests that it has synced for.
func answerLocked(s *arenaSource, due []*flushRequest, err error) {
	for _, r := range due {
		r.err = multierr.Append(r.err, err)
		r.waits = slices.DeleteFunc(r.waits, func(w *arenaSource) bool { return w == s })
		if len(r.waits) == 0 {
			close(r.done)
		}
	}
}

// flushes is where requests are made: Sync, and the Writes of records above Error.
type flushes struct{ q *queue }

// sync is Core.Sync.
func (f *flushes) sync() error { return f.await(nil, f.q.cfg.DrainTimeout) }

// deliverUrgently waits until what the queue holds has arrived: the record before the program's end, of that sequence number, among
// it, unless it is not queued. Whoever logs it has no use for an error, so that is reported.
func (f *flushes) deliverUrgently(sequence uint64, tape []byte) {
	timeout := f.q.cfg.FatalTimeout
	if timeout < 0 {
		timeout = defaultFatalTimeout
	}
	u := &urgentRecord{sequence: sequence, overtakes: time.Now().Add(timeout / 4)}
	if sequence != notQueued {
		u.tape = slices.Clone(tape)
	}
	if err := f.await(u, f.q.cfg.FatalTimeout); err != nil {
		f.q.report.Failed(err, 0)
	}
	f.q.mu.Lock()
	f.q.enqueuer.overflow.releaseLocked(sequence)
	f.q.mu.Unlock()
}

// await asks all targets but the one that is calling, and waits for their answers.
func (f *flushes) await(urgent *urgentRecord, timeout time.Duration) error {
	self := f.q.current()
	r := &flushRequest{urgent: urgent, done: make(chan struct{})}
	f.q.mu.Lock()
	if f.q.enqueuer.closed {
		f.q.mu.Unlock()
		if urgent == nil {
			return nil
		}
		return f.awaitClose(self, timeout)
	}
	r.upto = f.q.arena.Next()
	for _, s := range f.q.targets {
		if s != self {
			s.requests.add(r)
			r.waits = append(r.waits, s)
		}
	}
	alone := len(r.waits) == 0
	f.q.mu.Unlock()
	if alone {
		return nil
	}
	f.q.wake()

	expired, stop := after(timeout)
	defer stop()
	select {
	case <-r.done:
		return r.err
	case <-expired:
		return f.withdraw(r, timeout)
	}
}

// awaitClose waits for the end of a Close that is under way, which delivers all there is.
func (f *flushes) awaitClose(self *arenaSource, timeout time.Duration) error {
	expired, stop := after(timeout)
	defer stop()
	for _, s := range f.q.targets {
		if s == self {
			continue
		}
		select {
		case <-s.stopped:
		case <-f.q.abandoned:
		case <-expired:
			return fmt.Errorf("queuecore: Close has not ended within %v: %w", timeout, os.ErrDeadlineExceeded)
		}
	}
	return nil
}

// withdraw forgets a request that was not answered in time.
func (f *flushes) withdraw(r *flushRequest, timeout time.Duration) error {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	for _, s := range f.q.targets {
		s.requests.remove(r)
	}
	if len(r.waits) == 0 {
		return r.err
	}
	var late []string
	for _, s := range r.waits {
		late = append(late, strconv.Quote(s.target.Name))
	}
	return multierr.Append(r.err, notDone(late, len(f.q.targets), timeout))
}

// notDone is the error of those targets, of so many, that have not come to an end in time.
func notDone(late []string, targets int, timeout time.Duration) error {
	return fmt.Errorf("queuecore: %d of %d targets not done within %v, %s: %w",
		len(late), targets, timeout, strings.Join(late, ", "), os.ErrDeadlineExceeded)
}
