package tape

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// A tape holds the name and the offset that a zone has at the time of the record. A layout prints no more than these. The rules of the
// zone (what its offset would be in July) are not on the tape.

// isUTC reports whether a zone prints as UTC, as the local zone of most servers does. The tape holds no zone then.
func isUTC(name string, offset int) bool { return offset == 0 && name == "UTC" }

// inZone returns t in the zone of that name and offset.
func inZone(t time.Time, name string, offset int) time.Time {
	return t.In(zones.get(name, offset))
}

// zoneCache caches the zones on tapes, so that replay allocates each only once. It is bounded, because tapes from outside may
// hold any number of zones.
type zoneCache struct {
	last atomic.Pointer[zone] // the one asked for last: nearly always the next one too

	mu    sync.Mutex // guards the field below
	known map[zoneKey]*zone
}

type zoneKey struct {
	name   string
	offset int
}

type zone struct {
	zoneKey
	loc *time.Location
}

const (
	maxZones    = 256
	maxZoneName = 64 // bytes, of a zone that is kept
)

var zones zoneCache

func (c *zoneCache) get(name string, offset int) *time.Location {
	if z := c.last.Load(); z != nil && z.offset == offset && z.name == name {
		return z.loc
	}
	return c.find(zoneKey{name, offset})
}

func (c *zoneCache) find(key zoneKey) *time.Location {
	if len(key.name) > maxZoneName {
		return time.FixedZone(printable(strings.Clone(key.name)), key.offset)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	z := c.known[key]
	if z == nil {
		key.name = strings.Clone(key.name) // the caller's aliases a tape
		z = &zone{key, time.FixedZone(printable(key.name), key.offset)}
		if c.known == nil || len(c.known) >= maxZones {
			c.known = make(map[zoneKey]*zone)
		}
		c.known[key] = z
	}
	c.last.Store(z)
	return z.loc
}

// printable returns a zone's name with a "?" for each character that must not stand as it is in a line or in a string of JSON. An encoder
// prints the names of zones as they are: one that holds a quote could forge a field.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' || r == '\\' || r == utf8.RuneError {
			return '?'
		}
		return r
	}, name)
}
