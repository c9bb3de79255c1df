package httpcore

import (
	"context"
	"net/http/httptrace"
	"sync"
	"time"
)

// deadlines are how long each step of a request may take:
//
//	── connect ──► ─── send ───► ────── answer ──────►
//	ConnectTimeout     Timeout          Timeout
//
// A batch that was not sent, or not answered, in time gives the next attempt twice as long, up to MaxTimeout: a server that needs
// that long would otherwise do the same work again and again, and store it again each time. Once it answers in Timeout that
// counts again.
type deadlines struct {
	connect     time.Duration // negative: none
	first, most time.Duration // of sending and answering; negative: none
	now         time.Duration // from first to most
	own         bool          // the transport is ours, and says when it is connected
}

// step is where one request is. Its timer ends the request when a step takes too long.
type step struct {
	ctx     context.Context
	cancel  context.CancelFunc
	began   time.Time
	patient bool

	mu      sync.Mutex // guards the fields below
	timer   *time.Timer
	timeout time.Duration // of sending and answering
	at      stepName
	late    error // set when a step took too long
}

type stepName uint8

const (
	connecting stepName = iota
	sending
	answering
	ended
)

// lateError is a step that took too long. Its text is the same each time.
type lateError struct{ what string }

func (e *lateError) Error() string { return e.what + " in time: " + context.DeadlineExceeded.Error() }

// Is makes it context.DeadlineExceeded for errors.Is, and Timeout a timeout for those who ask for one.
func (e *lateError) Is(target error) bool { return target == context.DeadlineExceeded }
func (e *lateError) Timeout() bool        { return true }
func (e *lateError) Temporary() bool      { return true }

var lateErrors = [...]error{
	connecting: &lateError{"the server did not take the connection"},
	sending:    &lateError{"the server did not take the request"},
	answering:  &lateError{"the server did not answer"},
	ended:      nil,
}

// begin returns the step that a new request is at.
func (d *deadlines) begin(closing context.Context, patient bool) *step {
	s := &step{timeout: d.first, patient: patient, began: time.Now()}
	if patient {
		s.timeout = d.now
	}
	s.ctx, s.cancel = context.WithCancel(closing)
	first := d.connect
	if !d.own && s.timeout > 0 { // the user's transport need not say when it is connected
		first = max(0, d.connect) + 2*s.timeout
	}
	if first > 0 && s.timeout > 0 {
		s.timer = time.AfterFunc(first, s.expire)
	}
	s.ctx = httptrace.WithClientTrace(s.ctx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { s.reach(sending) },
		WroteRequest: func(httptrace.WroteRequestInfo) { s.reach(answering) },
	})
	return s
}

// reach notes that a step is reached, the first time: a redirect, or an attempt that net/http makes by itself, gets no more time.
func (s *step) reach(at stepName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at <= s.at || s.late != nil {
		return
	}
	s.at = at
	if s.timeout <= 0 {
		return
	}
	if s.timer == nil {
		s.timer = time.AfterFunc(s.timeout, s.expire)
		return
	}
	s.timer.Reset(s.timeout)
}

func (s *step) expire() {
	s.mu.Lock()
	if s.at < ended {
		s.late = lateErrors[s.at]
	}
	s.mu.Unlock()
	s.cancel()
}

// expired returns which step took too long, if one did.
func (s *step) expired() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}

// end is called when the request is over.
func (s *step) end() {
	s.mu.Lock()
	s.at = ended
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.cancel()
}

// expired lets the next batch have longer.
func (d *deadlines) expired(s *step) {
	if s.patient && s.expired() != lateErrors[connecting] && d.now > 0 {
		d.now = min(max(d.first, d.most), 2*d.now)
	}
}

// answered notes how long a request took.
func (d *deadlines) answered(took time.Duration) {
	if took < d.first {
		d.now = d.first
	}
}
