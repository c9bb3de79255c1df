package httpcore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/httpcore/internal/request"
	base "example.com/zaphandlers/zapcore"
)

// emitter makes requests of frames. The Handler calls it for one at a time, so records arrive in the order in which they were
// accepted.
type emitter struct {
	client        *http.Client
	transport     *request.Transport // ours to close; nil if the client is the user's
	envelope      Envelope
	policy        policy
	template      http.Request    // copied for each request
	query         string          // precedes a record in the query of a GET
	target        string          // the destination in errors
	secrets       request.Secrets // hidden in errors
	maxRetryAfter time.Duration
	closing       context.Context    // done when closeGrace is over
	interrupt     context.CancelFunc // cancels closing
	grace         sync.Once          // starts closeGrace
	ending        atomic.Bool        // closeGrace has started

	maxRecords, maxRecord int // MaxBatchRecords, MaxRecordBytes

	// The fields below are guarded by the Handler's lock.
	limit    int // bytes in a body of more than one record: MaxBatchBytes, or less if the server requires it
	steps    request.Deadlines
	body     body
	answer   []byte // backs reply.Body
	reply    Answer
	keys     *keys
	ids      *ids // nil: records have no ids
	poison   poisonSearch
	delivery delivery
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
		envelope:      cfg.Envelope,
		policy:        policy{retryOn: cfg.RetryOn, splitOn: cfg.SplitOn, retries: cfg.Envelope.retries},
		maxRetryAfter: cfg.MaxRetryAfter,
		limit:         cfg.MaxBatchBytes,
		steps:         request.Deadlines{Connect: cfg.ConnectTimeout, First: cfg.Timeout, Most: cfg.MaxTimeout, Own: cfg.Client == nil},
		target:        cfg.Method + " " + request.Shown(u),
		template: http.Request{Method: cfg.Method, URL: u, Host: u.Host, Header: header,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		secrets:    request.SecretsOf(header, func(name string) bool { return plainHeaders[name] }, u),
		maxRecords: cfg.MaxBatchRecords,
		maxRecord:  cfg.MaxRecordBytes,
	}
	e.delivery.emitter, e.poison.after = e, cfg.SplitAfter
	e.body.envelope = &e.envelope
	if u.Path != "" && u.Path != "/" {
		e.envelope.path = ""
	}
	if cfg.Gzip {
		e.body.zip = request.NewZip()
	}
	if cfg.Envelope.idAt > 0 {
		e.ids = newIDs()
	}
	if cfg.Method == http.MethodGet {
		e.query = u.RawQuery
		if u.RawQuery != "" || u.ForceQuery {
			e.query += "&"
		}
	}
	e.keys = newKeys(cfg.Method != http.MethodGet && !cfg.OmitIdempotencyKey)
	e.client, e.transport = cfg.client(u.Hostname(), header, e.query)
	e.closing, e.interrupt = context.WithCancel(context.Background())
	return e, nil
}

var errRecordLarge = errors.New("httpcore: a record that is larger than Config.MaxRecordBytes")

// Emit implements base.Emitter: one record, one request.
func (e *emitter) Emit(_ zapcore.Entry, frame []byte) error {
	if e.maxRecord > 0 && len(frame) > e.maxRecord {
		return &base.RejectedError{Indexes: []int{0}, Err: errRecordLarge}
	}
	e.body.fillOne(frame, e.ids)
	err := e.send(1, e.keys.fresh(), false)
	var fault *faultError
	if errors.As(err, &fault) {
		return &base.RejectedError{Indexes: []int{0}, Err: fault.err}
	}
	return err
}

// EmitBatch implements base.BatchEmitter: as few requests as the limits allow.
func (e *emitter) EmitBatch(batch *base.Batch, frames *base.Frames) (n int, err error) {
	d := &e.delivery
	d.begin(batch, frames)
	defer d.end()
	d.run()
	return d.result()
}

// overRecordLimit reports whether the record at index i is larger than MaxRecordBytes.
func (e *emitter) overRecordLimit(frames *base.Frames, i int) bool {
	return e.maxRecord > 0 && len(frames.At(i)) > e.maxRecord
}

// fitting returns how many frames at the beginning of s go into the next request: as many as the limits allow, but at least one.
func (e *emitter) fitting(frames *base.Frames, s span) int {
	if e.envelope.OneByOne {
		return 1
	}
	around := len(e.envelope.Before) + len(e.envelope.After)
	if e.envelope.head != nil {
		around = len(e.envelope.head(e.body.own[:0], e.limit)) // the body's memory is free here
	}
	ends := frames.Ends()
	start := ends[s.from] - len(frames.At(s.from))
	n := 1
	for s.from+n < s.to && (e.maxRecords == 0 || n < e.maxRecords) && !e.overRecordLimit(frames, s.from+n) &&
		around+ends[s.from+n]-start+n*len(e.envelope.Between) <= e.limit {
		n++
	}
	return n
}

// send makes one request of the body and returns its verdict. With patient, an attempt that is not answered in time lengthens the
// timeout of the next.
func (e *emitter) send(records int, key string, patient bool) error {
	steps := e.steps.Begin(e.closing, patient)
	defer steps.End()
	req := e.template.WithContext(steps.Ctx)
	req.Header = maps.Clone(e.template.Header)
	if key != "" {
		req.Header["Idempotency-Key"] = []string{key}
	}
	if req.Method == http.MethodGet {
		u := *req.URL
		u.RawQuery, u.ForceQuery = e.query+string(e.body.bytes), false
		req.URL = &u
	} else {
		sent := e.body.attach(req)
		defer sent.Detach()
	}
	resp, err := e.do(steps, req)
	if err != nil {
		return e.failed(steps, err)
	}
	defer resp.Body.Close()
	a := e.read(resp)
	a.Records = records
	if steps.Late() == nil {
		e.steps.Answered(time.Since(steps.Began))
	}
	if a.Status != resp.StatusCode && steps.Late() != nil {
		return e.failed(steps, a.failure)
	}
	if e.envelope.Read == nil || resp.StatusCode == http.StatusSwitchingProtocols {
		return a.Err()
	}
	return e.judge(steps, a)
}

// do makes one request. If the answer that comes is unsolicited, it repeats the request once.
func (e *emitter) do(steps *request.Step, req *http.Request) (resp *http.Response, err error) {
	for again := false; ; again = true {
		err = base.Guard(func() (err error) { // Config.Client may panic
			resp, err = e.client.Do(req)
			return err
		})
		if err != nil || !steps.Unsolicited() {
			return resp, err
		}
		_ = resp.Body.Close()
		e.transport.Drop()
		if again {
			return nil, request.ErrUnsolicited
		}
		if req.GetBody != nil {
			req.Body, _ = req.GetBody() // which never fails
		}
	}
}

// judge returns the verdict of the Envelope's Read.
func (e *emitter) judge(steps *request.Step, a *Answer) error {
	if taken := e.envelope.byStatus && a.Err() == nil; a.failure != nil && !taken && (e.closing.Err() != nil || steps.Late() != nil) {
		return e.failed(steps, a.failure)
	}
	err := base.Guard(func() error { return e.envelope.Read(a) })
	if err == nil || errors.As(err, new(*faultError)) {
		return err
	}
	retry, rejected := verdictsIn(err)
	if errors.As(err, new(*base.PanicError)) {
		err = fmt.Errorf("httpcore: %s: Config.Envelope.Read: %w", e.target, err)
	}
	if retry == nil && rejected == nil {
		return &base.RetryError{After: a.After, Err: err}
	}
	return a.checked(retry, rejected, err)
}

// failed returns the error for an attempt without an answer.
func (e *emitter) failed(steps *request.Step, err error) error {
	if e.ending.Load() || e.closing.Err() != nil { // there is no other attempt, whatever the error was
		return fmt.Errorf("httpcore: %s: %w", e.target, base.ErrClosed)
	}
	if e.transport != nil {
		e.transport.Pass()
	}
	if late := steps.Late(); late != nil {
		err = late
		if e.steps.Expired(steps) && e.transport != nil { // a connection of HTTP/2 would be used again
			e.transport.Drop()
		}
	}
	return &base.RetryError{Err: fmt.Errorf("httpcore: %s: %w", e.target, e.secrets.HideIn(request.Stable(err)))}
}

// Sync implements base.Emitter. There is nothing to do: the server has everything for which Emit returned nil.
func (e *emitter) Sync() error { return nil }

// closeGrace is how long Close lets a request under way, and those waiting for it, continue. A working server answers within it, so
// that it is known whether the record arrived.
const closeGrace = time.Second

// Interrupt implements base.Interrupter.
func (e *emitter) Interrupt() {
	e.grace.Do(func() {
		e.ending.Store(true)
		time.AfterFunc(closeGrace, e.interrupt)
	})
}

// Close implements base.Emitter.
func (e *emitter) Close() error {
	e.interrupt()
	if e.transport != nil {
		e.transport.Close()
	}
	return nil
}
