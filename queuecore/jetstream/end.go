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
		e.refresh(err)
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

// correctPlaces has the numbers of new records go on behind those that a cursor is done with, and every cursor in the stream.
func (e *Engine) correctPlaces(ctx context.Context) error {
	places, err := e.cursors.all(ctx)
	if err != nil {
		return err
	}
	info, err := e.records.Info(ctx) // later than the places are: what lies beyond it is not in the stream
	if err != nil {
		return err
	}
	for name, at := range places {
		e.log.number = max(e.log.number, at.number)
		if at.born == info.Created.UnixNano() && at.sequence > info.State.LastSeq {
			at.sequence = info.State.LastSeq
			err = multierr.Append(err, e.cursors.put(ctx, name, at))
		}
	}
	return err
}
