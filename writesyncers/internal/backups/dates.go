package backups

import (
	"fmt"
	"strings"
	"time"
)

// Layouts are the layouts of dates in the names of backups, as in Python's TimedRotatingFileHandler. Dates in one layout sort as the
// times do.
var Layouts = []string{"2006-01-02_15-04-05", "2006-01-02_15-04", "2006-01-02_15", "2006-01-02"}

// layoutUnits are how long a time of each layout lasts.
var layoutUnits = []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour}

// Dates says how backups that are named for a time are called.
type Dates struct {
	// Layout is the layout of the date behind the log's name and a dot: one of Layouts. Required.
	Layout string

	// Location is the time zone of the names. Defaults to nil: time.Local.
	Location *time.Location

	// Starts returns the times that a backup may be named for if it was last written at modified. It is called for files
	// whose names show no date. Defaults to nil: modified itself.
	Starts func(modified time.Time) []time.Time

	// Period returns the beginning of the period that t is in. Defaults to nil: t itself.
	Period func(t time.Time) time.Time

	// Now tells the time. Defaults to nil: the system does.
	Now func() time.Time
}

func (d *Dates) scheme(n *names) scheme { return &dated{names: n, dates: d} }

func (d *Dates) now() time.Time {
	if d.Now == nil {
		return time.Now()
	}
	return d.Now()
}

func (d *Dates) location() *time.Location {
	if d.Location == nil {
		return time.Local
	}
	return d.Location
}

func (d *Dates) label(at time.Time) string { return at.In(d.location()).Format(d.Layout) }

// date sets the fields of e that follow from its label: when its period began, and the period that today's schedule would give it. An
// earlier schedule may have named e: then today's period is the one in which e's period ends or, if e's is the longer one, begins.
func (d *Dates) date(e *entry) {
	e.period = e.label
	for i, layout := range Layouts {
		at, err := time.ParseInLocation(layout, e.label, d.location())
		if err != nil {
			continue
		}
		if at.Format(layout) != e.label { // there is no such time: the clock is put forward
			at = at.Add(forward(at, at.Add(day/2)))
		}
		if layoutUnits[i] <= time.Hour {
			at = d.repeated(at, layout, e.modified())
		}
		e.start = at
		if ahead := at.Sub(e.modified()); 0 < ahead && ahead <= zonesApart { // the label is from another time zone
			e.start, at = e.modified(), e.modified()
		} else if len(layout) >= len(d.Layout) {
			at = lastSecond(at, layout, layoutUnits[i])
		}
		if d.Period != nil {
			at = d.Period(at)
		}
		e.begins, e.period = d.truncated(at), d.label(at)
		return
	}
}

// lastSecond returns the last second of the unit that begins at at. A day on which the clock is changed is shorter or longer than
// others.
func lastSecond(at time.Time, layout string, unit time.Duration) time.Time {
	end := at.Add(unit - time.Second)
	if end = end.Add(-forward(at, end)); end.Format(layout) != at.Format(layout) {
		return at
	}
	return end
}

// forward returns by how much the local clock is put forward between two times; negative if it is put back.
func forward(from, to time.Time) time.Duration {
	_, before := from.Zone()
	_, after := to.Zone()
	return time.Duration(after-before) * time.Second
}

// zonesApart is how far the local times of two zones may be apart.
const zonesApart = 26 * time.Hour

// repeated returns which time a label means if two times have it, because the clock was put back between them: the later one, unless the
// file was last written before.
func (d *Dates) repeated(at time.Time, layout string, modified time.Time) time.Time {
	back := -forward(at.Add(-day/2), at.Add(day/2))
	if back <= 0 {
		return at
	}
	same := func(other time.Time) bool {
		return forward(at, other) != 0 && other.Format(layout) == at.Format(layout)
	}
	first, second := at, at
	if earlier := at.Add(-back); same(earlier) {
		first = earlier
	} else if later := at.Add(back); same(later) {
		second = later
	}
	if second.After(modified) {
		return first
	}
	return second
}

const day = 24 * time.Hour

// truncated returns the beginning of the second, minute, hour or day of the layout that a time is in.
func (d *Dates) truncated(at time.Time) time.Time {
	at = at.In(d.location())
	_, minute, second := at.Clock()
	switch parts := len(d.Layout); {
	case parts < len(Layouts[2]):
		return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
	case parts < len(Layouts[1]):
		at = at.Add(-time.Duration(minute) * time.Minute)
		fallthrough
	case parts < len(Layouts[0]):
		at = at.Add(-time.Duration(second) * time.Second)
	}
	return at.Add(-time.Duration(at.Nanosecond()))
}

// labelAt reads a date of one of our layouts at the beginning of s.
func labelAt(s string) (label string, ok bool) {
	for _, layout := range Layouts {
		if fits(s, layout) {
			return s[:len(layout)], true
		}
	}
	return "", false
}

// fits reports whether s begins with a date in that layout, with no digit behind it.
func fits(s, layout string) bool {
	if len(s) < len(layout) || len(s) > len(layout) && digit(s[len(layout)]) {
		return false
	}
	for k := range len(layout) {
		if digit(layout[k]) != digit(s[k]) || !digit(s[k]) && layout[k] != s[k] {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// digitRuns returns the runs of digits in the last element of a path.
func digitRuns(path string) []string {
	return strings.FieldsFunc(path[strings.LastIndexAny(path, `/\`)+1:], func(r rune) bool { return r < '0' || r > '9' })
}

// written are the ways in which people write dates: the year first or last, in two digits (y) or four (Y). Between the parts there may be
// one character that is not a digit, and a time may follow.
var written = []string{"Ymd", "dmY", "mdY", "ymd", "Ym"}

// labelsIn returns the dates that a Namer may have written into a name in any of these ways, each in all Layouts.
func labelsIn(name string) (labels []string) {
	const most = 4 // of one way, in one name
	for _, way := range written {
		for at, found := 0, 0; at < len(name) && found < most; {
			date, end := dateAt(name, at, way)
			if date.IsZero() {
				at++
				continue
			}
			at, found = end, found+1
			for _, layout := range Layouts {
				labels = append(labels, date.Format(layout))
			}
		}
	}
	return labels
}

// dateAt reads a date, written in that way, at an offset in name, and returns where it ends. It returns the zero time if there is none.
// Digits behind the date that are no time of day, such as the number of a backup, are not part of it.
func dateAt(name string, at int, way string) (date time.Time, end int) {
	value := [256]string{'d': "01", 'H': "00", 'M': "00", 'S': "00"}
	parts := way
	if len(way) == len("Ymd") {
		parts += "HMS"
	}
	for i := range len(parts) {
		from, digits := at, 2
		if i > 0 && from < len(name) && !digit(name[from]) {
			from++
		}
		if parts[i] == 'Y' {
			digits = 4
		}
		if !allDigits(name, from, digits) {
			if i < len(way) {
				return time.Time{}, 0
			}
			break
		}
		if i >= len(way) && name[from:from+digits] > latest[i-len(way)] {
			break
		}
		value[parts[i]] = name[from : from+digits]
		at = from + digits
	}
	if value['Y'] == "" {
		value['Y'] = "20" + value['y']
	}
	date, _ = time.Parse(Layouts[0], fmt.Sprintf("%s-%s-%s_%s-%s-%s", value['Y'], value['m'], value['d'], value['H'], value['M'], value['S']))
	return date, at
}

// latest are the highest hour, minute and second.
var latest = [...]string{"23", "59", "59"}

func allDigits(s string, from, n int) bool {
	if from+n > len(s) {
		return false
	}
	for _, c := range []byte(s[from : from+n]) {
		if !digit(c) {
			return false
		}
	}
	return true
}
