package pickle

import (
	"fmt"
	"sync"
	"time"
)

// zone is a tzinfo.
type zone struct {
	loc  *time.Location // nil if it is not known here
	name string         // that of the time zone database or of a class; "" if the offset is fixed
}

// shown returns the value of a zone.
func (z *zone) shown() Text {
	switch {
	case z.name != "":
		return NewText(Clean(z.name))
	case z.loc.String() != "":
		return NewText(z.loc.String())
	}
	return NewText("UTC" + time.Time{}.In(z.loc).Format("-07:00"))
}

// zoneOf returns args[i] as a zone; nil if there is none. An object that is none that is known keeps its name.
func zoneOf(args []any, i int) *zone {
	if i >= len(args) || args[i] == nil {
		return nil
	}
	switch v := args[i].(type) {
	case *zone:
		return v
	case *object:
		return &zone{name: v.class.module + "." + v.class.name}
	}
	return &zone{name: "tzinfo"}
}

// packed returns the fields of a datetime, date or time, n bytes.
func packed(args []any, n int) ([]byte, error) {
	b, ok := argument[[]byte](args, 0)
	if s, isText := pointed[string](args, 0); isText { // Python 2
		b, ok = []byte(s), true
	}
	if !ok || len(b) != n {
		return nil, errArguments
	}
	return b, nil
}

const fold = 0x80 // the second of two equal clock times, in the month or hour

// buildDatetime makes a time.Time of an aware datetime. A naive one names no instant: it becomes the text that Python's isoformat
// makes of it; so does one whose zone is not known here, with the zone's name behind it.
func buildDatetime(args []any) (any, error) {
	b, err := packed(args, 10)
	if err != nil {
		return nil, err
	}
	micro := int(b[7])<<16 | int(b[8])<<8 | int(b[9])
	clock := time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]&^fold), int(b[3]), int(b[4]), int(b[5]), int(b[6]), micro*1000, time.UTC)
	z := zoneOf(args, 1)
	switch {
	case z == nil:
		return NewText(isoFormat(clock, "2006-01-02T15:04:05")), nil
	case z.loc == nil:
		return NewText(isoFormat(clock, "2006-01-02T15:04:05") + "[" + Clean(z.name) + "]"), nil
	}
	return instant(clock, z.loc, b[2]&fold != 0), nil
}

// looksLikeDatetime tells whether an unknown class is called as a subclass of datetime is.
func looksLikeDatetime(args []any) bool {
	b, ok := argument[[]byte](args, 0)
	if !ok || len(b) != 10 || len(args) > 2 {
		return false
	}
	month := b[2] &^ fold
	return month >= 1 && month <= 12 && b[3] >= 1 && b[3] <= 31 && b[4] < 24 && b[5] < 60 && b[6] < 60 &&
		int(b[7])<<16|int(b[8])<<8|int(b[9]) < 1e6
}

// instant returns the time at which the clock of a place shows what clock shows in UTC: of two such the second if second is
// set. Of a clock time that is left out, that is the one by the offset before the change, or after it (PEP 495).
func instant(clock time.Time, loc *time.Location, second bool) time.Time {
	at := func(offset int) time.Time { return clock.Add(-time.Duration(offset) * time.Second).In(loc) }
	offsetAt := func(t time.Time) int { _, offset := t.In(loc).Zone(); return offset }
	near := time.Date(clock.Year(), clock.Month(), clock.Day(), clock.Hour(), clock.Minute(), clock.Second(), clock.Nanosecond(), loc)
	start, end := near.ZoneBounds()
	for _, change := range []time.Time{start, end} {
		if change.IsZero() {
			continue
		}
		before, after := offsetAt(change.Add(-time.Second)), offsetAt(change)
		first, last := min(before, after), max(before, after)
		// Between these clock times, the change leaves some out or shows them twice.
		from, to := change.Add(time.Duration(first)*time.Second), change.Add(time.Duration(last)*time.Second)
		if wall := clock; before != after && !wall.Before(from) && wall.Before(to) {
			if second {
				return at(after)
			}
			return at(before)
		}
	}
	return near
}

func isoFormat(t time.Time, layout string) string {
	if t.Nanosecond() != 0 {
		layout += ".000000"
	}
	return t.Format(layout)
}

func buildDate(args []any) (any, error) {
	b, err := packed(args, 4)
	if err != nil {
		return nil, err
	}
	return NewText(fmt.Sprintf("%04d-%02d-%02d", int(b[0])<<8|int(b[1]), b[2], b[3])), nil
}

func buildTime(args []any) (any, error) {
	b, err := packed(args, 6)
	if err != nil {
		return nil, err
	}
	micro := int(b[3])<<16 | int(b[4])<<8 | int(b[5])
	iso := isoFormat(time.Date(1, 1, 1, int(b[0]&^fold), int(b[1]), int(b[2]), micro*1000, time.UTC), "15:04:05")
	switch z := zoneOf(args, 1); {
	case z == nil:
	case z.name != "":
		iso += "[" + Clean(z.name) + "]"
	default:
		iso += time.Time{}.In(z.loc).Format("-07:00")
	}
	return NewText(iso), nil
}

// buildTimedelta makes a Duration, or of more than 292 years a text. Python brings days, seconds and microseconds into their
// ranges, whatever their signs.
func buildTimedelta(args []any) (any, error) {
	days, ok := pointed[int64](args, 0)
	seconds, ok2 := pointed[int64](args, 1)
	micro, ok3 := pointed[int64](args, 2)
	const (
		day      = 24 * time.Hour
		most     = 106751  // days in an int64 of nanoseconds
		longest  = 1 << 30 // days, which Python has too
		sensible = 1 << 40
	)
	if !ok || !ok2 || !ok3 || days > longest || days < -longest || seconds > sensible || seconds < -sensible || micro > sensible || micro < -sensible {
		return nil, errArguments
	}
	days += seconds / 86400
	rest := time.Duration(seconds%86400)*time.Second + time.Duration(micro)*time.Microsecond
	days += int64(rest / day)
	rest %= day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	if days >= most || days <= -most {
		return NewText(fmt.Sprintf("%d days, %v", days, rest)), nil
	}
	return time.Duration(days)*day + rest, nil
}

var utc = &zone{loc: time.UTC}

func buildUTC([]any) (any, error) { return utc, nil }

func buildTimezone(args []any) (any, error) {
	offset, ok := argument[time.Duration](args, 0)
	if !ok || offset <= -24*time.Hour || offset >= 24*time.Hour {
		return nil, errArguments
	}
	name, _ := pointed[string](args, 1)
	if offset == 0 && (name == "" || name == "UTC") {
		return utc, nil
	}
	return &zone{loc: time.FixedZone(Clean(name), int(offset/time.Second))}, nil
}

// buildZoneInfo finds a zone by its key.
func buildZoneInfo(args []any) (any, error) {
	key, ok := pointed[string](args, 0)
	if !ok {
		return nil, errArguments
	}
	return loadZone(key), nil
}

// buildPytz is of a name, and if it has more than one offset of that: its seconds, those of summer time, and its name.
func buildPytz(args []any) (any, error) {
	key, ok := pointed[string](args, 0)
	if !ok || len(args) == 1 {
		return buildZoneInfo(args)
	}
	offset, ok := pointed[int64](args, 1)
	name, _ := pointed[string](args, 3)
	if !ok || offset <= -86400 || offset >= 86400 {
		return &zone{name: key}, nil
	}
	return &zone{loc: time.FixedZone(Clean(name), int(offset))}, nil
}

// zones are those that have been loaded, by name. What is in the database has an end, but names that a file system does not tell
// apart have none: so there is a limit, beyond which a zone is loaded each time.
var zones struct {
	mu    sync.Mutex // guards known
	known map[string]*zone
}

const maxZones = 1000

// loadZone finds a zone in the database of this machine.
func loadZone(key string) *zone {
	if !isZoneName(key) {
		return &zone{name: key[:min(len(key), maxName)]}
	}
	zones.mu.Lock()
	z := zones.known[key]
	zones.mu.Unlock()
	if z != nil {
		return z
	}
	loc, err := time.LoadLocation(key)
	if err != nil {
		loc = nil
	}
	z = &zone{loc: loc, name: string([]byte(key))}
	zones.mu.Lock()
	defer zones.mu.Unlock()
	if zones.known == nil {
		zones.known = make(map[string]*zone)
	}
	if len(zones.known) < maxZones {
		zones.known[z.name] = z
	}
	return z
}

// isZoneName tells whether key can be the name of a zone that is the same on every machine.
func isZoneName(key string) bool {
	if key == "" || len(key) > 64 || key == "Local" || key == "localtime" || key == "posixrules" || key[0] == '/' {
		return false
	}
	for _, c := range []byte(key) {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '/' || c == '_' || c == '+' || c == '-') {
			return false
		}
	}
	return true
}

// buildStructTime is of a tuple, and of what a struct_time has besides.
func buildStructTime(args []any) (any, error) {
	if fields, ok := argument[*List](args, 0); ok {
		return fields, nil
	}
	return nil, errArguments
}
