package jetstream

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/multierr"
)

// A stream may have been made anew, or end before the places of cursors, because a server has lost power or was restored from a copy. Then
// sequences mean nothing, but the numbers of records go on.

// relocateIfLost checks, at most once in lookEvery, whether a reader that finds no message is at a wrong place, and moves it. It returns
// whether it did.
func (r *reader) relocateIfLost() bool {
	if time.Since(r.looked) < lookEvery {
		return false
	}
	r.looked = time.Now()
	moved, err := r.relocate(false)
	return moved && err == nil
}

// relocate moves r to its place in the stream, and returns whether that is another place. If the stream is long enough for the place of r,
// it looks for another only with search.
func (r *reader) relocate(search bool) (moved bool, err error) {
	e := r.engine
	ctx, cancel := e.callContext()
	defer cancel()
	info, err := e.records.Info(ctx)
	if err != nil {
		return false, err
	}
	if born := info.Created.UnixNano(); born != r.acked.created {
		e.created.Store(born)
		r.enterStream(born)
		return true, nil
	}
	if !search && r.fetch <= info.State.LastSeq+1 {
		return false, nil
	}
	at, err := r.seek(ctx, r.acked.number, max(info.State.FirstSeq, 1), info.State.LastSeq)
	if err != nil || at > r.acked.sequence {
		return false, err
	}
	r.acked.sequence = at - 1
	r.goTo(at)
	return true, e.putPlace(ctx, r.name, r.acked)
}

// seek returns the sequence of the first message from first to last that has a record beyond number, or a piece of one. It returns
// last+1 if there is none, and MaxUint64 if that cannot be found out now, as when a replica is behind.
func (r *reader) seek(ctx context.Context, number, first, last uint64) (uint64, error) {
	for first <= last {
		middle := first + (last-first)/2
		from, is, err := r.isBeyond(ctx, number, middle)
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			return math.MaxUint64, nil
		case err != nil:
			return 0, err
		case is:
			last = middle - 1
		default:
			first = from + 1
		}
	}
	return first, nil
}

// isBeyond finds our first message from a sequence on. It returns its sequence, and whether it has a record beyond number.
func (r *reader) isBeyond(ctx context.Context, number, sequence uint64) (uint64, bool, error) {
	e := r.engine
	for range maxForeign {
		msg, err := e.records.GetMsg(ctx, sequence, jetstream.WithGetMsgSubject(e.subject))
		if err != nil {
			return 0, false, err
		}
		last, numberErr := lastNumber(msg.Header)
		p, err := parsePart(msg.Header)
		switch {
		case err == nil && p.k < p.n: // the record is the next one
			return msg.Sequence, last+1 > number, nil
		case numberErr == nil:
			return msg.Sequence, last > number, nil
		}
		sequence = msg.Sequence + 1
	}
	return 0, false, jetstream.ErrMsgNotFound
}

// refresh gets the stream's settings again if err says that nobody answers: somebody may have changed where the stream answers.
func refresh(e *Engine, err error) {
	if !errors.Is(err, nats.ErrNoResponders) {
		return
	}
	ctx, cancel := e.callContext()
	defer cancel()
	_, _ = e.records.Info(ctx)
}

// restartAfter restarts the server in this process after a call has failed with err, because a server takes no more messages once its disk
// was full for a moment. was is the server with which the call began, or nil. It returns err, and the error of the restart.
func restartAfter(e *Engine, err error, was *server.Server) error {
	if err == nil || was == nil || isFull(err) || e.stop.Err() != nil {
		return err
	}
	return multierr.Append(err, e.local.restart(was))
}
