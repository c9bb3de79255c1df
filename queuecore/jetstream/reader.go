package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/multierr"

	base "example.com/zaphandlers/zapcore"
)

const (
	lookEvery  = time.Second // how often a waiting reader asks the stream
	purgeEvery = time.Second // how often an Ack purges at most
)

// Read implements queuecore.Queue. It returns the records of one message.
func (e *Engine) Read(ctx context.Context, cursor string, batch *base.Batch) (uint64, error) {
	r, err := e.reader(cursor)
	if err != nil {
		return 0, err
	}
	for {
		wake, ended := e.wakeChannel(), ctx.Err() // before reading: records that came before the end are returned
		if last, err := r.readHeld(batch); last > 0 || err != nil {
			return last, err
		}
		if ended != nil {
			return 0, ended
		}
		if err := e.await(ctx, wake); err != nil {
			return 0, err
		}
	}
}

// readHeld adds the records of the first message that r holds, or can get, and returns the number of the last; 0 if there is none.
func (r *reader) readHeld(batch *base.Batch) (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fill(); err != nil || len(r.held) == 0 {
		return 0, err
	}
	m := &r.held[0]
	done := uint64(0)
	if r.acked.number >= m.first {
		done = r.acked.number - m.first + 1
	}
	for _, tape := range m.tapes[done:] {
		batch.Add(tape)
	}
	return m.last(), nil
}

// await waits until a message may have come, or ctx is done. It returns an error only if the engine is closed.
func (e *Engine) await(ctx context.Context, wake <-chan struct{}) error {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	select {
	case <-wake:
	case <-timer.C:
	case <-ctx.Done():
	case <-e.stop.Done():
		return errClosed
	}
	return nil
}

func (e *Engine) wakeChannel() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.wake
}

func (e *Engine) wakeReaders() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.wake)
	e.wake = make(chan struct{})
}

// reader returns the reader of a cursor. A new cursor begins before the oldest record.
func (e *Engine) reader(cursor string) (*reader, error) {
	e.mu.Lock()
	r, closed := e.readers[cursor], e.closed
	e.mu.Unlock()
	if closed {
		return nil, errClosed
	}
	if r != nil {
		return r, nil
	}
	ctx, cancel := e.callContext()
	defer cancel()
	at, err := e.find(ctx, cursor)
	if err != nil {
		return nil, e.orClosed(err)
	}
	r = &reader{engine: e, name: cursor, acked: at, fetch: at.sequence + 1, purged: time.Now()}
	e.mu.Lock()
	defer e.mu.Unlock()
	if first := e.readers[cursor]; first != nil {
		return first, nil
	}
	e.readers[cursor] = r
	return r, nil
}

// find returns the place of a cursor. It makes a new cursor known.
func (e *Engine) find(ctx context.Context, cursor string) (place, error) {
	at, known, err := e.cursors.get(ctx, cursor)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		err = nil
	}
	if err != nil || known {
		return at, err
	}
	if at, err = e.oldest(ctx); err != nil {
		return place{}, err
	}
	return at, e.putPlace(ctx, cursor, at)
}

// putPlace stores the place of a cursor. If the stream of cursors was deleted, it makes it again.
func (e *Engine) putPlace(ctx context.Context, cursor string, at place) error {
	err := e.cursors.put(ctx, cursor, at)
	if err == nil {
		return nil
	}
	again, madeErr := e.recreate(ctx, e.cfg.cursorsStream(e.cursors.subject))
	if again == nil || madeErr != nil {
		return multierr.Append(err, madeErr)
	}
	return e.cursors.put(ctx, cursor, at)
}

// orClosed returns err, or errClosed if the engine is closed, for then the connection is gone too.
func (e *Engine) orClosed(err error) error {
	if err != nil && e.stop.Err() != nil {
		return errClosed
	}
	return withServerError(e, err)
}

// callContext returns the context for one call of the server.
func (e *Engine) callContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(e.stop, e.cfg.Timeout)
}

// oldest returns the place before the oldest record. It finds the end first: if the stream is empty after that, the end is the place,
// whatever is appended meanwhile.
func (e *Engine) oldest(ctx context.Context) (place, error) {
	e.appending.Lock()
	err := e.appender.findEnd(ctx)
	end := place{number: e.appender.number, sequence: e.appender.sequence, created: e.created.Load()}
	e.appending.Unlock()
	if err != nil {
		return place{}, fmt.Errorf("jetstream: %w", err)
	}
	msg, err := e.records.GetMsg(ctx, 1, jetstream.WithGetMsgSubject(e.subject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return end, nil
	}
	if err != nil {
		return place{}, fmt.Errorf("jetstream: %w", err)
	}
	number, err := lastNumber(msg.Header)
	if err != nil { // of another program: Read reports it
		return place{created: end.created}, nil
	}
	tapes, err := unpack(msg.Data)
	if err != nil { // a piece: the record is the next one
		tapes = nil
	}
	return place{number: number - min(number, uint64(len(tapes))), sequence: msg.Sequence - 1, created: end.created}, nil
}

// fill gets the next message, if r holds none. The caller holds r.mu.
func (r *reader) fill() error {
	e := r.engine
	was := e.local.current()
	for verified := false; len(r.held) == 0; {
		if born := e.created.Load(); r.acked.created != born {
			r.enterStream(born)
		}
		ctx, cancel := e.callContext()
		msg, err := e.records.GetMsg(ctx, r.fetch, jetstream.WithGetMsgSubject(e.subject))
		cancel()
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			if !r.relocateIfLost() {
				return nil
			}
			continue
		case err != nil:
			return e.failed(err, was)
		}
		r.fetch = msg.Sequence + 1
		m, err := r.take(msg)
		switch {
		case err != nil:
			return fmt.Errorf("jetstream: stream %s: message %d: %w", e.cfg.Stream, msg.Sequence, err)
		case m == nil:
		case r.follows(m), verified:
			e.missed.Add(r.hold(m))
		default:
			moved, err := r.relocate(m.first > r.acked.number+1)
			if verified = !moved; err != nil {
				return e.failed(err, was)
			}
			if verified {
				e.missed.Add(r.hold(m))
			}
		}
	}
	return nil
}

// failed returns the error of a failed read. was is the server in this process with which the read began, or nil.
func (e *Engine) failed(err error, was *server.Server) error {
	if e.stop.Err() != nil {
		return errClosed
	}
	refresh(e, err)
	return restartAfter(e, fmt.Errorf("jetstream: stream %s: %w", e.cfg.Stream, withServerError(e, err)), was)
}

// Ack implements queuecore.Queue.
func (e *Engine) Ack(cursor string, number uint64) error {
	was := e.local.current()
	r, err := e.reader(cursor)
	if err != nil {
		return restartAfter(e, err, was)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	at := place{number, r.acked.sequence, r.acked.created}
	for i := range r.held {
		if r.held[i].last() <= number {
			at.sequence = r.held[i].sequence
		}
	}
	if number <= r.acked.number {
		return nil
	}
	if len(r.held) == 0 || number > r.held[len(r.held)-1].last() {
		return fmt.Errorf("jetstream: cursor %q acknowledges record %d, which it has not read", cursor, number)
	}
	ctx, cancel := e.callContext()
	defer cancel()
	err = e.putPlace(ctx, cursor, at)
	if isFull(err) && purgeRead(ctx, e, cursor, at) { // no room even for a cursor: purging makes some
		err = e.putPlace(ctx, cursor, at)
	}
	if err != nil {
		return restartAfter(e, e.orClosed(err), was)
	}
	r.acked = at
	for len(r.held) > 0 && r.held[0].last() <= number {
		r.held = r.held[1:]
	}
	if time.Since(r.purged) >= purgeEvery {
		r.purged = time.Now()
		purgeRead(ctx, e, cursor, at)
	}
	return nil
}

// Missed returns how many records the readers of this process found missing, because Config.MaxAge or somebody else removed them before
// they were delivered.
func (e *Engine) Missed() uint64 { return e.missed.Load() }
