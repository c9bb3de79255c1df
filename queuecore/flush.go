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

// flushRequest asks the targets to deliver and sync everything before sequence number upto. Its maker waits for done.
type flushRequest struct {
	upto   uint64
	urgent *urgentRecord // the record above Error that made the request; nil for a Sync

	waitingFor []*arenaSource // of the targets that have not answered; guarded by queue.mu
	err        error          // of their Sync; guarded by queue.mu
	done       chan struct{}  // closed when none is left
}

// urgentRecord is a record above Error whose Write waits. It is delivered in spite of a backoff, and overtakes the records queued
// before it if they take too long.
type urgentRecord struct {
	sequence    uint64
	tape        []byte    // a copy: a target may still use it when the Write has given up; nil if the record is not queued
	overtakesAt time.Time // when it need not wait for its turn any longer
}

// flushRequests are the requests that one target has not answered, in the order of upto. queue.mu guards the fields, unless they say
// otherwise.
type flushRequests struct {
	pending []*flushRequest
	urgent  atomic.Int32 // how many of them are urgent; read without the lock

	urgentSeen uint64                 // newUrgent has reported the urgent requests up to this one's upto
	tried      map[*flushRequest]bool // pending requests whose record overdue has returned
	overtaken  map[uint64]bool        // sequence numbers of records delivered ahead of their turn; owned by the target's goroutine
}

func (f *flushRequests) add(r *flushRequest) {
	f.pending = append(f.pending, r)
	if r.urgent != nil {
		f.urgent.Add(1)
	}
}

// remove removes a request, if it is there.
func (f *flushRequests) remove(r *flushRequest) {
	if i := slices.Index(f.pending, r); i >= 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
		delete(f.tried, r)
		if r.urgent != nil {
			f.urgent.Add(-1)
		}
	}
}

// answerable reports whether the first request can be answered: done returns true for its upto.
func (f *flushRequests) answerable(done func(upto uint64) bool) bool {
	return len(f.pending) > 0 && done(f.pending[0].upto)
}

// take removes and returns the requests that can be answered.
func (f *flushRequests) take(done func(upto uint64) bool) (due []*flushRequest) {
	for f.answerable(done) {
		due = append(due, f.pending[0])
		f.remove(f.pending[0])
	}
	return due
}

// newUrgent reports whether an urgent request has come since the last call.
func (f *flushRequests) newUrgent() (found bool) {
	for _, r := range f.pending {
		if r.urgent != nil && r.upto > f.urgentSeen {
			f.urgentSeen = r.upto
			found = true
		}
	}
	return found
}

// overdue returns the unresolved urgent records that need not wait for their turn any longer, each once. (They may come out of order:
// requests of records logged at the same time are not always added in the order of the records.)
func (f *flushRequests) overdue(now time.Time, resolved func(upto uint64) bool) (late []*urgentRecord) {
	for _, r := range f.pending {
		u := r.urgent
		if u != nil && u.tape != nil && !f.tried[r] && !u.overtakesAt.After(now) && !resolved(u.sequence+1) {
			if f.tried == nil {
				f.tried = make(map[*flushRequest]bool)
			}
			f.tried[r] = true
			late = append(late, u)
		}
	}
	return late
}

// answerLocked answers requests for target s, whose Sync returned err. The last target to answer ends the request.
func answerLocked(s *arenaSource, due []*flushRequest, err error) {
	for _, r := range due {
		r.err = multierr.Append(r.err, err)
		r.waitingFor = slices.DeleteFunc(r.waitingFor, func(w *arenaSource) bool { return w == s })
		if len(r.waitingFor) == 0 {
			close(r.done)
		}
	}
}

// flushes makes the flush requests of Sync, and of Writes of records above Error.
type flushes struct{ q *queue }

// sync is Core.Sync.
func (f *flushes) sync() error { return f.await(nil, f.q.cfg.DrainTimeout) }

// deliverUrgently waits until the targets have delivered and synced what the queue holds, and the record above Error with that sequence
// number, unless it is notQueued. Errors are reported, for the Write of such a record returns none.
func (f *flushes) deliverUrgently(sequence uint64, tape []byte) {
	timeout := f.q.cfg.FatalTimeout
	if timeout < 0 {
		timeout = defaultFatalTimeout
	}
	u := &urgentRecord{sequence: sequence, overtakesAt: time.Now().Add(timeout / 4)}
	if sequence != notQueued {
		u.tape = slices.Clone(tape)
	}
	if err := f.await(u, f.q.cfg.FatalTimeout); err != nil {
		f.q.report.Failed(err, 0)
	}
	f.q.mu.Lock()
	f.q.enqueuer.overflow.unprotectLocked(sequence)
	f.q.mu.Unlock()
}

// await makes a request to all targets but the one that is calling, and waits for their answers.
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
			r.waitingFor = append(r.waitingFor, s)
		}
	}
	alone := len(r.waitingFor) == 0
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

// awaitClose waits for the end of a running Close, which delivers everything.
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

// withdraw removes a request that was not answered in time, and returns its error.
func (f *flushes) withdraw(r *flushRequest, timeout time.Duration) error {
	f.q.mu.Lock()
	defer f.q.mu.Unlock()
	for _, s := range f.q.targets {
		s.requests.remove(r)
	}
	if len(r.waitingFor) == 0 {
		return r.err
	}
	var late []string
	for _, s := range r.waitingFor {
		late = append(late, strconv.Quote(s.target.Name))
	}
	return multierr.Append(r.err, notDone(late, len(f.q.targets), timeout))
}

// notDone returns the error for late targets, of so many in all, that were not done in time.
func notDone(late []string, targets int, timeout time.Duration) error {
	return fmt.Errorf("queuecore: %d of %d targets not done within %v, %s: %w",
		len(late), targets, timeout, strings.Join(late, ", "), os.ErrDeadlineExceeded)
}
