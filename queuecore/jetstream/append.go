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

// findEnd asks the stream for its last message, and so what the next one follows and which number its first record has. The
// caller has e.appending, or is the only one yet.
func (e *Engine) findEnd(ctx context.Context) error {
	msg, err := e.records.GetLastMsgForSubject(ctx, e.subject)
	if err == nil {
		number, err := lastNumber(msg.Header)
		if err != nil { // not ours
			if number, err = e.numberBefore(ctx, msg.Sequence); err != nil {
				return err
			}
		}
		e.log.sequence, e.log.number, e.log.lastID = msg.Sequence, max(e.log.number, number), msg.Header.Get(headerID)
		return nil
	}
	if !errors.Is(err, jetstream.ErrMsgNotFound) {
		return err
	}
	info, err := e.records.Info(ctx) // none is left: aged, or never there
	if err != nil {
		return err
	}
	done, err := e.cursors.highest(ctx)
	e.log.sequence, e.log.number, e.log.lastID = info.State.LastSeq, max(e.log.number, done), ""
	return err
}

// maxForeign is how many messages of somebody else are passed over in search of the last one that is ours.
const maxForeign = 1000

// numberBefore returns the number of the last record before a message.
func (e *Engine) numberBefore(ctx context.Context, sequence uint64) (uint64, error) {
	for range min(maxForeign, sequence-1) {
		sequence--
		msg, err := e.records.GetMsg(ctx, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if number, err := lastNumber(msg.Header); err == nil {
			return number, nil
		}
	}
	return e.cursors.highest(ctx)
}

// remake makes the records' stream again if somebody has deleted it.
func (e *Engine) remake(ctx context.Context) error {
	s, err := e.madeAgain(ctx, e.cfg.recordsStream(e.subject))
	if s != nil {
		e.born.Store(s.CachedInfo().Created.UnixNano())
	}
	return err
}

// madeAgain makes a stream again if somebody has deleted it; else it returns nil.
func (e *Engine) madeAgain(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	_, err := e.js.Stream(ctx, cfg.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil // it is there, or what is wrong is something else
	}
	return e.stream(ctx, cfg)
}

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
	if err := e.local.look(); err != nil {
		return 0, &base.RetryError{Err: multierr.Append(err, e.local.restart())}
	}
	if err := e.publishAll(ctx, tapes); err != nil {
		if e.stop.Err() != nil {
			return 0, errClosed
		}
		if isFull(err) {
			err = e.full(ctx, err)
		} else if e.local != nil {
			err = multierr.Append(err, e.local.restart())
		}
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
			if last != nil || !e.purgeRead(ctx) {
				return err
			}
			last = err
		case err != nil:
			last = err
		case e.log.piece.k > 1:
			return errBetween
		}
	}
}

// publishOnce publishes msg and, where the answer leaves that open, asks the stream whether it is stored. Without an error it is not
// because somebody else was first.
func (e *Engine) publishOnce(all context.Context, msg *nats.Msg, records uint64) (stored bool, err error) {
	ctx, cancel := context.WithTimeout(all, attemptTimeout)
	defer cancel()
	next := e.log.sequence + 1
	ack, err := e.js.PublishMsg(ctx, msg, jetstream.WithMsgID(e.log.id), jetstream.WithExpectLastSequence(e.log.sequence), jetstream.WithRetryAttempts(0))
	if err == nil && !ack.Duplicate {
		e.log.advance(ack.Sequence, records)
		return true, nil
	}
	if isFull(err) {
		return false, err
	}
	if err != nil && !isConflict(err) {
		if madeErr := e.remake(all); madeErr != nil {
			return false, multierr.Append(err, madeErr)
		}
	}
	if endErr := e.findEnd(ctx); endErr != nil {
		return false, multierr.Append(err, endErr)
	}
	if err == nil || e.log.lastID == e.log.id { // it was stored before; the count has its records now
		return true, nil
	}
	if isConflict(err) {
		err = nil
		if e.log.again { // others may have come behind it since
			msg, getErr := e.records.GetMsg(ctx, next)
			if stored := getErr == nil && msg.Header.Get(headerID) == e.log.id; stored || !errors.Is(getErr, jetstream.ErrMsgNotFound) {
				return stored, getErr
			}
		}
	}
	if isTooLarge(err) {
		e.log.doubt = nil // the server takes less than it did: it is cut anew
		err = multierr.Append(err, e.askLargest(ctx))
	}
	return false, err
}

// attemptTimeout is how long one attempt waits for its acknowledgement: longer than a healthy server takes, for a leader that dies
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
