package jetstream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
	"go.uber.org/multierr"

	"example.com/zaphandlers/queuecore"
)

// Engine is an engine of package queuecore. Its methods are safe for concurrent use, but a cursor is for one reader at a time.
type Engine struct {
	cfg          Config
	local        *localServer // the server in this process; nil: there is none
	conn         *nats.Conn
	js           jetstream.JetStream
	records      jetstream.Stream
	cursors      *cursorStore
	subject      string
	bound        int64 // of the records' stream, in bytes; 0: none
	serverErrors serverErrors

	stop    context.Context // done when Close has begun
	closing context.CancelFunc
	arrival *nats.Subscription
	missed  atomic.Uint64 // records that readers found missing
	created atomic.Int64  // when the records' stream was made, in nanoseconds of Unix time

	appending sync.Mutex // serializes Append and guards the fields below
	appender  appender

	mu      sync.Mutex // guards the fields below
	closed  bool
	readers map[string]*reader
	wake    chan struct{} // closed, and replaced, when a message may have come
}

var _ queuecore.Queue = (*Engine)(nil)

// New returns an engine on the stream that cfg names, which it makes if it is missing. An error names the field that is wrong, or comes
// from the server.
func New(cfg Config) (*Engine, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, conn: cfg.Conn, readers: make(map[string]*reader), wake: make(chan struct{})}
	e.stop, e.closing = context.WithCancel(context.Background())
	if cfg.Dir != "" {
		if e.local, err = startServer(cfg); err != nil {
			return nil, err
		}
	}
	if e.conn == nil {
		if e.conn, err = connect(cfg, e.local, &e.serverErrors); err != nil {
			return nil, multierr.Append(err, e.local.stop())
		}
	}
	if err := e.open(); err != nil {
		return nil, multierr.Append(withServerError(e, err), e.release())
	}
	return e, nil
}

// open finds or makes the streams, and finds the end of the records' stream.
func (e *Engine) open() (err error) {
	if e.js, err = jetstream.New(e.conn, jetstream.WithDefaultTimeout(e.cfg.Timeout)); err != nil {
		return fmt.Errorf("jetstream: %w", err)
	}
	e.subject = "zaphandlers." + e.cfg.Stream + ".records"
	if most := e.conn.MaxPayload(); most-headerRoom < leastMessage {
		return fmt.Errorf("jetstream: the server takes messages of %d bytes at most: its max_payload is to be %d or more", most, headerRoom+leastMessage)
	}
	ctx, cancel := context.WithTimeout(e.stop, e.cfg.Timeout)
	defer cancel()
	if e.records, err = e.stream(ctx, e.cfg.recordsStream(e.subject)); err != nil {
		return err
	}
	e.created.Store(e.records.CachedInfo().Created.UnixNano())
	e.bound = max(e.records.CachedInfo().Config.MaxBytes, 0)
	e.appender.largest = int(e.records.CachedInfo().Config.MaxMsgSize)
	subject := "zaphandlers." + e.cfg.Stream + ".cursor."
	places, err := e.stream(ctx, e.cfg.cursorsStream(subject))
	if err != nil {
		return err
	}
	e.cursors = &cursorStore{js: e.js, stream: places, subject: subject}
	e.appender.engine, e.appender.producer = e, nuid.Next()
	err = e.appender.findEnd(ctx)
	if err == nil {
		err = correctPlaces(ctx, e)
	}
	if err != nil {
		return fmt.Errorf("jetstream: stream %s: %w", e.cfg.Stream, err)
	}
	e.arrival, err = e.conn.Subscribe(e.subject, func(*nats.Msg) { e.wakeReaders() })
	return err
}

func orNoLimit(bytes int64) int64 {
	if bytes == 0 {
		return -1
	}
	return bytes
}

// leastMessage is the least room, in bytes of data, that a server must allow for a message.
const leastMessage = 4 << 10

// leastPiece is the least room, in bytes of data, that is used if somebody has bounded the messages of the stream. A stream that takes
// less refuses each message until its bound is raised.
const leastPiece = 256

// limit returns how many bytes of data a message may have. It depends on the server, which may be another one after a reconnection, and
// on the bound of the stream, into which several messages must fit, because the last one is never purged.
func (e *Engine) limit() int {
	limit := int(e.conn.MaxPayload()) - headerRoom
	if e.bound > 0 {
		limit = min(limit, int(e.bound/8))
	}
	limit = max(limit, leastMessage)
	if most := e.appender.largest; most > 0 {
		limit = min(limit, max(most-headerRoom, most/2, leastPiece))
	}
	return limit
}

// askLargest asks the server how large a message of the stream may be. The caller holds e.appending.
func (e *Engine) askLargest(ctx context.Context) error {
	info, err := e.records.Info(ctx)
	if err == nil {
		e.appender.largest = int(info.Config.MaxMsgSize)
	}
	return err
}

// stream returns the stream of that configuration, which it makes if there is none. An existing one must have the same subjects. It keeps
// its replicas, and gets the bounds of the configuration, as far as there are any.
func (e *Engine) stream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := e.js.Stream(ctx, cfg.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if s, err = e.js.CreateStream(ctx, cfg); errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // another process, just now
			s, err = e.js.Stream(ctx, cfg.Name)
		}
	}
	if errors.Is(err, nats.ErrNoResponders) {
		err = fmt.Errorf("JetStream is not enabled there, or not for this account: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("jetstream: stream %s: %w", cfg.Name, err)
	}
	have := s.CachedInfo().Config
	if !slices.Equal(have.Subjects, cfg.Subjects) {
		return nil, fmt.Errorf("jetstream: stream %s is there with the subjects %q and not %q: choose another Stream", cfg.Name, have.Subjects, cfg.Subjects)
	}
	if what := unfit(have); what != "" {
		return nil, fmt.Errorf("jetstream: stream %s is there with %s: choose another Stream", cfg.Name, what)
	}
	if have, changed := applyBounds(have, cfg, e.local != nil); changed {
		if s, err = e.js.UpdateStream(ctx, have); err != nil {
			return nil, fmt.Errorf("jetstream: stream %s: MaxBytes or MaxAge: %w", cfg.Name, err)
		}
	}
	return s, nil
}

// recreate makes a stream again if somebody has deleted it; else it returns nil.
func (e *Engine) recreate(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	_, err := e.js.Stream(ctx, cfg.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil // it is there, or what is wrong is something else
	}
	return e.stream(ctx, cfg)
}

// unfit returns the setting because of which a stream cannot be used, or "".
func unfit(have jetstream.StreamConfig) string {
	switch {
	case have.Retention == jetstream.InterestPolicy:
		return "retention interest, so that nothing stays in it without a consumer"
	case have.SubjectTransform != nil:
		return "a subject transform, so that messages lie under another subject than " + have.Subjects[0]
	case have.NoAck:
		return "no_ack, so that nobody hears whether a message is stored"
	case have.Sealed:
		return "sealed, so that it takes nothing"
	}
	return ""
}

// applyBounds sets the bounds of want in have, and returns whether that changed any. With alone, for a server in this process, it also
// removes bounds that want does not have.
func applyBounds(have, want jetstream.StreamConfig, alone bool) (_ jetstream.StreamConfig, changed bool) {
	if bytes := orNoLimit(want.MaxBytes); bytes != orNoLimit(have.MaxBytes) && (bytes > 0 || alone) {
		have.MaxBytes, changed = bytes, true
	}
	if want.MaxAge != have.MaxAge && (want.MaxAge > 0 || alone) {
		have.MaxAge, changed = want.MaxAge, true
		if want.MaxAge > 0 {
			have.Duplicates = min(have.Duplicates, want.MaxAge) // as the server wants it
		}
	}
	return have, changed
}

// Forget removes a cursor whose target is gone or renamed, in whichever process. Until then the stream keeps every record that the cursor
// has not acknowledged, and may become full. A cursor in use would start again with the oldest record. An unknown cursor is no
// error.
func (e *Engine) Forget(cursor string) error {
	if e.stop.Err() != nil {
		return errClosed
	}
	ctx, cancel := e.callContext()
	defer cancel()
	if err := e.cursors.remove(ctx, cursor); err != nil {
		return e.orClosed(err)
	}
	e.mu.Lock()
	delete(e.readers, cursor)
	e.mu.Unlock()
	purgeRead(ctx, e, "", place{})
	return nil
}

// Close implements queuecore.Queue. It ends waiting calls, and stops a server in this process. It ignores ctx, because it has nothing to
// deliver.
func (e *Engine) Close(context.Context) error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	e.closing()
	e.appending.Lock() // a running Append ends when e.stop is done
	defer e.appending.Unlock()
	return e.release()
}

func (e *Engine) release() error {
	e.closing()
	if e.arrival != nil {
		_ = e.arrival.Unsubscribe()
	}
	if e.cfg.Conn == nil && e.conn != nil {
		e.conn.Close()
	}
	return e.local.stop()
}
