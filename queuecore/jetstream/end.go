package jetstream

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/multierr"
)

// What the records' stream ends in, and how it is made again.

// findEnd asks the stream for its last message, and so what the next one follows and which number its first record has. The
// caller has e.appending, or is the only one yet.
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

// maxForeign is how many messages of somebody else are passed over in search of the last one that is ours.
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

// recreateStream makes the records' stream again if somebody has deleted it.
func (a *appender) recreateStream(ctx context.Context) error {
	e := a.engine
	s, err := e.recreate(ctx, e.cfg.recordsStream(e.subject))
	if s != nil {
		e.created.Store(s.CachedInfo().Created.UnixNano())
	}
	return err
}

// correctPlaces has the numbers of new records go on behind those that a cursor is done with, and every cursor in the stream.
func correctPlaces(ctx context.Context, e *Engine) error {
	places, err := e.cursors.all(ctx)
	if err != nil {
		return err
	}
	info, err := e.records.Info(ctx) // later than the places are: what lies beyond it is not in the stream
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
