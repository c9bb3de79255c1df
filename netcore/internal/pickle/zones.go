package pickle

import (
	"strings"
	"sync"
	"time"
)

// The functions that make zones of the time zone database.
var (
	zoneInfo = name{"zoneinfo", "ZoneInfo._unpickle"}
	pytzZone = name{"pytz", "_p"}
)

const dateutilModule = "dateutil.tz.tz"

// zone is a tzinfo.
type zone struct {
	loc  *time.Location // nil if it is unknown here
	name string         // in the time zone database, or of the class; "" for a fixed offset
}

// shown returns the value of a zone.
func (z *zone) shown() Text {
	switch {
	case z.name != "":
		return newText(Clean(z.name))
	case z.loc.String() != "":
		return newText(z.loc.String())
	}
	return newText("UTC" + time.Time{}.In(z.loc).Format("-07:00"))
}

// zoneOf returns args[i] as a zone; nil if it is None. An unknown object is a zone with only a name.
func zoneOf(args []any, i int) *zone {
	if i >= len(args) || args[i] == nil {
		return nil
	}
	switch v := args[i].(type) {
	case *zone:
		return v
	case *object:
		if z := dateutil(v); z != nil {
			return z
		}
		return &zone{name: v.class.module + "." + v.class.name}
	}
	return &zone{name: "tzinfo"}
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

// buildPytz makes a zone of its name. A zone with several offsets has one of them as further arguments: seconds, those of summer
// time, and its name.
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

func buildPytzOffset(args []any) (any, error) {
	minutes, ok := pointed[int64](args, 0)
	if !ok || minutes <= -1440 || minutes >= 1440 {
		return nil, errArguments
	}
	return &zone{loc: time.FixedZone("", int(minutes)*60)}, nil
}

// dateutil returns the zone for an object of python-dateutil; nil if it is none, or has rules of its own.
func dateutil(o *object) *zone {
	if o.class.module != dateutilModule {
		return nil
	}
	state, _ := o.state.(*Dict)
	offset, name := "_offset", "_name"
	switch o.class.name {
	case "tzutc":
		return utc
	case "tzfile": // None, and the path
		path, _ := pointed[string](o.args, 1)
		if _, key, ok := strings.Cut(path, "zoneinfo/"); ok {
			return loadZone(key)
		}
		return nil
	case "tzlocal": // usable if the machine had no summer time
		if summer, _ := state.get("_hasdst"); summer != false {
			return nil
		}
		offset, name = "_std_offset", ""
	}
	seconds, _ := state.get(offset)
	d, ok := seconds.(time.Duration)
	if !ok || d <= -24*time.Hour || d >= 24*time.Hour {
		return nil
	}
	called, _ := state.get(name)
	text, _ := pointed[string]([]any{called}, 0)
	return &zone{loc: time.FixedZone(Clean(text), int(d/time.Second))}
}

// zones are the loaded zones, by name. The database is finite, but a file system that ignores case has many names for one zone.
// So there is a limit, beyond which a zone is loaded each time.
var zones struct {
	mu    sync.Mutex // guards known
	known map[string]*zone
}

const maxZones = 1000

// loadZone returns a zone of this machine's database.
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

// isZoneName reports whether key can be the name of a zone that is the same on every machine.
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
