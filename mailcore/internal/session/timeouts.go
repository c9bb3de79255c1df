package session

import "time"

// step is a part of the dialogue that has a time of its own.
type step int

const (
	dialling  step = iota
	greeting       // the TLS handshake, and the server's greeting: servers wait before it to see who cannot
	helloing       // EHLO, STARTTLS
	loggingIn      // each exchange of AUTH
	mailing        // MAIL and RSET
	rcpting        // RCPT
	data           // DATA
	content        // 64 KiB of the message
	ending         // the answer to the end of the message: servers scan and deliver before it
	steps
)

// stepTimes are the times of the steps in multiples of the timeout: at first, and at most after timeouts. With a timeout of 5 s, the
// latter are what RFC 5321 section 4.5.3.2 asks of a client.
var stepTimes = [steps]struct{ first, most int }{
	dialling:  {1, 6},
	greeting:  {4, 60},
	helloing:  {1, 60},
	loggingIn: {1, 60},
	mailing:   {1, 60},
	rcpting:   {1, 60},
	data:      {1, 24},
	content:   {1, 36},
	ending:    {12, 120},
}

// timeouts says how long each step may take: after a timeout, twice as long the next time, up to a bound; and less again once the
// server has answered in a quarter of it. A server that always needs a minute is thus given up once, and not once a mail.
type timeouts struct {
	unit    time.Duration
	current [steps]time.Duration // 0: the first
	longest [steps]time.Duration // that an answer has taken since the last message was delivered; 0: none came
}

// of returns how long s may take now.
func (t *timeouts) of(s step) time.Duration {
	return max(t.current[s], time.Duration(stepTimes[s].first)*t.unit)
}

// expired notes that s took longer.
func (t *timeouts) expired(s step) {
	t.current[s] = min(2*t.of(s), time.Duration(stepTimes[s].most)*t.unit)
}

// answered notes how long s has taken.
func (t *timeouts) answered(s step, took time.Duration) {
	t.longest[s] = max(t.longest[s], took, 1)
}

// delivered notes that a message was delivered.
func (t *timeouts) delivered() {
	for s, longest := range t.longest {
		if longest > 0 && longest < t.current[s]/4 {
			t.current[s] /= 2
		}
	}
	t.longest = [steps]time.Duration{}
}
