package session

import "time"

// step is a part of the dialogue with its own time limit.
type step int

const (
	stepDial     step = iota
	stepGreeting      // the TLS handshake, and the server's greeting, which servers delay to expose impatient clients
	stepHello         // EHLO, STARTTLS
	stepAuth          // each exchange of AUTH
	stepMail          // MAIL and RSET
	stepRcpt          // RCPT
	stepData          // DATA
	stepContent       // 64 KiB of the message
	stepAnswer        // the answer to the end of the message; servers scan and deliver before it
	steps
)

// stepTimes are the limits of the steps, in multiples of the timeout: at first, and at most after timeouts. With a timeout of 5 s,
// the latter are what RFC 5321 section 4.5.3.2 demands of a client.
var stepTimes = [steps]struct{ first, most int }{
	stepDial:     {1, 6},
	stepGreeting: {4, 60},
	stepHello:    {1, 60},
	stepAuth:     {1, 60},
	stepMail:     {1, 60},
	stepRcpt:     {1, 60},
	stepData:     {1, 24},
	stepContent:  {1, 36},
	stepAnswer:   {12, 120},
}

// timeouts holds the present limit of each step. After a timeout it is doubled for the next time, up to a maximum. It is halved again
// when the server has answered in a quarter of it. So a server that always needs a minute is given up once, and not once per mail.
type timeouts struct {
	unit    time.Duration
	current [steps]time.Duration // 0: the first limit
	longest [steps]time.Duration // the slowest answer since the last delivered message; 0: there was none
}

// of returns the present limit of s.
func (t *timeouts) of(s step) time.Duration {
	return max(t.current[s], time.Duration(stepTimes[s].first)*t.unit)
}

// expired notes that s timed out.
func (t *timeouts) expired(s step) {
	t.current[s] = min(2*t.of(s), time.Duration(stepTimes[s].most)*t.unit)
}

// answered notes how long s took.
func (t *timeouts) answered(s step, took time.Duration) {
	t.longest[s] = max(t.longest[s], took, 1)
}

// delivered notes that a message was delivered, and shortens limits.
func (t *timeouts) delivered() {
	for s, longest := range t.longest {
		if longest > 0 && longest < t.current[s]/4 {
			t.current[s] /= 2
		}
	}
	t.longest = [steps]time.Duration{}
}
