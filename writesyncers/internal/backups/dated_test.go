package backups

import (
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDatedNames(t *testing.T) {
	set, err := New(Config{Path: filepath.FromSlash("/logs/app.log"), Dated: daily()})
	require.NoError(t, err)
	for _, tt := range []struct {
		name  string
		label string
		n     int
		ours  bool
	}{
		{"app.log.2024-03-01", "2024-03-01", 0, true},
		{"app.log.2024-03-01.2", "2024-03-01", 2, true},
		{"app.log.2024-03-01.10", "2024-03-01", 10, true},
		{"app.log.2024-13-99", "2024-13-99", 0, true},
		{"app.log.2024-03-01_10", "2024-03-01_10", 0, true},
		{"app.log.2024-03-01_10-11-12.3", "2024-03-01_10-11-12", 3, true},
		{"app.log.2024-03-01.02", "", 0, false},
		{"app.log.2024-03-01.0", "", 0, false},
		{"app.log.2024-03-01.", "", 0, false},
		{"app.log.2024-03-01.+1", "", 0, false},
		{"app.log.2024-03-01_1", "", 0, false},
		{"app.log.2024-03-011", "", 0, false},
		{"app.log.2024-03-01.2.gz", "", 0, false},
		{"app.log.1", "", 0, false},
		{"app.log.", "", 0, false},
		{"other.2024-03-01", "", 0, false},
	} {
		label, n, ours := set.scheme.(*dated).parse(found{path: filepath.FromSlash("/logs/" + tt.name)})
		assert.Equal(t, tt.ours, ours, tt.name)
		assert.Equal(t, tt.label, label, tt.name)
		assert.Equal(t, tt.n, n, tt.name)
	}
}

func TestDatedPlaces(t *testing.T) {
	b := newFixture(t, Config{Count: 3, Dated: daily()})
	assert.Equal(t, "app.log.2024-03-01", b.roll("1", date("2024-03-01")))
	assert.Equal(t, "app.log.2024-03-01.1", b.roll("2", date("2024-03-01")))
	assert.Equal(t, "app.log.2024-03-01.2.gz", b.rollAs("3", true, date("2024-03-01")))
	assert.Equal(t, "app.log.2024-03-02", b.roll("4", date("2024-03-02")))
	assert.Equal(t, []string{"app.log.2024-03-02", "app.log.2024-03-01.2.gz", "app.log.2024-03-01.1"}, b.listed())
	assert.Equal(t, "app.log.2024-03-01.3", b.roll("5", date("2024-03-01")), "after those that the day has, not in the gap")
}

// Another When, another Namer, Compress off: what was ours is ours.
func TestDatedBackupsOfOtherSettings(t *testing.T) {
	b := newFixture(t, Config{Dated: &Dates{Layout: "2006-01-02_15", Location: time.UTC}, Compress: true})
	b.roll("1", date("2024-03-01_10"))
	b.rollAs("2", true, date("2024-03-01_11"))
	b.again(Config{Count: 4, Dated: daily()})
	b.roll("3", date("2024-03-02"))
	b.again(Config{Count: 4, Dated: daily(), Namer: func(name string) string {
		dir, file := filepath.Split(name)
		return dir + "app-" + strings.ReplaceAll(strings.TrimPrefix(file, "app.log."), "-", "") + ".log"
	}})
	assert.Equal(t, "app-20240303.log", b.roll("4", date("2024-03-03")))
	assert.Equal(t, []string{"app-20240303.log", "app.log.2024-03-02", "app.log.2024-03-01_11.gz", "app.log.2024-03-01_10"}, b.listed())
	b.roll("5", date("2024-03-04"))
	b.roll("6", date("2024-03-05"))
	assert.Equal(t, []string{"app-20240305.log", "app-20240304.log", "app-20240303.log", "app.log.2024-03-02"}, b.listed())
}

// The schedule is another now: what it rolls out is newer than what there is, whichever of the two names is the later one.
func TestTheNewestOfTwoSchedules(t *testing.T) {
	second, hourly := &Dates{Layout: Layouts[0], Location: time.UTC}, &Dates{Layout: Layouts[2], Location: time.UTC}
	weekly := &Dates{Layout: Layouts[3], Location: time.UTC, Period: func(t time.Time) time.Time { // from Monday to Sunday
		return t.UTC().Truncate(24*time.Hour).AddDate(0, 0, -(int(t.UTC().Weekday())+6)%7)
	}}
	for name, tt := range map[string]struct {
		before, after Dated
		old           []string
		new           []string
	}{
		"hours to days":   {hourly, daily(), []string{"2024-03-06_10", "2024-03-06_11", "2024-03-06_12"}, []string{"2024-03-06", "2024-03-06", "2024-03-07"}},
		"seconds to days": {second, daily(), []string{"2024-03-06_10-00-00", "2024-03-06_10-00-01"}, []string{"2024-03-06"}},
		"days to hours":   {daily(), hourly, []string{"2024-03-05", "2024-03-06"}, []string{"2024-03-06_10", "2024-03-06_11"}},
		"days to weeks":   {daily(), weekly, []string{"2024-03-05", "2024-03-06", "2024-03-07"}, []string{"2024-03-04", "2024-03-04", "2024-03-11"}},
		"weeks to days":   {weekly, daily(), []string{"2024-02-26", "2024-03-04"}, []string{"2024-03-10", "2024-03-11"}},
		"hours to weeks":  {hourly, weekly, []string{"2024-03-10_22", "2024-03-10_23"}, []string{"2024-03-04", "2024-03-11"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t, Config{Count: 9, Dated: tt.before})
			for i, label := range tt.old {
				b.roll(fmt.Sprint("old ", i), date(label))
			}
			b.again(Config{Count: 2, Dated: tt.after})
			var texts []string
			for i, label := range tt.new {
				texts = append(texts, fmt.Sprint("new ", i))
				b.roll(texts[i], date(label))
				assert.Equal(t, texts[i], b.tree()[b.listed()[0]])
			}
			texts = append([]string{fmt.Sprint("old ", len(tt.old)-1)}, texts...)
			for i, name := range b.listed() {
				assert.Equal(t, texts[len(texts)-1-i], b.tree()[name])
			}
		})
	}
}

// A clock that was ahead, for whatever reason, was put back: what is rolled out now stays, and not what bears a date to come.
func TestBackupsOfATimeToCome(t *testing.T) {
	now := date("2099-01-01")
	dates := daily()
	dates.Now = func() time.Time { return now }
	b := newFixture(t, Config{Count: 2, Dated: dates})
	b.roll("1", date("2098-12-29"))
	b.roll("2", date("2098-12-30"))
	now = date("2024-03-02")
	b.roll("3", date("2024-03-01"))
	assert.Equal(t, map[string]string{"app.log.2024-03-01": "3", "app.log.2098-12-30": "2"}, b.tree())
	b.roll("4", date("2024-03-01"))
	assert.Equal(t, map[string]string{"app.log.2024-03-01": "3", "app.log.2024-03-01.1": "4"}, b.tree())

	for _, put := range []time.Duration{time.Hour, 365 * 24 * time.Hour} {
		for _, restart := range []bool{false, true} {
			b = newFixture(t, Config{MaxTotalBytes: 3})
			for i := range 3 {
				name := b.path(b.roll(fmt.Sprint(i)))
				ahead := time.Now().Add(put + time.Duration(i)*time.Minute)
				require.NoError(t, os.Chtimes(name, ahead, ahead))
			}
			if restart {
				b.again(Config{MaxTotalBytes: 3})
			}
			b.roll("3")
			b.roll("4")
			assert.Equal(t, map[string]string{"app.log.3": "2", "app.log.4": "3", "app.log.5": "4"}, b.tree(), "by %v", put)
			assert.Equal(t, []string{"app.log.5", "app.log.4", "app.log.3"}, b.listed())
		}
	}
}

// Backups from a time with a Count are the newest first, and older than what was numbered upwards since.
func TestBackupsOfATimeWithACount(t *testing.T) {
	b := newFixture(t, Config{Count: 3})
	for i := range 3 {
		name := b.roll(fmt.Sprint(i))
		b.age(name, time.Duration(9-i)*time.Hour)
	}
	for i := range 4 {
		b.again(Config{Count: -1})
		b.age(b.roll(fmt.Sprint(3+i)), time.Duration(5-i)*time.Hour)
	}
	b.again(Config{Count: -1})
	assert.Equal(t, []string{"app.log.7", "app.log.6", "app.log.5", "app.log.4", "app.log.1", "app.log.2", "app.log.3"}, b.listed())
}

func TestDatedForeignThings(t *testing.T) {
	b := newFixture(t, Config{Count: 1, Dated: daily()})
	require.NoError(t, os.Mkdir(b.path("app.log.2024-03-01"), 0o700))
	b.putGzip("app.log.2024-01-01.gz", "by gzip(1)", gzip.Header{Name: "app.log.2024-01-01", OS: 3})
	b.put("app.log.2024-01-02.gz", "no gzip")
	b.put("app.log.2024-01-03.bak", "another name")
	assert.Equal(t, "app.log.2024-03-01.1", b.roll("1", date("2024-03-01")))
	b.roll("2", date("2024-03-02"))
	assert.Equal(t, []string{"app.log.2024-03-02"}, b.listed())
	assert.Len(t, b.tree(), 5)
}

// Dates written in any of the usual ways are found in names, and the Namer is asked whether it writes them so.
func TestDatesThatNamersWrite(t *testing.T) {
	at := date("2024-03-09_10-11-12")
	for _, layout := range []string{
		"app-20060102.log", "app.2006.01.02", "02.01.2006-app", "app_01-02-2006.txt", "app-060102", "app-2006-01.log", "app-Mon.log",
		"January/app.02.log", "app.log-2006/01-02", "20060102T150405Z.log", "archive/old.log", "app-2006-01-02_15.log",
	} {
		t.Run(layout, func(t *testing.T) {
			b := newFixture(t, Config{Count: 3, Dated: daily()})
			for _, dir := range []string{"January", "March", "app.log-2024", "archive", at.Format("January")} {
				require.NoError(t, os.MkdirAll(b.path(dir), 0o700))
			}
			b.again(Config{Count: 3, Moves: true, Dated: daily(), Namer: func(name string) string {
				day, err := time.Parse("2006-01-02", strings.TrimPrefix(name, b.path("app.log."))[:10])
				if err != nil {
					return name
				}
				return b.path(day.Format(layout)) // the number, if there is one, is forgotten
			}})
			inTime(t, func() {
				for i := range 6 {
					name := b.path(b.roll(fmt.Sprint(i), at))
					require.NoError(t, os.Chtimes(name, at.Add(time.Duration(i)*time.Minute), at.Add(time.Duration(i)*time.Minute)))
				}
			})
			require.NoError(t, b.set.Retain(time.Now()))
			var texts []string
			for _, name := range b.listed() {
				texts = append(texts, b.tree()[name])
			}
			assert.Equal(t, []string{"5", "4", "3"}, texts, "%v", b.tree())
		})
	}
}

// What stands beside a date need not be a part of it: the number of a backup is no hour, and that of a port no year.
func TestNumbersBesideTheDatesThatNamersWrite(t *testing.T) {
	const backups = 70
	at := date("2024-03-09_10-11-12")
	for layout, prefix := range map[string]string{Layouts[0]: "app-8080-", Layouts[1]: "app_", Layouts[3]: "app_"} {
		t.Run(prefix+layout, func(t *testing.T) {
			b := newFixture(t, Config{})
			b.again(Config{Dated: &Dates{Layout: layout, Location: time.UTC}, Namer: func(name string) string {
				return b.path(prefix + strings.ReplaceAll(strings.TrimPrefix(name, b.path("app.log.")), "-", "") + ".log")
			}})
			for i := range backups {
				name := b.path(b.roll(fmt.Sprint(i), at))
				require.NoError(t, os.Chtimes(name, at.AddDate(0, 0, 5), at.AddDate(0, 0, 5))) // of which there is no label
			}
			listed, tree := b.listed(), b.tree()
			require.Len(t, listed, backups)
			for i, name := range listed {
				assert.Equal(t, fmt.Sprint(backups-1-i), tree[name])
			}
		})
	}
}

// One name for every backup, or several: a loop never waits for the Namer to say something new.
func TestDatedNamersOfAllKinds(t *testing.T) {
	calls := 0
	for kind, namer := range map[string]func(string) string{
		"one name":          func(name string) string { return filepath.Join(filepath.Dir(name), "old.log") },
		"what is taken":     func(name string) string { return filepath.Join(filepath.Dir(name), "taken") },
		"another each time": func(name string) string { calls++; return fmt.Sprintf("%s-%d", name, calls) },
		"panic":             func(string) string { panic("no name today") },
		"empty":             func(string) string { return "" },
		"a directory":       func(name string) string { return filepath.Dir(name) },
	} {
		t.Run(kind, func(t *testing.T) {
			good := true
			b := newFixture(t, Config{Dated: daily(), Namer: func(name string) string {
				if good {
					return name
				}
				return namer(name)
			}})
			b.put("taken", "foreign")
			good = false
			inTime(t, func() {
				for i := range 6 {
					b.roll(fmt.Sprintf("record %d", i), date("2024-03-01").AddDate(0, 0, i/2))
				}
			})
			texts := map[string]bool{}
			for _, text := range b.tree() {
				texts[text] = true
			}
			for i := range 6 {
				assert.True(t, texts[fmt.Sprintf("record %d", i)], "record %d of %v", i, b.tree())
			}
			assert.Equal(t, kind == "panic" || kind == "empty" || kind == "a directory", len(b.told) == 6, "%v", b.told)
		})
	}
}

// Directories of days, weeks, months and years past are found again by the next start, on whatever day that is.
func TestDirectoriesOfThePast(t *testing.T) {
	for _, layout := range []string{"2006-01-02", "week", "2006/01", "2006"} {
		for _, today := range []string{"2026-11-28", "2026-11-29", "2026-11-30", "2026-03-01", "2026-01-01", "2024-12-31", "2024-02-29"} {
			now := date(today)
			b := newFixture(t, Config{Dated: daily()})
			dirOf := func(at time.Time) string {
				if layout == "week" {
					year, week := at.ISOWeek()
					return b.path(fmt.Sprintf("%d-%02d", year, week))
				}
				return b.path(at.Format(layout))
			}
			namer := func(name string) string {
				label := strings.TrimPrefix(name, b.path("app.log."))
				at, err := time.Parse("2006-01-02", label[:10])
				if err != nil {
					return name
				}
				return filepath.Join(dirOf(at), "app-"+label)
			}
			require.NoError(t, os.MkdirAll(dirOf(time.Now().UTC()), 0o700))
			var wanted []string
			for _, days := range []int{1, 10, 31, 60, 190, 380} {
				at := now.AddDate(0, 0, -days)
				require.NoError(t, os.MkdirAll(dirOf(at), 0o700))
				name := filepath.Join(dirOf(at), "app-"+at.Format("2006-01-02"))
				require.NoError(t, os.WriteFile(name, []byte("a record\n"), 0o600))
				name, err := filepath.Rel(b.dir, name)
				require.NoError(t, err)
				wanted = append(wanted, filepath.ToSlash(name))
			}
			b.again(Config{Dated: daily(), Namer: namer})
			dates := b.set.scheme.(*dated)
			dates.known = dates.known[:1] // what was found of the day on which the test runs is forgotten
			dates.rememberPast(now)
			assert.Subset(t, b.listed(), wanted, "%s on %s", layout, today)
		}
	}
}

// Backups in directories of their own are listed and pruned together.
func TestDatedNamesInDirectoriesOfTheirOwn(t *testing.T) {
	for _, layout := range []string{"2006-01-02", "2006/01", "2006"} {
		b := newFixture(t, Config{Dated: daily()})
		namer := func(name string) string {
			label := strings.TrimPrefix(name, b.path("app.log."))
			at, err := time.Parse("2006-01-02", label[:10])
			if err != nil {
				return name
			}
			return filepath.Join(b.dir, at.Format(layout), "app-"+label)
		}
		now := time.Now().UTC()
		require.NoError(t, os.MkdirAll(b.path(now.Format(layout)), 0o700))
		var names []string
		for _, days := range []int{370, 75, 40, 1, 0} {
			at := now.AddDate(0, 0, -days)
			require.NoError(t, os.MkdirAll(b.path(at.Format(layout)), 0o700))
			b.again(Config{Dated: daily(), Namer: namer})
			names = append(names, b.roll(fmt.Sprint(days), at))
		}
		b.again(Config{Count: 2, Dated: daily(), Namer: namer})
		assert.Len(t, b.listed(), 5, layout)
		require.NoError(t, b.set.Retain(now))
		assert.Equal(t, []string{names[4], names[3]}, b.listed(), layout)
	}
}

// A Namer that has a directory a day costs neither memory nor a look for the days whose backups have gone.
func TestDirectoriesWhoseBackupsHaveGone(t *testing.T) {
	for _, removed := range []bool{false, true} {
		b := newFixture(t, Config{Dated: daily()})
		namer := func(name string) string {
			return filepath.Join(b.path(strings.TrimPrefix(name, b.path("app.log."))[:10]), filepath.Base(name))
		}
		b.again(Config{Count: 3, Dated: daily(), Namer: namer, Moves: true}) // a Rotator makes them
		var names []string
		for day := range 100 {
			at := date("2024-03-01").AddDate(0, 0, day)
			require.NoError(t, os.MkdirAll(b.path(at.Format("2006-01-02")), 0o700))
			names = append(names, b.roll(fmt.Sprint(day), at))
			if day >= 3 && removed {
				require.NoError(t, os.Remove(filepath.Dir(b.path(names[day-3]))))
			}
		}
		assert.Equal(t, []string{names[99], names[98], names[97]}, b.listed())
		assert.LessOrEqual(t, len(b.set.names.known), 5)
		assert.Empty(t, b.told)
	}
}

// Whatever lies in the directory: a file is ours only if it has a name that we would give it.
func FuzzDatedName(f *testing.F) {
	f.Add("app.log.2024-03-01.2", false)
	f.Add("app-2024-03-01_10.log", true)
	f.Add("app-01.03.2024.log.7", true)
	f.Fuzz(func(t *testing.T, name string, moved bool) {
		if strings.ContainsAny(name, "/\\\x00") {
			return
		}
		cfg := Config{Path: filepath.FromSlash("/logs/app.log"), Dated: daily()}
		if moved {
			cfg.Namer = func(s string) string { return strings.Replace(s, "app.log.", "app-", 1) + ".log" }
		}
		set, err := New(cfg)
		require.NoError(t, err)
		label, n, ours := set.scheme.(*dated).parse(found{path: filepath.FromSlash("/logs/" + name)})
		if !ours {
			return
		}
		want := label
		if n > 0 {
			want += fmt.Sprintf(".%d", n)
		}
		names := []string{"app.log." + want}
		if moved {
			names = append(names, "app-"+want+".log", fmt.Sprintf("app-%s.log.%d", label, n))
		}
		assert.Contains(t, names, name)
	})
}

// A directory that may be written and not read: files get their names, and that there are too many is said.
func TestADirectoryThatMayNotBeRead(t *testing.T) {
	for _, dates := range []Dated{nil, daily()} {
		b := newFixture(t, Config{Count: 2, Dated: dates})
		b.set.names.readDir = func(dir string) ([]os.DirEntry, error) {
			return nil, &os.PathError{Op: "open", Path: dir, Err: os.ErrPermission}
		}
		for i := range 4 {
			src := filepath.Join(t.TempDir(), "out")
			require.NoError(t, os.WriteFile(src, []byte(fmt.Sprint(i)), 0o600))
			_, err := b.set.Place(src, date("2024-03-01"), false)
			require.NoError(t, err)
			err = b.set.Retain(time.Now())
			assert.Equal(t, dates != nil, errors.Is(err, os.ErrPermission), "%v", err)
		}
		if dates == nil {
			assert.Equal(t, map[string]string{"app.log.1": "3", "app.log.2": "2"}, b.tree())
		} else {
			assert.Len(t, b.tree(), 4)
		}
	}
}

// When the clock on the wall is put back an hour, or the program goes by another zone, names repeat themselves or are ahead of today's. The
// latest backups stay.
func TestNamesOfTheHourThatComesTwice(t *testing.T) {
	zone := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			t.Skip(err)
		}
		return loc
	}
	for name, test := range map[string]struct {
		from   string
		zones  [2]*time.Location // before and after the 16th rollover
		layout string
		every  time.Duration
	}{
		"Berlin":    {"2024-10-26T22:45:00Z", [2]*time.Location{zone("Europe/Berlin"), zone("Europe/Berlin")}, Layouts[1], 10 * time.Minute},
		"Lord Howe": {"2024-04-06T13:55:00Z", [2]*time.Location{zone("Australia/Lord_Howe"), zone("Australia/Lord_Howe")}, Layouts[1], 5 * time.Minute},
		"seconds":   {"2024-10-27T00:05:03Z", [2]*time.Location{zone("Europe/Berlin"), zone("Europe/Berlin")}, Layouts[0], 150 * time.Second},
		"moved":     {"2024-06-01T10:00:00Z", [2]*time.Location{zone("Asia/Tokyo"), time.UTC}, Layouts[2], time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			const count = 12
			now, err := time.Parse(time.RFC3339, test.from)
			require.NoError(t, err)
			var b *fixture
			var placed []string
			for i := range 40 {
				cfg := Config{Count: count, Dated: &Dates{Layout: test.layout, Location: test.zones[0], Now: func() time.Time { return now }}}
				if i >= 16 {
					cfg.Dated.(*Dates).Location = test.zones[1]
				}
				if b == nil {
					b = newFixture(t, cfg)
				}
				b.again(cfg)
				begin := now
				now = now.Add(test.every)
				placed = append([]string{b.placeOf(t, begin, now)}, placed...)
				require.Equal(t, placed[:min(len(placed), count)], b.listed(), "%d", i)
			}
		})
	}
}

// A day or an hour in which the clock is put forward or back is as long as it is, and its backups are not of a time to come.
func TestNamesOfTheDayOnWhichTheClockIsChanged(t *testing.T) {
	for _, test := range []struct{ zone, from string }{
		{"Europe/Berlin", "2024-03-30T20:00:00Z"}, {"Europe/Berlin", "2024-10-26T20:00:00Z"},
		{"Australia/Lord_Howe", "2024-10-05T10:00:00Z"}, {"Australia/Lord_Howe", "2024-04-06T10:00:00Z"},
		{"America/Santiago", "2024-09-07T22:00:00Z"}, {"America/Santiago", "2024-04-06T22:00:00Z"}, // at midnight
		{"Pacific/Apia", "2011-12-30T05:00:00Z"}, // a day is left out
	} {
		loc, err := time.LoadLocation(test.zone)
		if err != nil {
			t.Skip(err)
		}
		day := func(at time.Time) time.Time {
			y, m, d := at.In(loc).Date()
			return time.Date(y, m, d, 0, 0, 0, 0, loc)
		}
		for name, dates := range map[string]*Dates{
			"midnight": {Layout: Layouts[3], Period: day}, "D": {Layout: Layouts[3]}, "H": {Layout: Layouts[2]}, "M": {Layout: Layouts[1]},
		} {
			t.Run(test.zone+" "+test.from+" "+name, func(t *testing.T) {
				const count = 4
				now, err := time.Parse(time.RFC3339, test.from)
				require.NoError(t, err)
				dates.Location, dates.Now = loc, func() time.Time { return now }
				b := newFixture(t, Config{Count: count, Dated: dates})
				var placed []string
				for i := range 40 {
					begin := now
					now = now.Add(17 * time.Minute)
					if name == "midnight" {
						begin, now = day(now), now.Add(10*time.Minute)
					}
					placed = append([]string{b.placeOf(t, begin, now)}, placed...)
					require.Equal(t, placed[:min(len(placed), count)], b.listed(), "%d %v", i, now.In(loc))
				}
			})
		}
	}
}
