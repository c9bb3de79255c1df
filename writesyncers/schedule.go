package writesyncers

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Schedule says when a file rolls over by time: the when, interval, utc and atTime of Python's
// TimedRotatingFileHandler. It is a pure value: its answers depend only on its fields and the time asked about.
type Schedule struct {
	// When is the unit of Interval: "S", "M", "H" or "D" for seconds, minutes, hours or days of 24 hours since the
	// last rollover; "midnight" for days of the calendar; "W0" (Monday) to "W6" for weeks that end with that day. Upper
	// and lower case are the same. Defaults to "H".
	When string

	// Interval is the number of units, weeks included. Defaults to 1.
	Interval int

	// AtTime is the time of day, "15:04:05" or "15:04", at which a day or week of the calendar ends; with another When it
	// is an error. Defaults to "": the end of the day. "00:00:00" means the same with When "midnight", but with "W0" to "W6" it is
	// the beginning of that day.
	AtTime string

	// Location is the time zone of the calendar and of the names. Defaults to nil: time.Local.
	Location *time.Location
}

// unit is the unit of a When, with its length and date layout as in Python.
type unit struct {
	length time.Duration
	layout string // of backup names
}

var units = map[string]unit{
	"S":        {time.Second, "2006-01-02_15-04-05"},
	"M":        {time.Minute, "2006-01-02_15-04"},
	"H":        {time.Hour, "2006-01-02_15"},
	"D":        {day, "2006-01-02"},
	"MIDNIGHT": {day, "2006-01-02"},
	"W":        {7 * day, "2006-01-02"},
}

const day = 24 * time.Hour

// Check returns an error that names the first field with a bad value.
func (s Schedule) Check() error {
	when := s.when()
	if _, ok := units[when]; !ok || when == "W" {
		if len(when) != 2 || when[0] != 'W' || when[1] < '0' || when[1] > '6' {
			return fmt.Errorf("writesyncers: When %q is unknown: there are S, M, H, D, midnight, and W0 (Monday) to W6", s.When)
		}
	}
	if most := 100 * 365 * day / s.unit().length; s.Interval < 0 || time.Duration(s.Interval) > most {
		return fmt.Errorf("writesyncers: Interval %d is out of range: with this When it is 1 to %d", s.Interval, most)
	}
	if _, err := s.atTime(); err != nil {
		return fmt.Errorf("writesyncers: AtTime %q: %w", s.AtTime, err)
	}
	if s.AtTime != "" && !s.calendar() {
		return fmt.Errorf("writesyncers: AtTime has an effect only with When midnight or W0 to W6, not with %q", s.when())
	}
	return nil
}

func (s Schedule) when() string {
	if s.When == "" {
		return "H"
	}
	return strings.ToUpper(s.When)
}

func (s Schedule) unit() unit {
	when := s.when()
	if when[0] == 'W' {
		return units["W"]
	}
	return units[when]
}

// calendar reports whether periods end at a time of day, and not simply so much later.
func (s Schedule) calendar() bool {
	when := s.when()
	return when == "MIDNIGHT" || when[0] == 'W'
}

func (s Schedule) length() time.Duration {
	return time.Duration(max(s.Interval, 1)) * s.unit().length
}

func (s Schedule) location() *time.Location {
	if s.Location == nil {
		return time.Local
	}
	return s.Location
}

// atTime returns the time of day as a duration since its beginning.
func (s Schedule) atTime() (time.Duration, error) {
	if s.AtTime == "" {
		return day, nil
	}
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if t, err := time.Parse(layout, s.AtTime); err == nil {
			return t.Truncate(time.Second).Sub(t.Truncate(day)), nil
		}
	}
	return 0, errors.New("is no time of day such as 15:04:05")
}

// Next returns the end of the period that t is in: Python's computeRollover. Fractions of a second do not count. Days and
// weeks of the calendar end at the same local time of day whether or not summer time begins or ends in between. If that day has no
// such time, because the clock is put forward, they end as much later. Where summer time is one hour, CPython computes
// the same since 3.13; for other changes of the clock (Lord Howe, Dublin, Apia) CPython errs.
//
// The result is meaningless if Check returns an error.
func (s Schedule) Next(t time.Time) time.Time {
	t = time.Unix(t.Unix(), 0).In(s.location())
	if !s.calendar() {
		return t.Add(s.length())
	}
	at, _ := s.atTime()
	h, m, sec := t.Clock()
	wait := at - (time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second)
	weekday := int(t.Weekday()+6) % 7 // Monday is 0
	if wait <= 0 {
		wait += day
		weekday = (weekday + 1) % 7
	}
	if when := s.when(); when[0] == 'W' {
		wait += time.Duration((int(when[1]-'0')-weekday+7)%7) * day
	}
	wait += s.length() - s.unit().length // what Interval adds
	return onTheWall(t, t.Add(wait))
}

// onTheWall corrects result, which was computed from t with days of 24 hours, for a change of the local clock in between.
func onTheWall(t, result time.Time) time.Time {
	_, before := t.Zone()
	_, after := result.Zone()
	put := time.Duration(after-before) * time.Second // the clock was put forward by
	if put <= 0 {
		return result.Add(-put)
	}
	corrected := result.Add(-put)
	if _, offset := corrected.Zone(); offset != after {
		return result // the time is left out on that day
	}
	return corrected
}

// Start returns the beginning of the period that ends at end, a result of Next: its backup is named for that time. For an H or D period
// in which the clock is changed, it may differ from Python's by that hour; the end of the period does not.
func (s Schedule) Start(end time.Time) time.Time {
	end = end.In(s.location())
	start := end.Add(-s.length())
	if s.calendar() {
		return onTheWall(end, start)
	}
	return start
}

// label returns the date in the name of a backup whose period begins at start: Python's suffix.
func (s Schedule) label(start time.Time) string {
	return start.In(s.location()).Format(s.unit().layout)
}
