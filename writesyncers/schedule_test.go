package writesyncers

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data: %v", err)
	}
	return loc
}

func TestScheduleNext(t *testing.T) {
	const layout = "2006-01-02 15:04:05 MST"
	for _, tt := range []struct {
		name     string
		schedule Schedule
		zone     string
		at, next string
	}{
		{"an hour is the default", Schedule{}, "UTC", "2024-03-01 10:20:30 UTC", "2024-03-01 11:20:30 UTC"},
		{"seconds, times interval", Schedule{When: "s", Interval: 90}, "UTC", "2024-03-01 10:20:30 UTC", "2024-03-01 10:22:00 UTC"},
		{"minutes", Schedule{When: "M"}, "UTC", "2024-03-01 10:20:30 UTC", "2024-03-01 10:21:30 UTC"},
		{"a D is 24 hours", Schedule{When: "d"}, "Europe/Berlin", "2024-03-30 12:00:00 CET", "2024-03-31 13:00:00 CEST"},
		{"midnight", Schedule{When: "Midnight"}, "UTC", "2024-03-01 10:20:30 UTC", "2024-03-02 00:00:00 UTC"},
		{"at midnight it is the next", Schedule{When: "midnight"}, "UTC", "2024-03-01 00:00:00 UTC", "2024-03-02 00:00:00 UTC"},
		{"interval multiplies midnight", Schedule{When: "midnight", Interval: 3}, "UTC", "2024-02-28 10:00:00 UTC", "2024-03-02 00:00:00 UTC"},
		{"a time of day still to come", Schedule{When: "midnight", AtTime: "12:30:00"}, "UTC", "2024-03-01 10:00:00 UTC", "2024-03-01 12:30:00 UTC"},
		{"a time of day gone by", Schedule{When: "midnight", AtTime: "09:30"}, "UTC", "2024-03-01 10:00:00 UTC", "2024-03-02 09:30:00 UTC"},
		{"midnight keeps to the wall in spring", Schedule{When: "midnight"}, "Europe/Berlin", "2024-03-31 00:30:00 CET", "2024-04-01 00:00:00 CEST"},
		{"and in autumn", Schedule{When: "midnight"}, "Europe/Berlin", "2024-10-27 00:30:00 CEST", "2024-10-28 00:00:00 CET"},
		{"a time left out in spring", Schedule{When: "midnight", AtTime: "02:30:00"}, "Europe/Berlin", "2024-03-30 12:00:00 CET", "2024-03-31 03:30:00 CEST"},
		{"a shift of half an hour", Schedule{When: "midnight"}, "Australia/Lord_Howe", "2024-04-06 12:00:00 +11", "2024-04-07 00:00:00 +11"},
		{"the day after it", Schedule{When: "midnight"}, "Australia/Lord_Howe", "2024-04-07 00:30:00 +11", "2024-04-08 00:00:00 +1030"},
		{"winter time that is the exception", Schedule{When: "midnight"}, "Europe/Dublin", "2024-10-27 00:30:00 IST", "2024-10-28 00:00:00 GMT"},
		{"a day left out by the calendar", Schedule{When: "midnight"}, "Pacific/Apia", "2011-12-29 12:00:00 -10", "2011-12-31 00:00:00 +14"},
		{"the end of Wednesday", Schedule{When: "w2"}, "UTC", "2024-03-01 10:00:00 UTC", "2024-03-07 00:00:00 UTC"},
		{"Friday on a Friday", Schedule{When: "W4"}, "UTC", "2024-03-01 10:00:00 UTC", "2024-03-02 00:00:00 UTC"},
		{"00:00:00 is the beginning of Wednesday", Schedule{When: "W2", AtTime: "00:00:00"}, "UTC", "2024-03-01 10:00:00 UTC", "2024-03-06 00:00:00 UTC"},
		{"interval multiplies weeks", Schedule{When: "W2", Interval: 5}, "UTC", "2024-03-01 10:00:00 UTC", "2024-04-04 00:00:00 UTC"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			loc := zone(t, tt.zone)
			tt.schedule.Location = loc
			require.NoError(t, tt.schedule.Check())
			at, err := time.ParseInLocation(layout, tt.at, loc)
			require.NoError(t, err)
			next := tt.schedule.Next(at.Add(300 * time.Millisecond))
			assert.Equal(t, tt.next, next.Format(layout))
		})
	}
}

func TestScheduleStart(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	for _, tt := range []struct {
		schedule   Schedule
		end, label string
	}{
		{Schedule{When: "S", Interval: 10}, "2024-03-01 10:20:30", "2024-03-01_10-20-20"},
		{Schedule{When: "M"}, "2024-03-01 10:20:30", "2024-03-01_10-19"},
		{Schedule{When: "H"}, "2024-03-31 03:30:00", "2024-03-31_01"},
		{Schedule{When: "D"}, "2024-03-01 10:20:30", "2024-02-29"},
		{Schedule{When: "midnight"}, "2024-04-01 00:00:00", "2024-03-31"},
		{Schedule{When: "midnight"}, "2024-10-28 00:00:00", "2024-10-27"},
		{Schedule{When: "midnight", Interval: 2}, "2024-10-28 00:00:00", "2024-10-26"},
		{Schedule{When: "W6"}, "2024-04-01 00:00:00", "2024-03-25"},
	} {
		tt.schedule.Location = berlin
		end, err := time.ParseInLocation(time.DateTime, tt.end, berlin)
		require.NoError(t, err)
		assert.Equal(t, tt.label, tt.schedule.label(tt.schedule.Start(end)), "%+v", tt)
	}
}

func TestScheduleCheckNamesTheField(t *testing.T) {
	for want, s := range map[string]Schedule{
		`writesyncers: When "X" is unknown: there are S, M, H, D, midnight, and W0 (Monday) to W6`:   {When: "X"},
		`writesyncers: When "W" is unknown: there are S, M, H, D, midnight, and W0 (Monday) to W6`:   {When: "W"},
		`writesyncers: When "W7" is unknown: there are S, M, H, D, midnight, and W0 (Monday) to W6`:  {When: "W7"},
		`writesyncers: When "W12" is unknown: there are S, M, H, D, midnight, and W0 (Monday) to W6`: {When: "W12"},
		"writesyncers: Interval -1 is out of range: with this When it is 1 to 876000":                {Interval: -1},
		"writesyncers: Interval 9999999 is out of range: with this When it is 1 to 876000":           {Interval: 9999999},
		`writesyncers: AtTime has an effect only with When midnight or W0 to W6, not with "H"`:       {AtTime: "12:00"},
		`writesyncers: AtTime "25:00": is no time of day such as 15:04:05`:                           {AtTime: "25:00"},
	} {
		assert.EqualError(t, s.Check(), want)
	}
}

// A rollover is always to come, never further away than a period and the odd changes of the clock, and always on the
// second.
func FuzzScheduleNext(f *testing.F) {
	locations := make([]*time.Location, len(rolloverZones))
	for i, name := range rolloverZones {
		locations[i] = zone(f, name)
	}
	f.Add(int64(1711846800), "midnight", 1, "02:30:00", uint(1))
	f.Add(int64(0), "W3", 1, "", uint(18))
	f.Fuzz(func(t *testing.T, at int64, when string, interval int, atTime string, where uint) {
		s := Schedule{when, interval % 1000, atTime, locations[where%uint(len(locations))]}
		if s.Check() != nil || at < -1<<40 || at > 1<<40 {
			return
		}
		now := time.Unix(at, 0)
		next := s.Next(now)
		assert.True(t, next.After(now), "%v is not after %v", next, now)
		assert.LessOrEqual(t, next.Sub(now), s.length()+day+day)
		assert.Zero(t, next.Nanosecond())
		assert.True(t, s.Start(next).Before(next))
	})
}

const computeRolloverScript = `
import datetime, json, logging.handlers, os, sys, time
out = []
for c in json.load(sys.stdin):
    os.environ["TZ"] = c["zone"]
    time.tzset()
    at = datetime.time(*c["at"]) if c["at"] is not None else None
    h = logging.handlers.TimedRotatingFileHandler(os.devnull, when=c["when"], interval=c["interval"], delay=True, utc=c["utc"], atTime=at)
    out.append(h.computeRollover(c["t"]))
json.dump(out, sys.stdout)
`

type rolloverCase struct {
	Zone     string `json:"zone"`
	When     string `json:"when"`
	Interval int    `json:"interval"`
	At       []int  `json:"at"`
	UTC      bool   `json:"utc"`
	T        int64  `json:"t"`

	schedule Schedule
}

var rolloverZones = []string{
	"UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Tehran", "Asia/Kolkata",
	"Asia/Beirut", "Australia/Sydney", "Pacific/Auckland", "Africa/Cairo", "America/Santiago", "Asia/Amman", "Atlantic/Azores",
	"Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca", "Pacific/Apia", "Europe/Moscow", "Antarctica/Troll",
}

func randomRollover(t testing.TB, rng *rand.Rand) rolloverCase {
	whens := []string{"S", "M", "h", "D", "midnight", "MIDNIGHT", "midnight", "W0", "w1", "W2", "W3", "W4", "W5", "W6"}
	c := rolloverCase{
		Zone: rolloverZones[rng.IntN(len(rolloverZones))], When: whens[rng.IntN(len(whens))], Interval: 1,
		UTC: rng.IntN(8) == 0, T: rng.Int64N(2145916800),
	}
	if c.When[0] != 'W' && c.When[0] != 'w' {
		c.Interval += rng.IntN(4)
	}
	loc := zone(t, c.Zone)
	if rng.IntN(2) == 0 { // most of what can go wrong is where the clock is changed
		if _, end := time.Unix(c.T, 0).In(loc).ZoneBounds(); !end.IsZero() {
			c.T = end.Unix() + rng.Int64N(200000) - 150000
		}
	}
	if c.UTC {
		loc = time.UTC
	}
	c.schedule = Schedule{When: c.When, Interval: c.Interval, Location: loc}
	if rng.IntN(2) == 0 {
		c.At = []int{rng.IntN(24), rng.IntN(2) * 30, rng.IntN(2) * 59}
		if rng.IntN(3) == 0 {
			c.At = []int{0, 0, 0}
		}
		c.schedule.AtTime = fmt.Sprintf("%02d:%02d:%02d", c.At[0], c.At[1], c.At[2])
	}
	return c
}

// ordinary reports whether every change of the clock round these times is summer time, an hour ahead.
func ordinary(loc *time.Location, from, to time.Time) bool {
	at := from.Add(-2 * day).In(loc)
	for at.Before(to.Add(2 * day)) {
		_, end := at.ZoneBounds()
		if end.IsZero() {
			return true
		}
		before, after := end.Add(-time.Second), end
		_, was := before.Zone()
		_, is := after.Zone()
		if end.Before(to.Add(2*day)) && (before.IsDST() == after.IsDST() || after.IsDST() != (is > was) || max(is-was, was-is) != 3600) {
			return false
		}
		at = end
	}
	return true
}

func TestScheduleNextIsCPythonsComputeRollover(t *testing.T) {
	py := python(t)
	rng := rand.New(rand.NewPCG(20240301, 7))
	cases := make([]rolloverCase, 6000)
	for i := range cases {
		cases[i] = randomRollover(t, rng)
	}
	var want []int64
	py.run(t, computeRolloverScript, cases, &want)
	compared := 0
	for i, c := range cases {
		at := time.Unix(c.T, 0)
		next := c.schedule.Next(at)
		loc := c.schedule.location()
		if py.minor < 13 && c.schedule.calendar() {
			continue // before 3.13 summer time, interval and the very moment were handled otherwise
		}
		if ordinary(loc, at, next) {
			compared++
			require.Equal(t, want[i], next.Unix(), "%+v: %v, got %v", c, time.Unix(want[i], 0).In(loc), next)
			continue
		}
		wall := next.Format(time.TimeOnly)
		if _, changed := next.Add(-3 * time.Hour).ZoneBounds(); c.schedule.calendar() && !changed.IsZero() && changed.After(next) {
			wanted := c.schedule.AtTime
			if wanted == "" {
				wanted = "00:00:00"
			}
			require.Equal(t, wanted, wall, "%+v", c)
		}
	}
	t.Logf("compared %d of %d with CPython 3.%d", compared, len(cases), py.minor)
	assert.Greater(t, compared, 500)
}
