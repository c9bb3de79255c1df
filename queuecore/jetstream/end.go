package jetstream

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/multierr"
)

// The end of the records' stream.

// findEnd gets the last message of the stream, which the next one must follow, and the number of its last record. The
// caller holds e.appending, or is the only user yet.
func (a *appender) findEnd(ctx context.Context) error {
	e := a.engine
	msg, err := e.records.GetLastMsgForSubject(ctx, e.subject)
	if err == nil {
		number, err := lastNumber(msg.Header)
		if err != nil { // not ours
			if number, err = a.numberBefore(ctx, msg.Sequence); err != nil {
				return err
			}
		}
		a.sequence, a.number, a.lastID = msg.Sequence, max(a.number, number), msg.Header.Get(headerID)
		return nil
	}
	if !errors.Is(err, jetstream.ErrMsgNotFound) {
		refresh(e, err)
		return err
	}
	info, err := e.records.Info(ctx) // none is left: aged, or never there
	if err != nil {
		return err
	}
	done, err := e.cursors.highest(ctx)
	a.sequence, a.number, a.lastID = info.State.LastSeq, max(a.number, done), ""
	return err
}

// maxForeign is how many messages of other programs are passed over in search of one of ours.
const maxForeign = 1000

// numberBefore returns the number of the last record before a message.
func (a *appender) numberBefore(ctx context.Context, sequence uint64) (uint64, error) {
	e := a.engine
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

// recreateStream makes the records' stream again if it was deleted.
func (a *appender) recreateStream(ctx context.Context) error {
	e := a.engine
	s, err := e.recreate(ctx, e.cfg.recordsStream(e.subject))
	if s != nil {
		e.created.Store(s.CachedInfo().Created.UnixNano())
	}
	return err
}

// correctPlaces makes the numbers of new records continue after those that any cursor has acknowledged, and moves cursors that are beyond
// the end of the stream to its end.
func correctPlaces(ctx context.Context, e *Engine) error {
	places, err := e.cursors.all(ctx)
	if err != nil {
		return err
	}
	info, err := e.records.Info(ctx) // after reading the places, so that a place beyond its end is wrong
	if err != nil {
		return err
	}
	for name, at := range places {
		e.appender.number = max(e.appender.number, at.number)
		if at.created == info.Created.UnixNano() && at.sequence > info.State.LastSeq {
			at.sequence = info.State.LastSeq
			err = multierr.Append(err, e.cursors.put(ctx, name, at))
		}
	}
	return err
}
