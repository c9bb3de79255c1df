package request

import (
	"context"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// Deadlines bound the steps of a request:
//
//	── connect ──► ─── send ───► ────── answer ──────►
//	ConnectTimeout     Timeout          Timeout
//
// A batch that was not sent or answered in time gives the next attempt twice as long, up to MaxTimeout. Otherwise a server that needs
// that long would do the same work again and again, and store it again each time. Once it answers within Timeout, that applies again.
type Deadlines struct {
	Connect     time.Duration // negative: no limit
	First, Most time.Duration // of sending and answering; negative: no limit
	Own         bool          // the transport is ours, and reports when it is connected

	now time.Duration // between First and Most; 0 is First
}

// Step is the progress of one request. Its timer ends the request when a step takes too long.
type Step struct {
	Ctx     context.Context // of the request
	cancel  context.CancelFunc
	Began   time.Time
	patient bool

	mu          sync.Mutex // guards the fields below
	timer       *time.Timer
	timeout     time.Duration // of sending, and of answering
	at          stepName
	late        error        // why the request was ended: a step took too long, or there were too many attempts
	conn        net.Conn     // of the last attempt
	payloadConn *payloadConn // conn, if it is ours; else nil
	read        int64        // bytes read from it before the attempt
	unsolicited bool         // the answer was there before the request
	tries       int          // net/http's attempts since the last answer
}

type stepName uint8

const (
	connecting stepName = iota
	sending
	answering
	ended
)

// lateError is the error for a step that took too long. Its text is the same each time.
type lateError struct{ what string }

func (e *lateError) Error() string { return e.what + " in time: " + context.DeadlineExceeded.Error() }

// Is makes it equal to context.DeadlineExceeded for errors.Is.
func (e *lateError) Is(target error) bool { return target == context.DeadlineExceeded }
func (e *lateError) Timeout() bool        { return true }
func (e *lateError) Temporary() bool      { return true }

var lateErrors = [...]error{
	connecting: &lateError{"the server did not take the connection"},
	sending:    &lateError{"the server did not take the request"},
	answering:  &lateError{"the server did not answer"},
	ended:      nil,
}

// Begin returns the Step for a new request.
func (d *Deadlines) Begin(closing context.Context, patient bool) *Step {
	s := &Step{timeout: d.First, patient: patient, Began: time.Now()}
	if patient {
		s.timeout = max(d.First, d.now)
	}
	s.Ctx, s.cancel = context.WithCancel(closing)
	first := d.Connect
	if !d.Own { // the user's transport need not report when it is connected
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

// reach notes that a step is reached for the first time. Redirects and net/http's own retries get no more time.
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

// Late returns why the request was ended early: which step took too long, or that no server began with it; nil if it was not.
func (s *Step) Late() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}

// End must be called when the request is over.
func (s *Step) End() {
	s.mu.Lock()
	s.at = ended
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.cancel()
}

// Expired reports whether a step took too long, and if so lengthens the timeout for the next batch.
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

// Batch returns how long further requests of one batch may begin: the present timeout, or 0 for no limit.
func (d *Deadlines) Batch() time.Duration { return max(0, d.First, d.now) }

// Answered notes how long a request took.
func (d *Deadlines) Answered(took time.Duration) {
	if took < d.First {
		d.now = d.First
	}
}
