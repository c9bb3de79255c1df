package request

import (
	"context"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// Deadlines are how long each step of a request may take:
//
//	── connect ──► ─── send ───► ────── answer ──────►
//	ConnectTimeout     Timeout          Timeout
//
// A batch that was not sent, or not answered, in time gives the next attempt twice as long, up to MaxTimeout: a server that needs
// that long would otherwise do the same work again and again, and store it again each time. Once it answers in Timeout that
// counts again.
type Deadlines struct {
	Connect     time.Duration // negative: none
	First, Most time.Duration // of sending and answering; negative: none
	Own         bool          // the transport is ours, and says when it is connected

	now time.Duration // from First to Most; 0 is First
}

// Step is where one request is. Its timer ends the request when a step takes too long.
type Step struct {
	Ctx     context.Context // of the request
	cancel  context.CancelFunc
	Began   time.Time
	patient bool

	mu      sync.Mutex // guards the fields below
	timer   *time.Timer
	timeout time.Duration // of sending and answering
	at      stepName
	late    error    // why the request was ended: a step took too long, or there were too many attempts
	conn    net.Conn // of the last attempt
	lender  *lender  // that conn is; nil: it is another's
	read    int64    // bytes from it before the attempt
	unasked bool     // the answer was there before the request
	tries   int      // attempts that net/http has made since the last answer
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

// Begin returns the Step that a new request is at.
func (d *Deadlines) Begin(closing context.Context, patient bool) *Step {
	s := &Step{timeout: d.First, patient: patient, Began: time.Now()}
	if patient {
		s.timeout = max(d.First, d.now)
	}
	s.Ctx, s.cancel = context.WithCancel(closing)
	first := d.Connect
	if !d.Own { // the user's transport need not say when it is connected
		first = 0
		if s.timeout > 0 {
			first = max(0, d.Connect) + 2*s.timeout
		}
	}
	if first > 0 {
		s.timer = time.AfterFunc(first, s.expire)
	}
	s.Ctx = httptrace.WithClientTrace(s.Ctx, &httptrace.ClientTrace{
		GotConn:              s.got,
		WroteRequest:         func(httptrace.WroteRequestInfo) { s.reach(answering) },
		GotFirstResponseByte: s.answered,
	})
	return s
}

// reach notes that a step is reached, the first time: a redirect, or an attempt that net/http makes by itself, gets no more time.
func (s *Step) reach(at stepName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at <= s.at || s.late != nil {
		return
	}
	s.at = at
	switch {
	case s.timeout > 0 && s.timer == nil:
		s.timer = time.AfterFunc(s.timeout, s.expire)
	case s.timeout > 0:
		s.timer.Reset(s.timeout)
	case s.timer != nil:
		s.timer.Stop()
	}
}

func (s *Step) expire() {
	s.mu.Lock()
	if s.at < ended {
		s.late = lateErrors[s.at]
	}
	s.mu.Unlock()
	s.cancel()
}

// Late returns why the request was ended before its time: which step took too long, or that no server began with it.
func (s *Step) Late() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}

// End is called when the request is over.
func (s *Step) End() {
	s.mu.Lock()
	s.at = ended
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.cancel()
}

// Expired tells whether a step took too long, and then lets the next batch have longer.
func (d *Deadlines) Expired(s *Step) bool {
	late := s.Late()
	if late == nil || late == errNotBegun {
		return false
	}
	if s.patient && late != lateErrors[connecting] && d.First > 0 {
		d.now = min(max(d.First, d.Most), 2*max(d.First, d.now))
	}
	return true
}

// Batch returns how long requests of one batch may be begun: what Timeout has grown to, or 0 for ever.
func (d *Deadlines) Batch() time.Duration { return max(0, d.First, d.now) }

// Answered notes how long a request took.
func (d *Deadlines) Answered(took time.Duration) {
	if took < d.First {
		d.now = d.First
	}
}
