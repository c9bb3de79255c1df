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
	if err := e.local.look(); err != nil {
		return 0, &base.RetryError{Err: multierr.Append(err, e.local.restart(was))}
	}
	err := e.publishAll(ctx, tapes)
	if batch.Len() == 0 { // it is asked for the number only, which another process may have changed
		err = e.findEnd(ctx)
	}
	if err != nil {
		if e.stop.Err() != nil {
			return 0, errClosed
		}
		if isFull(err) {
			err = e.full(ctx, err)
		}
		err = e.revived(err, was)
		return 0, &base.RetryError{Err: fmt.Errorf("jetstream: stream %s: %w", e.cfg.Stream, e.because(err))}
	}
	if len(tooLarge) > 0 {
		return e.log.number, &base.RejectedError{Indexes: tooLarge, Err: fmt.Errorf("jetstream: stream %s: a record is larger than a quarter of MaxBytes, %d", e.cfg.Stream, e.bound)}
	}
	return e.log.number, nil
}

var errClosed = fmt.Errorf("jetstream: %w", queuecore.ErrClosed)

// publishAll publishes what is not stored yet. After an error it is remembered what is, or may be.
func (e *Engine) publishAll(ctx context.Context, tapes [][]byte) (err error) {
	fresh := e.log.stored.Without(tapes)
	if doubt := e.log.doubt; len(doubt) > 0 && e.log.unsure(fresh) == 0 { // of another's batch, or one that comes in parts now
		n, err := e.publishDoubt(ctx)
		if err != nil {
			return err
		}
		e.log.remember(doubt[:n])
		fresh = e.log.stored.Without(tapes)
	}
	for rest := fresh; len(rest) > 0; {
		n, err := e.publishSome(ctx, rest)
		if err != nil {
			e.log.remember(fresh[:len(fresh)-len(rest)])
			return err
		}
		rest = rest[n:]
	}
	e.log.stored.Forget(tapes)
	return nil
}

// publishDoubt publishes the message that is perhaps stored under the id it had, and returns how many records are stored with it: none, if
// it is the last piece of a record of which the others are in vain.
func (e *Engine) publishDoubt(ctx context.Context) (int, error) {
	n := len(e.log.doubt)
	err := e.publish(ctx, uint64(n))
	if errors.Is(err, errBetween) {
		e.log.doubt = nil
		return 0, nil
	}
	return n, err
}

// publishSome publishes one message, or one record in several, and returns how many records that were.
func (e *Engine) publishSome(ctx context.Context, tapes [][]byte) (int, error) {
	limit := e.limit()
	if e.log.unsure(tapes) > 0 {
		return e.publishDoubt(ctx)
	}
	if n := fit(tapes, limit); n > 0 {
		e.log.begin(tapes[:n], pack(tapes[:n]), part{})
		return n, e.publish(ctx, uint64(n))
	}
	pieces := slices.Collect(slices.Chunk(pack(tapes[:1]), limit))
	for i := 0; i < len(pieces); i++ {
		records := min((i+1)/len(pieces), 1) // 1 with the last
		e.log.begin(tapes[:records], pieces[i], part{i + 1, len(pieces)})
		switch err := e.publish(ctx, uint64(records)); {
		case errors.Is(err, errBetween):
			i = -1
		case err != nil:
			return 0, err // begun again with the first piece; readers pass over one that is not followed by the next
		}
	}
	return 1, nil
}

// errBetween says that somebody else's message is between a piece of a record and the one before it. Readers put those together that follow
// each other, so it is begun again with the first piece.
var errBetween = errors.New("somebody else's message is in the middle of a record")

// publish publishes the message in hand, with which so many records are stored, behind the last, and does not return before it knows that
// it is stored, or ctx is done.
func (e *Engine) publish(ctx context.Context, records uint64) error {
	msg := &nats.Msg{Subject: e.subject, Data: e.log.data, Header: nats.Header{}}
	if e.log.piece.n > 0 {
		msg.Header.Set(headerPart, e.log.piece.String())
	}
	var last error
	for wait := time.Duration(0); ; wait = min(2*wait+time.Millisecond, 250*time.Millisecond) {
		if !sleep(ctx, wait) {
			if last == nil {
				last = ctx.Err()
			}
			return last
		}
		msg.Header.Set(headerLast, strconv.FormatUint(e.log.number+records, 10))
		stored, err := e.publishOnce(ctx, msg, records)
		switch {
		case stored:
			e.log.doubt = nil
			return nil
		case isTooLarge(err):
			return err
		case isFull(err):
			if last != nil || !e.purgeRead(ctx, "", place{}) {
				return err
			}
			last = err
		case err != nil:
			if last == nil || !errors.Is(err, context.DeadlineExceeded) { // which says nothing of why
				last = err
			}
		case e.log.piece.k > 1:
			return errBetween
		}
	}
}

// publishOnce publishes msg and, where the answer leaves that open, asks the stream whether it is stored. Without an error it is not
// because somebody else was first.
func (e *Engine) publishOnce(all context.Context, msg *nats.Msg, records uint64) (stored bool, err error) {
	if stored, err = e.wasStored(all); stored || err != nil {
		return stored, err
	}
	attempt := min(attemptTimeout, e.cfg.Timeout/4)
	ctx, cancel := context.WithTimeout(all, attempt)
	ack, err := e.js.PublishMsg(ctx, msg, jetstream.WithMsgID(e.log.id), jetstream.WithExpectLastSequence(e.log.sequence), jetstream.WithRetryAttempts(0))
	cancel()
	switch {
	case err == nil && !ack.Duplicate:
		e.log.advance(ack.Sequence, records)
		return true, nil
	case isFull(err):
		e.log.refused()
		return false, err
	case err != nil && !isConflict(err):
		if !isTooLarge(err) {
			e.log.tried = e.log.sequence + 1
		}
		if madeErr := e.remake(all); madeErr != nil {
			return false, multierr.Append(err, madeErr)
		}
	}
	ctx, cancel = context.WithTimeout(all, attempt)
	defer cancel()
	if endErr := e.findEnd(ctx); endErr != nil {
		return false, multierr.Append(err, endErr)
	}
	switch {
	case err == nil || e.log.lastID == e.log.id: // it was stored before; the count has its records now
		return true, nil
	case isConflict(err):
		return e.wasStored(ctx)
	case isTooLarge(err):
		e.log.doubt = nil // the server takes less than it did: it is cut anew
		err = multierr.Append(err, e.askLargest(ctx))
	}
	return false, err
}

// wasStored tells whether the message in hand is where it must be if an attempt without an answer has stored it: others may have come
// behind it since, and the server knows for a while only what it had.
func (e *Engine) wasStored(ctx context.Context) (bool, error) {
	if e.log.tried == 0 || e.log.sequence < e.log.tried {
		return false, nil
	}
	msg, err := e.records.GetMsg(ctx, e.log.tried)
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return false, err
	}
	e.log.tried = 0
	return err == nil && msg.Header.Get(headerID) == e.log.id, nil
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
