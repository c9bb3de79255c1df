package connection

import (
	"errors"
	"time"
)

// silence is for how long the system of a peer has acknowledged nothing of what was written to it. Where the network has forgotten a
// connection, or the peer is off, our own system tries for a quarter of an hour, and takes all that is written meanwhile.
type silence struct {
	acknowledged uint64 // bytes, when that was last seen to rise
	since        time.Duration
	looked       time.Duration
}

const (
	// mostSilence is how long that may be, in multiples of Timeout: with its default as long as keep-alive probes take to find a peer gone.
	// leastSilence is so long that a packet may get lost.
	mostSilence  = 150
	leastSilence = time.Second
	// leastQuiet is so long that one packet is sent again in it.
	leastQuiet = 300 * time.Millisecond
	// silenceLooks is how often it is looked at in that time, at most: a look costs two system calls.
	silenceLooks = 64
)

var errSilent = errors.New("its system acknowledges nothing")

// lasts tells whether the peer's system has acknowledged nothing for so long that it is taken for gone. One that is only slow to read
// acknowledges that it has no room.
func (s *silence) lasts(p *peek, now, most time.Duration) bool {
	if now-s.looked < most/silenceLooks {
		return false
	}
	s.looked = now
	acknowledged, quiet, waits := p.acknowledged()
	if !waits || acknowledged != s.acknowledged {
		s.acknowledged, s.since = acknowledged, now
	}
	if min(now-s.since, quiet) < most {
		return false
	}
	p.left = errSilent
	return true
}

// receipt is what our system knows of what the peer's system has. The zero value stands for nothing.
type receipt struct {
	unacknowledged int           // bytes
	quiet          time.Duration // since the peer's system has said anything, by its coarse clock
	waits          bool          // something is on its way to it: it has not only no room
}

// silent tells whether the peer's system has said nothing for that long, though it should have.
func (r receipt) silent(long time.Duration) bool {
	return r.waits && r.quiet >= max(long-long/8, leastQuiet)
}
