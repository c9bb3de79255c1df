package session

import (
	"encoding/binary"
	"errors"
	"sync"
)

// Session is what a Server with Ack knows about a client: how far it has got. A client may have two connections open for a moment,
// the old one with unread frames. So both use the session's lock, and whichever comes first delivers.
type Session struct {
	mu   sync.Mutex // guards the field below, and is held while frames are delivered
	last uint64     // number of the last frame delivered

	used uint64 // Registry.clock when it was last greeted or left; guarded by Registry.mu
	open int    // connections; guarded by Registry.mu
}

// Lock must be held from before frames are delivered until they are acknowledged, so that two connections of one client take turns.
func (s *Session) Lock() { s.mu.Lock() }

// Unlock releases the lock.
func (s *Session) Unlock() { s.mu.Unlock() }

// Last returns the number of the last frame that was delivered. The lock must be held.
func (s *Session) Last() uint64 { return s.last }

// Reached notes that everything up to sequence was delivered. The lock must be held.
func (s *Session) Reached(sequence uint64) { s.last = max(s.last, sequence) }

// Registry remembers the sessions that were used last. The zero value is empty. It is safe for concurrent use.
type Registry struct {
	mu    sync.Mutex // guards the fields below
	known map[[sessionSize]byte]*Session
	clock uint64 // counts greetings and leavings
}

// maxSessions is how many sessions are remembered, not counting connected ones. A forgotten client may cause duplicates when it sends
// again.
const maxSessions = 4096

var errHello = errors.New("a connection does not begin with a session: the client has no Ack")

// IsHello reports whether the first frame on a connection is the hello of a client with Ack, and not a record or text.
func IsHello(frame []byte) bool {
	const most = 1 << 48 // frames of one session
	return len(frame) == HelloSize && string(frame[:len(helloMagic)]) == helloMagic &&
		binary.BigEndian.Uint64(frame[len(helloMagic)+sessionSize:]) < most
}

// Greet finds or creates the session that a client's hello names, and returns the number of the first frame that the client holds.
// Leave must be called when the connection ends.
func (r *Registry) Greet(hello []byte) (*Session, uint64, error) {
	if len(hello) != HelloSize || string(hello[:len(helloMagic)]) != helloMagic {
		return nil, 0, errHello
	}
	var id [sessionSize]byte
	copy(id[:], hello[len(helloMagic):])
	first := binary.BigEndian.Uint64(hello[len(helloMagic)+sessionSize:])
	if first == 0 {
		return nil, 0, errHello
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.known[id]
	if c == nil {
		r.forgetOldest()
		c = &Session{last: first - 1}
		r.known[id] = c
	}
	r.clock++
	c.used = r.clock
	c.open++
	return c, first, nil
}

// Leave notes that a connection of c has ended.
func (r *Registry) Leave(c *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clock++
	c.used = r.clock
	c.open--
}

// forgetOldest makes room for another session.
func (r *Registry) forgetOldest() {
	if r.known == nil {
		r.known = make(map[[sessionSize]byte]*Session)
	}
	if len(r.known) < maxSessions {
		return
	}
	var oldest [sessionSize]byte
	var found *Session
	for id, c := range r.known {
		if c.open == 0 && (found == nil || c.used < found.used) {
			oldest, found = id, c
		}
	}
	if found != nil {
		delete(r.known, oldest)
	}
}
