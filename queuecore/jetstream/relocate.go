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

// What is done where a stream is not what it was: made anew, or shorter than the places of cursors are far, as of a server that has lost
// power or came back with a copy. Sequences say nothing then, but the numbers of records go on.

// relocateIfLost asks, once in lookEvery, whether there is nothing for r because it is not where it believes to be, and moves it.
func (r *reader) relocateIfLost() bool {
	if time.Since(r.looked) < lookEvery {
		return false
	}
	r.looked = time.Now()
	moved, err := r.relocate(false)
	return moved && err == nil
}

// relocate moves r to where it has to go on, and reports whether that is elsewhere than it was. Where the stream is as long as it must
// be it looks for another place only if it is told to.
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

// seek returns the sequence of the first message from first to last that has a record beyond number, or a piece of one; the one after last
// if there is none, and the largest number if that cannot be told now, as where a replica is behind.
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

// isBeyond tells whether the first message of ours from a sequence on has a record beyond number, and which it is.
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

// refresh asks for the stream's settings anew where nobody answers: it may have been told to answer elsewhere.
func refresh(e *Engine, err error) {
	if !errors.Is(err, nats.ErrNoResponders) {
		return
	}
	ctx, cancel := e.callContext()
	defer cancel()
	_, _ = e.records.Info(ctx)
}

// restartAfter returns the error of a call, after which a server in this process, which was that one when the call began, is restarted: it takes
// no more once its disk was full for a moment.
func restartAfter(e *Engine, err error, was *server.Server) error {
	if err == nil || was == nil || isFull(err) || e.stop.Err() != nil {
		return err
	}
	return multierr.Append(err, e.local.restart(was))
}
