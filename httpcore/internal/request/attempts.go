package request

import (
	"errors"
	"fmt"
	"net/http/httptrace"
)

// mostTries is how many times net/http may send one request by itself. Over HTTP/2 it does so whenever a server says that it has not begun
// with the request: after GOAWAY at once and without an end, each time over a new connection; after REFUSED_STREAM over the same one, with
// a pause that grows.
const mostTries = 3

var errNotBegun = fmt.Errorf("the server ended the connection, or refused the request, before it began with it, %d times in a row", mostTries)

// got notes that there is a connection for the request, for the first attempt or for another one. Kept connections that turn out to be
// closed do not count: a pool may have many of them, and each is tried once.
func (s *Step) got(info httptrace.GotConnInfo) {
	s.mu.Lock()
	if !info.Reused || info.Conn == s.conn {
		s.tries++
	}
	s.conn = info.Conn
	if s.lender = lenderOf(info.Conn); s.lender != nil {
		s.read = s.lender.read.Load()
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

// answered notes that an answer begins: if it is a redirect, another request follows. It is called by who reads from the connection.
func (s *Step) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.tries = nil, 0
	s.unasked = s.lender != nil && s.lender.read.Load() == s.read
}

// ErrUnasked is an answer that came before the request.
var ErrUnasked = errors.New("the server answers before it is asked")

// Unasked tells whether the answer that has come is none to the request: nothing was read from the connection since that got it. So it was
// there before, behind the answer to another request, and nobody knows what becomes of this one. Most such answers net/http sees.
func (s *Step) Unasked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unasked
}
