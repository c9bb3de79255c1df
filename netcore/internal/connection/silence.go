package connection

import (
	"errors"
	"time"
)

// silence measures how long the peer's system has acknowledged nothing of what was written. When the network has forgotten a
// connection, or the peer is off, our system tries for a quarter of an hour, and takes everything written meanwhile.
type silence struct {
	acknowledged uint64        // bytes, when the number last rose
	since        time.Duration // when the number last rose, or nothing was under way
	looked       time.Duration // when the system was last asked
}

const (
	// mostSilence is the limit of a silence, in multiples of Timeout. With the default Timeout it is what keep-alive probes need to find a
	// peer gone. leastSilence is the lowest limit: long enough for a lost packet to be sent again.
	mostSilence  = 150
	leastSilence = time.Second
	// leastQuiet is long enough for one packet to be sent again.
	leastQuiet = 300 * time.Millisecond
	// silenceLooks is how often the system is asked during the limit, at most: each time takes two system calls.
	silenceLooks = 64
)

var errSilent = errors.New("its system acknowledges nothing")

// exceeded reports whether the peer's system has acknowledged nothing for so long that the peer counts as gone. A peer that only
// reads slowly still acknowledges: that it has no room.
func (s *silence) exceeded(p *peek, now, most time.Duration) bool {
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

// receipt is what our system knows about what the peer's system has. The zero value knows nothing.
type receipt struct {
	unacknowledged int           // bytes
	quiet          time.Duration // since the peer's system last said anything, by the system's coarse clock
	waits          bool          // data is under way to it: its buffer is not merely full
}

// silent reports whether the peer's system has said nothing for that long, although an answer is due.
func (r receipt) silent(long time.Duration) bool {
	return r.waits && r.quiet >= max(long-long/8, leastQuiet)
}
