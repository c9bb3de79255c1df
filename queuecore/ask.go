package queuecore

import (
	"fmt"
	"os"
	"slices"
	"time"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

// ask is someone who waits until the targets have delivered and synced everything before a sequence number.
type ask struct {
	upto   uint64
	urgent bool // the program is about to end: deliver in spite of a backoff

	left     int           // targets that have not answered; guarded by queue.mu
	err      error         // of their Sync; guarded by queue.mu
	answered chan struct{} // closed when none is left
}

// sync is Core.Sync.
func (q *queue) sync() error { return q.await(q.cfg.DrainTimeout, false) }

// lastWords waits until what the queue holds has arrived: the record before the program's end among it. Whoever logs it
// has no use for an error, so that is reported.
func (q *queue) lastWords() {
	if err := q.await(q.cfg.FatalTimeout, true); err != nil {
		q.report.Failed(err, 0)
	}
}

// await asks all targets but the one that is calling, and waits for their answers.
func (q *queue) await(timeout time.Duration, urgent bool) error {
	self := q.current()
	a := &ask{urgent: urgent, answered: make(chan struct{})}
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return nil
	}
	a.upto = q.arena.Next()
	for _, l := range q.listeners {
		if l != self {
			l.asks = append(l.asks, a)
			a.left++
		}
	}
	left := a.left
	q.mu.Unlock()
	if left == 0 {
		return nil
	}
	q.wake()

	expired, stop := after(timeout)
	defer stop()
	select {
	case <-a.answered:
		return a.err
	case <-expired:
		return q.withdraw(a, timeout)
	}
}

// withdraw forgets an ask that was not answered in time.
func (q *queue) withdraw(a *ask, timeout time.Duration) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, l := range q.listeners {
		if i := slices.Index(l.asks, a); i >= 0 {
			l.asks = slices.Delete(l.asks, i, i+1)
		}
	}
	if a.left == 0 {
		return a.err
	}
	late := fmt.Errorf("queuecore: %d of %d targets not done within %v: %w", a.left, len(q.listeners), timeout, os.ErrDeadlineExceeded)
	return multierr.Append(a.err, late)
}

// dueLocked tells whether l has an ask that it can answer.
func (l *listener) dueLocked() bool { return len(l.asks) > 0 && l.reader.Done(l.asks[0].upto) }

// answer syncs the target if somebody waits for that, and tells them.
func (l *listener) answer() {
	l.q.mu.Lock()
	var due []*ask
	for l.dueLocked() {
		due = append(due, l.asks[0])
		l.asks = slices.Delete(l.asks, 0, 1)
	}
	l.q.mu.Unlock()
	if due == nil {
		return
	}
	err := base.Guard(l.target.Core.Sync)
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	for _, a := range due {
		a.err = multierr.Append(a.err, err)
		if a.left--; a.left == 0 {
			close(a.answered)
		}
	}
}
