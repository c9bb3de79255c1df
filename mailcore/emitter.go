package mailcore

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	base "example.com/zaphandlers/zapcore"
)

// emitter sends mails. Calls of the Handler and two timers meet in it: one hangs up an idle connection, the other ends a
// window.
type emitter struct {
	subject  []byte // of a record without one of its own
	subjects bool   // frames have subjects
	idleTime time.Duration
	maxBytes int
	report   *base.Reporter
	envelope envelope
	link     *connection

	mu       sync.Mutex // guards the fields below
	composer composer
	direct   digest  // what is sent at once; empty between calls
	window   *window // nil without Config.Interval
	idle     *time.Timer
	closed   bool

	noticeMu sync.Mutex // guards notice, for the Handler asks while another mail may be on its way
	notice   error
}

func newEmitter(cfg Config) (*emitter, error) {
	link, err := newConnection(cfg)
	if err != nil {
		return nil, err
	}
	e := &emitter{
		subject:  []byte(cfg.Subject),
		subjects: cfg.SubjectFunc != nil,
		idleTime: cfg.IdleTime,
		maxBytes: cfg.MaxBytes,
		report:   base.NewReporter("mailcore", cfg.OnError),
		link:     link,
	}
	var headers []byte
	if e.envelope, headers, err = newEnvelope(cfg); err != nil {
		return nil, err
	}
	e.composer = newComposer(headers, e.envelope.domain, cfg.InlineBytes)
	if cfg.Interval > 0 {
		e.window = &window{interval: cfg.Interval, room: cfg.HeldBytes, ends: e.windowEnds}
	}
	return e, nil
}

// Emit implements base.Emitter.
func (e *emitter) Emit(ent zapcore.Entry, frame []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	text, subject := e.split(frame)
	now := time.Now()
	if e.window.holds(now) {
		e.window.add(now, ent.Level, ent.Time, text, subject)
		return nil
	}
	e.direct.add(ent.Level, ent.Time, text, subject, everythingFits)
	defer e.direct.reset()
	if err := e.mail(&e.direct); err != nil {
		return err
	}
	e.window.open(now, 1)
	return nil
}

func (e *emitter) split(frame []byte) (text, subject []byte) {
	if !e.subjects {
		return frame, e.subject
	}
	return splitSubject(frame)
}

// EmitBatch implements base.BatchEmitter: one digest, or as few as the server's limit allows.
func (e *emitter) EmitBatch(batch *base.Batch, frames *base.Frames) (n int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	if e.window.holds(now) {
		for i := range frames.Len() {
			ent := batch.At(i).Entry()
			text, subject := e.split(frames.At(i))
			e.window.add(now, ent.Level, ent.Time, text, subject)
		}
		return frames.Len(), nil
	}
	var verdicts base.Verdicts
	delivered := 0
	defer func() { e.window.open(now, delivered) }()
	for size := frames.Len(); n < frames.Len(); {
		size = min(size, frames.Len()-n)
		err := e.mailPart(batch, frames, n, n+size)
		switch {
		case err == nil:
			n += size
			delivered += size
		case size > 1 && errors.As(err, new(*tooLargeError)):
			size = (size + 1) / 2
		case isFinal(err):
			for range size {
				verdicts.Reject(n, err)
				n++
			}
			size = frames.Len()
		default:
			return n, verdicts.With(err)
		}
	}
	return n, verdicts.With(nil)
}

func isFinal(err error) bool {
	return errors.As(err, new(*finalError)) || errors.As(err, new(*tooLargeError))
}

// mailPart sends the records of batch from i to j as one mail.
func (e *emitter) mailPart(batch *base.Batch, frames *base.Frames, i, j int) error {
	defer e.direct.reset()
	for ; i < j; i++ {
		ent := batch.At(i).Entry()
		text, subject := e.split(frames.At(i))
		e.direct.add(ent.Level, ent.Time, text, subject, everythingFits)
	}
	return e.mail(&e.direct)
}

// mail sends d as one mail.
func (e *emitter) mail(d *digest) error {
	message := e.composer.compose(d, time.Now())
	defer e.composer.release()
	if len(message) > e.maxBytes {
		return &tooLargeError{fmt.Errorf("mailcore: a mail of %d bytes, and Config.MaxBytes is %d", len(message), e.maxBytes)}
	}
	partial, err := e.link.transact(&e.envelope, message)
	if partial != nil {
		e.note(partial)
	}
	e.keepWarm()
	return err
}

// keepWarm leaves the connection open for a while.
func (e *emitter) keepWarm() {
	switch {
	case e.link.client == nil:
	case e.idleTime < 0:
		e.link.hangUp()
	case e.idle == nil:
		e.idle = time.AfterFunc(e.idleTime, e.idled)
	default:
		e.idle.Reset(e.idleTime)
	}
}

// idled hangs up. If a mail was on its way when the time came, the next one finds no connection, which is no harm.
func (e *emitter) idled() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.link.hangUp()
	}
}

// windowEnds sends what the window holds. It is the window's timer, so nobody waits for what it has to say.
func (e *emitter) windowEnds() {
	e.mu.Lock()
	if e.closed || e.window.held.records == 0 || time.Now().Before(e.window.until) {
		e.mu.Unlock()
		return
	}
	lost, err := e.flush()
	e.mu.Unlock()
	if err == nil {
		err = e.Notice()
	}
	if err != nil {
		e.report.Failed(err, int(lost))
		return
	}
	e.report.Recovered()
}

// flush sends what the window holds. If that fails, lost is how many records are given up; the others stay held.
func (e *emitter) flush() (lost uint64, err error) {
	w := e.window
	if w == nil || w.held.records == 0 {
		return 0, nil
	}
	err = e.mail(&w.held)
	if errors.As(err, new(*tooLargeError)) && w.held.unkept < w.held.records {
		w.held.countOnly()
		err = e.mail(&w.held)
	}
	switch {
	case err == nil:
		w.sent(time.Now())
	case isFinal(err):
		lost = w.drop()
	default:
		w.failed(time.Now())
	}
	return lost, err
}

// Sync implements base.Emitter: it sends what is held.
func (e *emitter) Sync() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	lost, err := e.flush()
	if lost > 0 {
		return &LostError{Records: lost, Err: err}
	}
	return err
}

// Interrupt implements base.Interrupter.
func (e *emitter) Interrupt() { e.link.interrupt() }

// Close implements base.Emitter: it sends what is held, and hangs up.
func (e *emitter) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.link.limitTo(max(closeWithin, e.link.timeout))
	lost, err := e.flush()
	e.closed = true
	e.link.hangUp()
	if e.idle != nil {
		e.idle.Stop()
	}
	if err == nil {
		return nil
	}
	return &LostError{Records: lost + e.window.drop(), Err: err}
}

// Account implements base.Accountant.
func (e *emitter) Account() (delivered, dropped uint64, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.window == nil {
		return 0, 0, false
	}
	return e.window.delivered, e.window.dropped, true
}

func (e *emitter) note(err error) {
	e.noticeMu.Lock()
	defer e.noticeMu.Unlock()
	e.notice = err
}

// Notice implements base.Noticer.
func (e *emitter) Notice() error {
	e.noticeMu.Lock()
	defer e.noticeMu.Unlock()
	err := e.notice
	e.notice = nil
	return err
}
