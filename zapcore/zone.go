package zapcore

import (
	"strings"
	"sync"
	"time"
)

// A tape holds a zone's name and offset at that instant. They are all that a layout can print; the rules of the zone
// (what its offset would be in July) are not on it.

// inZone returns t, which is in time.Local, in the zone of that name and offset. It is time.Local itself where that is what
// the program's own zone says, so the usual record costs no allocation and no lookup.
func inZone(t time.Time, name string, offset int) time.Time {
	if localName, localOffset := t.Zone(); localOffset == offset && localName == name {
		return t
	}
	return t.In(zones.get(name, offset))
}

// zoneCache keeps the zones that tapes named, so that replay allocates once per zone. It is bounded: what comes from outside
// may name any zone it likes.
type zoneCache struct {
	mu    sync.RWMutex // guards the field below
	known map[zone]*time.Location
}

type zone struct {
	name   string
	offset int
}

const maxZones = 256

var zones zoneCache

func (c *zoneCache) get(name string, offset int) *time.Location {
	c.mu.RLock()
	loc := c.known[zone{name, offset}]
	c.mu.RUnlock()
	if loc != nil {
		return loc
	}
	name = strings.Clone(name) // the caller's aliases a tape
	loc = time.FixedZone(name, offset)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxZones {
		c.known = make(map[zone]*time.Location)
	}
	c.known[zone{name, offset}] = loc
	return loc
}
