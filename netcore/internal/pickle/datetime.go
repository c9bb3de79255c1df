package pickle

import (
	"fmt"
	"strings"
	"time"
)

// packed returns the n bytes that hold the fields of a datetime, date or time.
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

const fold = 0x80 // marks the second of two equal local times, in the byte of the month or hour

// buildDatetime makes a time.Time of an aware datetime. A naive one is no instant: it becomes the text of Python's isoformat. So does
// one whose zone is unknown here, with the zone's name behind it.
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
		return newText(isoFormat(clock, "2006-01-02T15:04:05")), nil
	case z.loc == nil:
		return newText(isoFormat(clock, "2006-01-02T15:04:05") + "[" + Clean(z.name) + "]"), nil
	}
	return instant(clock, z.loc, b[2]&fold != 0), nil
}

// looksLikeDatetime reports whether an unknown class is called like a subclass of datetime.
func looksLikeDatetime(args []any) bool {
	b, ok := argument[[]byte](args, 0)
	if !ok || len(b) != 10 || len(args) > 2 {
		return false
	}
	month := b[2] &^ fold
	return month >= 1 && month <= 12 && b[3] >= 1 && b[3] <= 31 && b[4] < 24 && b[5] < 60 && b[6] < 60 &&
		int(b[7])<<16|int(b[8])<<8|int(b[9]) < 1e6
}

// looksLikeDate reports whether an unknown class of that name is called like a subclass of date. Other values have four bytes too,
// but hardly ever those of a day in these centuries.
func looksLikeDate(class string, args []any) bool {
	b, ok := argument[[]byte](args, 0)
	if !ok || len(args) != 1 || len(b) != 4 || b[2] < 1 || b[2] > 12 || b[3] < 1 || b[3] > 31 {
		return false
	}
	year := int(b[0])<<8 | int(b[1])
	return year >= 1900 && year < 2200 || year >= 1 && year <= 9999 && strings.Contains(strings.ToLower(class), "date")
}

// looksLikeTime reports whether an unknown class of that name is called like a subclass of time.
func looksLikeTime(class string, args []any) bool {
	b, ok := argument[[]byte](args, 0)
	return ok && len(args) <= 2 && len(b) == 6 && strings.Contains(strings.ToLower(class), "time") &&
		b[0]&^fold < 24 && b[1] < 60 && b[2] < 60 && int(b[3])<<16|int(b[4])<<8|int(b[5]) < 1e6
}

// instant returns the time at which local clocks in loc show what clock shows in UTC. If they show it twice, second selects the second
// time. If they skip it, the offset before the change counts, or with second the one after it (PEP 495).
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
		// The change skips or repeats the local times between from and to.
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
	return newText(fmt.Sprintf("%04d-%02d-%02d", int(b[0])<<8|int(b[1]), b[2], b[3])), nil
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
	return newText(iso), nil
}

// buildTimedelta makes a Duration, or a text if it is more than 292 years. Days, seconds and microseconds may have any sign and size;
// they are normalised as in Python.
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
		return newText(fmt.Sprintf("%d days, %v", days, rest)), nil
	}
	return time.Duration(days)*day + rest, nil
}

// buildStructTime makes a list of the tuple in the first argument, and ignores the struct_time's further attributes.
func buildStructTime(args []any) (any, error) {
	if fields, ok := argument[*List](args, 0); ok {
		return fields, nil
	}
	return nil, errArguments
}
