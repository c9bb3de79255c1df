package request

import (
	"errors"
	"fmt"
	"net/http/httptrace"
)

// mostTries is how many times net/http may send one request. Over HTTP/2 it retries whenever a server says that it has not begun with
// the request: after GOAWAY immediately and endlessly, each time over a new connection; after REFUSED_STREAM over the same
// connection, with growing pauses.
const mostTries = 3

var errNotBegun = fmt.Errorf("the server ended the connection, or refused the request, before it began with it, %d times in a row", mostTries)

// got notes that net/http has a connection for an attempt. Kept connections that turn out to be closed do not count: a pool may have
// many of them, and net/http tries each once.
func (s *Step) got(info httptrace.GotConnInfo) {
	s.mu.Lock()
	if !info.Reused || info.Conn == s.conn {
		s.tries++
	}
	s.conn = info.Conn
	if s.payloadConn = payloadConnOf(info.Conn); s.payloadConn != nil {
		s.read = s.payloadConn.read.Load()
	}
	over := s.tries > mostTries && s.late == nil
	if over {
		s.late = errNotBegun
	}
	s.mu.Unlock()
	if over {
		s.cancel()
	}
	s.reach(sending)
}

// answered notes that an answer begins. If it is a redirect, another request follows. It runs on the goroutine that reads from the
// connection.
func (s *Step) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.tries = nil, 0
	s.unsolicited = s.payloadConn != nil && s.payloadConn.read.Load() == s.read
}

// ErrUnsolicited is the error for an answer that came before its request.
var ErrUnsolicited = errors.New("the server answers before it is asked")

// Unsolicited reports whether the answer is not for this request, because nothing was read from the connection since the request got
// it. The answer was already there, behind that to an earlier request, and the fate of this request is unknown. net/http itself
// recognises most such answers.
func (s *Step) Unsolicited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsolicited
}
