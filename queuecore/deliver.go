package queuecore

import (
	"errors"
	"math"
	"time"

	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
	"example.com/zaphandlers/zapcore/arena"
)

// deliver hands the batch to the target and resolves all that the reader holds.
func (l *listener) deliver() {
	if l.batch.Len() > 0 {
		l.dirty = true
		if l.writer != nil {
			l.deliverBatch()
		} else {
			l.deliverEach()
		}
	}
	l.batch.Reset()
	l.members = l.members[:0]
	if n := l.reader.Len(); n > 0 {
		l.resolve(n)
	}
}

// deliverEach hands the records to a Core that is no BatchWriter. They are resolved one by one: one that never returns leaves
// no doubt about the others.
func (l *listener) deliverEach() {
	for i := range l.batch.Len() {
		fate := arena.Delivered
		l.record.View(l.batch.Tape(i))
		err := l.guard(func() error {
			wanted, err := l.record.Deliver(l.target.Core, l.target.IgnoreLevel)
			if err == nil && !wanted {
				fate = arena.Skipped
			}
			return err
		})
		if err != nil {
			fate = arena.Dropped
			l.report.Failed(err, 1)
		} else if fate == arena.Delivered {
			l.report.Recovered()
		}
		l.reader.SetFate(l.members[i], fate)
		l.settle(i + 1)
	}
}

// settle resolves what the reader holds up to the first n records of the batch.
func (l *listener) settle(n int) {
	held := l.members[n-1] + 1
	l.resolve(held)
	for i := range l.members {
		l.members[i] -= held
	}
}

// deliverBatch hands the batch to a BatchWriter, again and again if need be.
func (l *listener) deliverBatch() {
	for l.batch.Len() > 0 {
		n, err := l.writeBatch(&l.batch)
		err = l.reject(err)
		l.taken(n)
		switch {
		case l.batch.Len() == 0, err == nil && n > 0:
			l.backoff.Succeeded(time.Now())
			l.report.Recovered()
		case !retryable(err):
			l.giveUp(err)
			return
		default:
			l.report.Failed(err, 0)
			if !l.hold(err) {
				return
			}
		}
	}
}

// writeBatch calls the target's WriteBatch. If it panics there is one record at which it does, most likely, so the batch is
// halved until that one is alone, and rejected.
func (l *listener) writeBatch(batch *base.Batch) (n int, err error) {
	err = l.guard(func() (err error) {
		n, err = l.writer.WriteBatch(batch)
		n = min(max(n, 0), batch.Len())
		return err
	})
	if _, panicked := err.(*panicError); !panicked {
		if n == 0 && err == nil {
			err = errTookNothing
		}
		return n, err
	}
	if batch.Len() == 1 {
		return 1, &base.RejectedError{Indexes: []int{0}, Err: err}
	}
	var half base.Batch
	half.Slice(batch, 0, batch.Len()/2)
	return l.writeBatch(&half)
}

var errTookNothing = errors.New("queuecore: WriteBatch took nothing and returned no error")

// reject settles the fate of the records that the target refused for good, and returns what else went wrong.
func (l *listener) reject(err error) (rest error) {
	for _, e := range multierr.Errors(err) {
		var rejected *base.RejectedError
		if !errors.As(e, &rejected) {
			rest = multierr.Append(rest, e)
			continue
		}
		for _, i := range rejected.Indexes {
			l.reader.SetFate(l.members[i], arena.Dropped)
		}
		l.report.Failed(rejected, len(rejected.Indexes))
	}
	return rest
}

// taken resolves the first n records of the batch and takes them out of it.
func (l *listener) taken(n int) {
	if n == 0 {
		return
	}
	l.settle(n)
	l.members = append(l.members[:0], l.members[n:]...)
	l.batch.Slice(&l.batch, n, l.batch.Len())
}

// giveUp drops the rest of the batch.
func (l *listener) giveUp(err error) {
	for _, m := range l.members {
		l.reader.SetFate(m, arena.Dropped)
	}
	l.report.Failed(err, len(l.members))
}

func retryable(err error) bool {
	var retry *base.RetryError
	return errors.As(err, &retry)
}

// hold waits before the next attempt. It returns false if there must be none, and early if there is no time left: at Close and
// for the last words of a program, each once.
func (l *listener) hold(err error) bool {
	left := l.backoff.Failed(time.Now())
	var retry *base.RetryError
	if errors.As(err, &retry) {
		left = max(left, min(retry.After, l.target.RetryMax))
	}
	for left > 0 {
		left = l.pause(left)
		if l.isAbandoned() {
			return false
		}
		if l.urged() {
			l.fillUp()
			return true
		}
	}
	return true
}

// urged tells whether something that cannot wait has come up since it was last asked.
func (l *listener) urged() bool {
	l.q.mu.Lock()
	defer l.q.mu.Unlock()
	urged := l.q.closed && !l.sawClosed
	l.sawClosed = l.q.closed
	for _, a := range l.asks {
		if a.urgent && a.upto > l.sawUrgent {
			l.sawUrgent = a.upto
			urged = true
		}
	}
	return urged
}

// fillUp adds everything that is queued to the batch, whatever its bounds: a Handler makes an exception of a batch that holds the
// last words, not of what comes before them. Two rounds, because each lane may have been claimed in part.
func (l *listener) fillUp() {
	for range 2 {
		l.q.mu.Lock()
		l.reader.Claim(math.MaxInt)
		l.q.mu.Unlock()
		l.walk(math.MaxInt, math.MaxInt)
	}
}

func (l *listener) isAbandoned() bool {
	select {
	case <-l.q.abandoned:
		return true
	default:
		return false
	}
}
