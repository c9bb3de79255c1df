package sysloghandler

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTimestamp(t *testing.T) {
	zone := func(seconds int) *time.Location { return time.FixedZone("", seconds) }
	for _, test := range []struct {
		name string
		time time.Time
		want string
	}{
		{"UTC", time.Date(2003, 10, 11, 22, 14, 15, 3_000_000, time.UTC), "2003-10-11T22:14:15.003000Z"},
		{"west of UTC", time.Date(1985, 4, 12, 19, 20, 50, 520_000_000, zone(-4*3600)), "1985-04-12T19:20:50.520000-04:00"},
		{"half an hour", time.Date(2026, 1, 1, 0, 0, 0, 0, zone(19800)), "2026-01-01T00:00:00.000000+05:30"},
		{"less than an hour west", time.Date(2026, 1, 1, 0, 0, 0, 0, zone(-1800)), "2026-01-01T00:00:00.000000-00:30"},
		{"nanoseconds are cut, not rounded", time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.UTC), "2026-12-31T23:59:59.999999Z"},
		{"a zone with seconds is written as UTC", time.Date(1900, 1, 1, 0, 53, 28, 0, zone(3208)), "1900-01-01T00:00:00.000000Z"},
		{"an offset of a day is written as UTC", time.Date(2026, 1, 2, 0, 0, 0, 0, zone(86400)), "2026-01-01T00:00:00.000000Z"},
		{"the leap day", time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC), "2024-02-29T01:02:03.000004Z"},
		{"no leap day", time.Date(2100, 2, 28, 24, 0, 0, 0, time.UTC), "2100-03-01T00:00:00.000000Z"},
		{"no time", time.Time{}, "-"},
		{"before 1970", time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC), "1969-12-31T23:59:59.999999Z"},
		{"the first year", time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC), "1678-01-01T00:00:00.000000Z"},
		{"the year before", time.Date(1677, 12, 31, 0, 0, 0, 0, time.UTC), "-"},
		{"the last year", time.Date(2261, 12, 31, 23, 59, 59, 0, time.UTC), "2261-12-31T23:59:59.000000Z"},
		{"the year after", time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC), "-"},
		{"as far as a time goes", time.Unix(1<<62, 0).UTC(), "-"},
		{"and back", time.Unix(-1<<62, 0).UTC(), "-"},
		{"a year of five digits", time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "-"},
		{"a year before the first", time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), "-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.Equal(t, test.want, string(appendTimestamp(nil, test.time)))
		})
	}
}

func TestTimestampIsWhatTimeFormats(t *testing.T) {
	from, to := time.Date(1678, 1, 2, 0, 0, 0, 0, time.UTC).Unix(), time.Date(2261, 12, 30, 0, 0, 0, 0, time.UTC).Unix()
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		zone := time.FixedZone("", (random.IntN(24*60)-12*60)*60)
		at := time.Unix(from+random.Int64N(to-from), random.Int64N(1e9)).In(zone)
		require.Equal(t, at.Format("2006-01-02T15:04:05.000000Z07:00"), string(appendTimestamp(nil, at)))
	}
}

func TestARememberedSecondIsTheSameText(t *testing.T) {
	var iso, bsd timestampCache
	zones := []*time.Location{time.UTC, time.Local, time.FixedZone("", 3600), time.FixedZone("", -1800)}
	random := rand.New(rand.NewPCG(3, 4))
	for range 10_000 {
		at := time.Unix(1_700_000_000+random.Int64N(3), random.Int64N(1e9)).In(zones[random.IntN(len(zones))])
		require.Equal(t, string(appendTimestamp(nil, at)), string(iso.appendTimestamp(nil, at)))
		require.Equal(t, at.Local().Format(time.Stamp), string(bsd.appendStamp(nil, at)))
	}
	for _, at := range []time.Time{{}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		require.Equal(t, "-", string(iso.appendTimestamp(nil, at)), "what has no text is not remembered")
	}
}

// RFC 3164 has no zone and no nil value.
func TestStampIsLocal(t *testing.T) {
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	time.Local = time.FixedZone("here", -5*3600)
	for _, test := range []struct {
		name string
		time time.Time
		want string
	}{
		{"UTC", time.Date(2026, 11, 28, 18, 55, 14, 0, time.UTC), "Nov 28 13:55:14"},
		{"a zone of the record's own", time.Date(2026, 3, 1, 3, 0, 0, 0, time.FixedZone("", 9*3600)), "Feb 28 13:00:00"},
		{"before 1970", time.Unix(-1, 0), "Dec 31 18:59:59"},
		{"a far year", time.Date(12026, 1, 2, 12, 0, 0, 0, time.UTC), "Jan  2 07:00:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s timestampCache
			require.Equal(t, test.want, string(s.appendStamp(nil, test.time)))
			require.Equal(t, test.want, string(s.appendStamp(nil, test.time)), "and again")
		})
	}
	var s timestampCache
	before := time.Now().Truncate(time.Second)
	got, err := time.ParseInLocation(time.Stamp, string(s.appendStamp(nil, time.Time{})), time.Local)
	require.NoError(t, err)
	got = got.AddDate(time.Now().In(time.Local).Year(), 0, 0)
	require.False(t, got.Before(before) || got.After(time.Now()), "no time is now: %v", got)
}
