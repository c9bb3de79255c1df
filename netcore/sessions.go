package netcore

import (
	"encoding/binary"
	"errors"
	"sync"
)

// session is what a Server with Ack knows of a client: how far it has got. Two connections of one client may be open at once
// for a moment, the old one with frames still unread, so both go through the session's lock, and whichever comes first delivers.
type session struct {
	mu   sync.Mutex // guards the field below, and is held while frames are delivered
	last uint64     // the number of the last frame delivered

	used uint64 // when it was last greeted, counted in greetings; guarded by sessions.mu
}

// sessions remembers the clients that were there last.
type sessions struct {
	mu    sync.Mutex // guards the fields below
	known map[[sessionSize]byte]*session
	clock uint64
}

// maxSessions is how many clients are remembered. One that is forgotten may double what it sends again.
const maxSessions = 4096

var errHello = errors.New("a connection does not begin with a session: the client has no Ack")

// greet finds or makes the session that a client's hello names.
func (s *sessions) greet(hello []byte) (*session, uint64, error) {
	if len(hello) != helloSize || string(hello[:len(helloMagic)]) != helloMagic {
		return nil, 0, errHello
	}
	var id [sessionSize]byte
	copy(id[:], hello[len(helloMagic):])
	first := binary.BigEndian.Uint64(hello[len(helloMagic)+sessionSize:])
	if first == 0 {
		return nil, 0, errHello
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.known[id]
	if c == nil {
		s.forgetOldest()
		c = &session{last: first - 1}
		s.known[id] = c
	}
	s.clock++
	c.used = s.clock
	return c, first, nil
}

func (s *sessions) forgetOldest() {
	if s.known == nil {
		s.known = make(map[[sessionSize]byte]*session)
	}
	if len(s.known) < maxSessions {
		return
	}
	var oldest [sessionSize]byte
	var found *session
	for id, c := range s.known {
		if found == nil || c.used < found.used {
			oldest, found = id, c
		}
	}
	delete(s.known, oldest)
}
