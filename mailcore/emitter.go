package mailcore

import (
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap/zapcore"

	"example.com/zaphandlers/mailcore/internal/message"
	"example.com/zaphandlers/mailcore/internal/session"
	base "example.com/zaphandlers/zapcore"
)

// emitter sends mails. Besides the Handler's calls, two timers use it: one hangs up an idle connection, the other ends a window. A
// record that a window holds waits for no mail.
type emitter struct {
	subject  []byte // for a record without its own
	subjects bool   // frames contain subjects
	timeout  time.Duration
	report   *base.Reporter

	sending sync.Mutex // held while a mail is under way, and locked before mu; guards the next two
	mailer  mailer
	direct  message.Digest // content of the mail that is sent at once; empty between calls

	mu     sync.Mutex // guards the fields below
	window *window    // nil without Config.Interval
	urgent bool       // a record above Error is held
	closed bool
}

func newEmitter(cfg Config) (*emitter, error) {
	way, err := newSession(cfg)
	if err != nil {
		return nil, err
	}
	env, headers, domain, err := newEnvelope(cfg)
	if err != nil {
		return nil, err
	}
	e := &emitter{
		subject:  []byte(cfg.Subject),
		subjects: cfg.SubjectFunc != nil,
		timeout:  cfg.Timeout,
		report:   base.NewReporter("mailcore", cfg.OnError),
		mailer: mailer{
			envelope:  env,
			composer:  message.NewComposer(headers, domain, cfg.InlineBytes),
			session:   way,
			idleTime:  cfg.IdleTime,
			maxBytes:  cfg.MaxBytes,
			maxCopies: cfg.MaxCopies,
		},
	}
	e.mailer.idled = e.hangUpIdle
	if cfg.Interval > 0 {
		e.window = newWindow(cfg, e.windowEnds)
	}
	return e, nil
}

// The bounds of whole calls, in multiples of Timeout.
const (
	writeTimeouts = 12 // a Write that sends a mail, and Sync
	finalTimeouts = 2  // Close, and a record above Error; at least finalTime
)

// finalTime is the least that Close, and a record above Error, may take.
const finalTime = 5 * time.Second

func (e *emitter) finalLimit() time.Duration { return max(finalTime, finalTimeouts*e.timeout) }

// Emit implements base.Emitter.
func (e *emitter) Emit(ent zapcore.Entry, frame []byte) error {
	text, subject := e.split(frame)
	now := time.Now()
	if e.hold(now, ent, text, subject) {
		return nil
	}
	e.sending.Lock()
	defer e.sending.Unlock()
	limit := writeTimeouts * e.timeout
	if ent.Level > zapcore.ErrorLevel {
		limit = e.finalLimit()
	}
	e.mailer.session.Limit(limit)
	defer e.mailer.session.Limit(0)
	e.direct.Add(ent.Level, ent.Time, text, subject, everythingFits)
	defer e.direct.Reset()
	if err := e.mailer.mail(&e.direct); err != nil {
		return e.ifClosing(err)
	}
	e.opened(now, 1)
	return nil
}

// hold has the window hold a record, if it is open.
func (e *emitter) hold(now time.Time, ent zapcore.Entry, text, subject []byte) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.window.holds(now) {
		return false
	}
	e.window.add(now, ent.Level, ent.Time, text, subject)
	e.urgent = e.urgent || ent.Level > zapcore.ErrorLevel
	return true
}

// opened tells the window about a mail that was sent at once.
func (e *emitter) opened(now time.Time, records int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.window.open(now, records)
}

// ifClosing adds ErrClosed to an error if Close has ended the mail.
func (e *emitter) ifClosing(err error) error {
	if err == nil || session.IsFinal(err) || !e.mailer.session.Interrupted() {
		return err
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

func (e *emitter) split(frame []byte) (text, subject []byte) {
	if !e.subjects {
		return frame, e.subject
	}
	return splitSubject(frame)
}

// EmitBatch implements base.BatchEmitter: one digest, or as few as the server's limit allows.
func (e *emitter) EmitBatch(batch *base.Batch, frames *base.Frames) (n int, err error) {
	now := time.Now()
	if e.holdBatch(now, batch, frames) {
		return frames.Len(), nil
	}
	e.sending.Lock()
	defer e.sending.Unlock()
	e.mailer.session.Limit(0)
	b := batchMails{emitter: e, batch: batch, frames: frames}
	n, err = b.send()
	e.opened(now, b.delivered)
	return n, err
}

// holdBatch has the window hold the records of a batch, if it is open.
func (e *emitter) holdBatch(now time.Time, batch *base.Batch, frames *base.Frames) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.window.holds(now) {
		return false
	}
	for i := range frames.Len() {
		ent := batch.At(i).Entry()
		text, subject := e.split(frames.At(i))
		e.window.add(now, ent.Level, ent.Time, text, subject)
		e.urgent = e.urgent || ent.Level > zapcore.ErrorLevel
	}
	return true
}

// busyDelay is how long a timer waits that finds a mail under way. It does not wait for the lock, which may take minutes.
const busyDelay = 100 * time.Millisecond

// hangUpIdle ends a connection that was idle for a while. If a mail is under way then, it tries again later.
func (e *emitter) hangUpIdle() {
	if !e.sending.TryLock() {
		time.AfterFunc(busyDelay, e.hangUpIdle)
		return
	}
	defer e.sending.Unlock()
	e.mailer.session.HangUp()
}

// Sync implements base.Emitter: it sends what is held.
func (e *emitter) Sync() error {
	e.sending.Lock()
	defer e.sending.Unlock()
	e.mailer.session.Limit(e.syncLimit())
	defer e.mailer.session.Limit(0)
	lost, err := e.flushAll()
	if lost > 0 {
		return &LostError{Records: lost, Err: err}
	}
	return e.ifClosing(err)
}

// syncLimit is how long Sync may take. It is shorter if the process is about to end.
func (e *emitter) syncLimit() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.urgent {
		return writeTimeouts * e.timeout
	}
	e.urgent = false
	return e.finalLimit()
}

// Hurry implements base.Hurrier: a mail under way, even one that no caller waits for, may take as long as an urgent record.
func (e *emitter) Hurry() { e.mailer.session.Hurry(e.finalLimit()) }

// Interrupt implements base.Interrupter.
func (e *emitter) Interrupt() { e.mailer.session.Interrupt() }

// Close implements base.Emitter: it sends what is held, and hangs up.
func (e *emitter) Close() error {
	e.sending.Lock()
	defer e.sending.Unlock()
	e.mailer.session.LimitAll(e.finalLimit())
	lost, err := e.flushAll()
	e.mailer.close()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.window.pending() > 0 {
		lost += e.window.dropAll()
	}
	if lost == 0 && err == nil {
		return nil
	}
	return &LostError{Records: lost, Err: err}
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

// Notice implements base.Noticer.
func (e *emitter) Notice() error { return e.mailer.notice.take() }
