package httpcore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// emitter makes requests of frames. The Handler calls it one at a time, so records arrive in the order in which they were
// accepted.
type emitter struct {
	client    *http.Client
	transport *http.Transport // ours to close; nil if the client is the user's
	envelope  Envelope
	request   http.Request // that all requests begin as copies of
	query     string       // what goes before a record in the query of a GET
	target    string       // for errors
	timeout   time.Duration
	patience  time.Duration   // MaxRetryAfter
	closing   context.Context // done when Close has waited long enough
	interrupt context.CancelFunc
	grace     sync.Once // begins when Close waits

	// Owned by the Handler's lock.
	limit  int // bytes in a body of more than one record: MaxBatchBytes, or less if the server said so
	body   body
	answer []byte // memory of reply.Body
	reply  Answer
	keys   *keys // nil: no keys are sent
}

var (
	_ base.BatchEmitter = (*emitter)(nil)
	_ base.Interrupter  = (*emitter)(nil)
)

func newEmitter(cfg *Config) (*emitter, error) {
	u, header, err := cfg.target()
	if err != nil {
		return nil, err
	}
	e := &emitter{
		envelope: cfg.Envelope,
		timeout:  cfg.Timeout,
		patience: cfg.MaxRetryAfter,
		limit:    cfg.MaxBatchBytes,
		target:   cfg.Method + " " + u.Scheme + "://" + u.Host + u.EscapedPath(),
		request: http.Request{Method: cfg.Method, URL: u, Host: u.Host, Header: header,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
	}
	e.body.envelope = &e.envelope
	if cfg.Gzip {
		e.body.zip = newZip()
	}
	if cfg.Method == http.MethodGet {
		e.query = u.RawQuery
		if u.RawQuery != "" || u.ForceQuery {
			e.query += "&"
		}
	} else if !cfg.OmitIdempotencyKey {
		e.keys = newKeys()
	}
	e.client, e.transport = cfg.client()
	e.closing, e.interrupt = context.WithCancel(context.Background())
	return e, nil
}

// Emit implements base.Emitter: one record, one request.
func (e *emitter) Emit(_ zapcore.Entry, frame []byte) error {
	e.body.fillOne(frame)
	return e.send(1, e.keys.fresh())
}

// EmitBatch implements base.BatchEmitter: as few requests as the limit allows.
//
// What follows a request that failed is not sent: it would overtake. A request that is too large for the server is halved,
// and the server's limit kept in mind.
func (e *emitter) EmitBatch(batch *base.Batch, frames *base.Frames) (n int, err error) {
	var said base.Verdicts
	began := time.Now()
	for n < frames.Len() {
		if n > 0 && e.timeout > 0 && time.Since(began) > e.timeout {
			return n, said.With(&base.RetryError{After: time.Nanosecond, Err: errSlow})
		}
		key, count := e.keys.again(batch, n)
		if count == 0 {
			count = e.fitting(frames, n)
		}
		e.body.fill(frames, n, count)
		err := e.send(count, key)
		if count > 1 && tooLarge(err) {
			e.limit = min(e.limit, len(e.body.bytes)/2)
			continue
		}
		retry, rejected := verdictsIn(err)
		switch {
		case err == nil:
		case retry != nil && len(retry.Indexes) == 0, retry == nil && rejected == nil:
			e.keys.remember(batch, n, count, key)
			return n, said.With(err)
		default:
			said.Add(n, err)
		}
		n += count
		if retry != nil {
			return n, said.With(nil)
		}
	}
	return n, said.With(nil)
}

var errSlow = errors.New("httpcore: the server was too slow for the whole batch")

// fitting returns how many frames, from the one at index from, go into the next request: as many as the limit allows, but one
// at least.
func (e *emitter) fitting(frames *base.Frames, from int) int {
	if e.envelope.OneByOne {
		return 1
	}
	around := len(e.envelope.Before) + len(e.envelope.After)
	ends := frames.Ends()
	start := ends[from] - len(frames.At(from))
	n := 1
	for from+n < len(ends) && around+ends[from+n]-start+n*len(e.envelope.Between) <= e.limit {
		n++
	}
	return n
}

// send makes one request of the body and returns its verdict.
func (e *emitter) send(records int, key string) error {
	ctx, cancel := e.deadline()
	defer cancel()
	req := e.request.WithContext(ctx)
	req.Header = maps.Clone(e.request.Header)
	if key != "" {
		req.Header["Idempotency-Key"] = []string{key}
	}
	if req.Method == http.MethodGet {
		u := *req.URL
		u.RawQuery, u.ForceQuery = e.query+string(e.body.bytes), false
		req.URL = &u
	} else {
		sent := e.body.attach(req)
		defer sent.detach()
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return e.failed(err)
	}
	defer resp.Body.Close()
	a := e.read(resp)
	a.Records = records
	if e.envelope.Read == nil {
		return a.Err()
	}
	return e.judge(a)
}

// judge asks the Envelope's Read.
func (e *emitter) judge(a *Answer) error {
	if a.failure != nil && e.closing.Err() != nil {
		return e.failed(a.failure)
	}
	err := e.envelope.Read(a)
	if retry, rejected := verdictsIn(err); err != nil && retry == nil && rejected == nil {
		return &base.RetryError{After: a.After, Err: err}
	}
	return err
}

func (e *emitter) deadline() (context.Context, context.CancelFunc) {
	if e.timeout < 0 {
		return context.WithCancel(e.closing)
	}
	return context.WithTimeout(e.closing, e.timeout)
}

// failed is an attempt that brought no answer.
func (e *emitter) failed(err error) error {
	if e.closing.Err() != nil {
		return fmt.Errorf("httpcore: %s: %w", e.target, base.ErrClosed)
	}
	return &base.RetryError{Err: fmt.Errorf("httpcore: %s: %w", e.target, withoutURL(err))}
}

// Sync implements base.Emitter. There is nothing to do: what Emit returned nil for, the server has.
func (e *emitter) Sync() error { return nil }

// closeGrace is how long a request under way, and those that wait for it, have when Close is called: a server that works
// answers within it, and nobody has to wonder whether a record arrived.
const closeGrace = time.Second

// Interrupt implements base.Interrupter.
func (e *emitter) Interrupt() {
	e.grace.Do(func() { time.AfterFunc(closeGrace, e.interrupt) })
}

// Close implements base.Emitter.
func (e *emitter) Close() error {
	e.interrupt()
	if e.transport != nil {
		e.transport.CloseIdleConnections()
	}
	return nil
}

// verdictsIn returns the errors in err that say what became of records.
func verdictsIn(err error) (retry *base.RetryError, rejected *base.RejectedError) {
	if err != nil {
		errors.As(err, &retry)
		errors.As(err, &rejected)
	}
	return retry, rejected
}

// tooLarge tells whether err is the answer 413, to which smaller requests may help.
func tooLarge(err error) bool {
	var status *StatusError
	return errors.As(err, &status) && status.Status == http.StatusRequestEntityTooLarge
}
