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

// Append implements queuecore.Queue. An error is a *base.RetryError, unless it wraps ErrClosed or is a *base.RejectedError. If Append could
// not find out whether a message is stored, the next Append finds out first, so the same records can be appended again.
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
			tooLarge = append(tooLarge, i) // if half were allowed, the pieces of failed attempts could fill the stream for ever
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
	if batch.Len() == 0 { // the caller wants the last number, and another process may have appended
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

// publishAll publishes those of tapes that are not stored yet. After an error it remembers which are, or may be.
func (a *appender) publishAll(ctx context.Context, tapes [][]byte) (err error) {
	fresh := a.stored.Without(tapes)
	if doubt := a.uncertain; len(doubt) > 0 && a.startsUncertain(fresh) == 0 { // it is not the beginning of this batch
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

// publishUncertain publishes the uncertain message again, with the same id, and returns how many records are stored with it: none, if
// it is the last piece of a record whose other pieces are of no use.
func (a *appender) publishUncertain(ctx context.Context) (int, error) {
	n := len(a.uncertain)
	err := a.publish(ctx, uint64(n))
	if errors.Is(err, errInterleaved) {
		a.uncertain = nil
		return 0, nil
	}
	return n, err
}

// publishSome publishes one message, or several with the pieces of one record. It returns how many of tapes it published.
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
			return 0, err // the next attempt begins with the first piece; readers pass over incomplete records
		}
	}
	return 1, nil
}

// errInterleaved says that another message got between two pieces of a record. Readers join only consecutive pieces, so the record must be
// published again from its first piece.
var errInterleaved = errors.New("somebody else's message is in the middle of a record")

// publish publishes the current message behind the last one of the stream; so many records are stored with it. It tries again until it
// knows that the message is stored, until an attempt cannot succeed, or until ctx is done.
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
			if last == nil || !errors.Is(err, context.DeadlineExceeded) { // keeps an error that says more than that
				last = err
			}
		case a.piece.k > 1:
			return errInterleaved
		}
	}
}

// publishOnce publishes msg once. If the answer leaves that open, it asks the stream whether msg is stored. If it returns neither stored
// nor an error, another process was first, and msg may be published again.
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
	case err == nil || a.lastID == a.id: // an earlier attempt has stored it; findEnd has updated a.number
		return true, nil
	case isConflict(err):
		return a.wasStored(ctx)
	case isTooLarge(err):
		a.uncertain = nil // the server takes less than before: the records go into smaller messages
		err = multierr.Append(err, e.askLargest(ctx))
	}
	return false, err
}

// wasStored reports whether an earlier attempt, which got no answer, has stored the current message. It looks at the sequence that the
// message must have then: others may have come behind it, and the server remembers message ids only for a while.
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

// attemptTimeout bounds the wait for one acknowledgement. It is longer than a healthy server takes, and short because a leader that
// dies never acknowledges.
const attemptTimeout = 2 * time.Second

// sleep waits for d, and returns false if ctx is done first.
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
