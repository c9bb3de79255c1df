package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/multierr"

	"example.com/zaphandlers/queuecore"
	base "example.com/zaphandlers/zapcore"
)

// Append implements queuecore.Queue. An error is a *base.RetryError, unless it wraps ErrClosed or is a *base.RejectedError: what it could
// not find out about, it finds out before anything else is appended, so the same records can be appended again.
func (e *Engine) Append(batch *base.Batch) (uint64, error) {
	e.appending.Lock()
	defer e.appending.Unlock()
	if e.stop.Err() != nil {
		return 0, errClosed
	}
	var tapes [][]byte
	var tooLarge []int
	for i := range batch.Len() {
		if tape := batch.Tape(i); e.bound > 0 && int64(len(tape)) > e.bound/4 {
			tooLarge = append(tooLarge, i) // with half of it, pieces that were begun in vain could leave no room for ever
		} else {
			tapes = append(tapes, tape)
		}
	}
	ctx, cancel := context.WithTimeout(e.stop, e.cfg.Timeout)
	defer cancel()
	was := e.local.current()
	if err := e.local.checkDir(); err != nil {
		return 0, &base.RetryError{Err: multierr.Append(err, e.local.restart(was))}
	}
	err := e.appender.publishAll(ctx, tapes)
	if batch.Len() == 0 { // it is asked for the number only, which another process may have changed
		err = e.appender.findEnd(ctx)
	}
	if err != nil {
		if e.stop.Err() != nil {
			return 0, errClosed
		}
		if isFull(err) {
			err = fullError(ctx, e, err)
		}
		err = restartAfter(e, err, was)
		return 0, &base.RetryError{Err: fmt.Errorf("jetstream: stream %s: %w", e.cfg.Stream, withServerError(e, err))}
	}
	if len(tooLarge) > 0 {
		return e.appender.number, &base.RejectedError{Indexes: tooLarge, Err: fmt.Errorf("jetstream: stream %s: a record is larger than a quarter of MaxBytes, %d", e.cfg.Stream, e.bound)}
	}
	return e.appender.number, nil
}

var errClosed = fmt.Errorf("jetstream: %w", queuecore.ErrClosed)

// publishAll publishes what is not stored yet. After an error it is remembered what is, or may be.
func (a *appender) publishAll(ctx context.Context, tapes [][]byte) (err error) {
	fresh := a.stored.Without(tapes)
	if doubt := a.uncertain; len(doubt) > 0 && a.startsUncertain(fresh) == 0 { // of another's batch, or one that comes in parts now
		n, err := a.publishUncertain(ctx)
		if err != nil {
			return err
		}
		a.remember(doubt[:n])
		fresh = a.stored.Without(tapes)
	}
	for rest := fresh; len(rest) > 0; {
		n, err := a.publishSome(ctx, rest)
		if err != nil {
			a.remember(fresh[:len(fresh)-len(rest)])
			return err
		}
		rest = rest[n:]
	}
	a.stored.Forget(tapes)
	return nil
}

// publishUncertain publishes the message that is perhaps stored under the id it had, and returns how many records are stored with it: none, if
// it is the last piece of a record of which the others are in vain.
func (a *appender) publishUncertain(ctx context.Context) (int, error) {
	n := len(a.uncertain)
	err := a.publish(ctx, uint64(n))
	if errors.Is(err, errInterleaved) {
		a.uncertain = nil
		return 0, nil
	}
	return n, err
}

// publishSome publishes one message, or one record in several, and returns how many records that were.
func (a *appender) publishSome(ctx context.Context, tapes [][]byte) (int, error) {
	e := a.engine
	limit := e.limit()
	if a.startsUncertain(tapes) > 0 {
		return a.publishUncertain(ctx)
	}
	if n := fit(tapes, limit); n > 0 {
		a.begin(tapes[:n], pack(tapes[:n]), part{})
		return n, a.publish(ctx, uint64(n))
	}
	pieces := slices.Collect(slices.Chunk(pack(tapes[:1]), limit))
	for i := 0; i < len(pieces); i++ {
		records := min((i+1)/len(pieces), 1) // 1 with the last
		a.begin(tapes[:records], pieces[i], part{i + 1, len(pieces)})
		switch err := a.publish(ctx, uint64(records)); {
		case errors.Is(err, errInterleaved):
			i = -1
		case err != nil:
			return 0, err // begun again with the first piece; readers pass over one that is not followed by the next
		}
	}
	return 1, nil
}

// errInterleaved says that somebody else's message is between a piece of a record and the one before it. Readers put those together that follow
// each other, so it is begun again with the first piece.
var errInterleaved = errors.New("somebody else's message is in the middle of a record")

// publish publishes the message in hand, with which so many records are stored, behind the last, and does not return before it knows that
// it is stored, or ctx is done.
func (a *appender) publish(ctx context.Context, records uint64) error {
	e := a.engine
	msg := &nats.Msg{Subject: e.subject, Data: a.data, Header: nats.Header{}}
	if a.piece.n > 0 {
		msg.Header.Set(headerPart, a.piece.String())
	}
	var last error
	for wait := time.Duration(0); ; wait = min(2*wait+time.Millisecond, 250*time.Millisecond) {
		if !sleep(ctx, wait) {
			if last == nil {
				last = ctx.Err()
			}
			return last
		}
		msg.Header.Set(headerLast, strconv.FormatUint(a.number+records, 10))
		stored, err := a.publishOnce(ctx, msg, records)
		switch {
		case stored:
			a.uncertain = nil
			return nil
		case isTooLarge(err):
			return err
		case isFull(err):
			if last != nil || !purgeRead(ctx, e, "", place{}) {
				return err
			}
			last = err
		case err != nil:
			if last == nil || !errors.Is(err, context.DeadlineExceeded) { // which says nothing of why
				last = err
			}
		case a.piece.k > 1:
			return errInterleaved
		}
	}
}

// publishOnce publishes msg and, where the answer leaves that open, asks the stream whether it is stored. Without an error it is not
// because somebody else was first.
func (a *appender) publishOnce(all context.Context, msg *nats.Msg, records uint64) (stored bool, err error) {
	e := a.engine
	if stored, err = a.wasStored(all); stored || err != nil {
		return stored, err
	}
	attempt := min(attemptTimeout, e.cfg.Timeout/4)
	ctx, cancel := context.WithTimeout(all, attempt)
	ack, err := e.js.PublishMsg(ctx, msg, jetstream.WithMsgID(a.id), jetstream.WithExpectLastSequence(a.sequence), jetstream.WithRetryAttempts(0))
	cancel()
	switch {
	case err == nil && !ack.Duplicate:
		a.advance(ack.Sequence, records)
		return true, nil
	case isFull(err):
		a.refused()
		return false, err
	case err != nil && !isConflict(err):
		if !isTooLarge(err) {
			a.tried = a.sequence + 1
		}
		if madeErr := a.recreateStream(all); madeErr != nil {
			return false, multierr.Append(err, madeErr)
		}
	}
	ctx, cancel = context.WithTimeout(all, attempt)
	defer cancel()
	if endErr := a.findEnd(ctx); endErr != nil {
		return false, multierr.Append(err, endErr)
	}
	switch {
	case err == nil || a.lastID == a.id: // it was stored before; the count has its records now
		return true, nil
	case isConflict(err):
		return a.wasStored(ctx)
	case isTooLarge(err):
		a.uncertain = nil // the server takes less than it did: it is cut anew
		err = multierr.Append(err, e.askLargest(ctx))
	}
	return false, err
}

// wasStored tells whether the message in hand is where it must be if an attempt without an answer has stored it: others may have come
// behind it since, and the server knows for a while only what it had.
func (a *appender) wasStored(ctx context.Context) (bool, error) {
	e := a.engine
	if a.tried == 0 || a.sequence < a.tried {
		return false, nil
	}
	msg, err := e.records.GetMsg(ctx, a.tried)
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, err
	}
	a.tried = 0
	return err == nil && msg.Header.Get(headerID) == a.id, nil
}

// attemptTimeout is how long one attempt waits for its acknowledgement at most: longer than a healthy server takes, for a leader that dies
// acknowledges nothing more.
const attemptTimeout = 2 * time.Second

// sleep waits for d and reports whether ctx is still going on.
func sleep(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
