package writesyncers

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// timed returns a TimedRotatingFile on app.log in a directory of its own, in UTC unless another Location is set.
func timed(t *testing.T, cfg TimedRotatingFileConfig) (*TimedRotatingFile, string) {
	t.Helper()
	if cfg.Path == "" {
		cfg.Path = filepath.Join(t.TempDir(), "app.log")
	}
	cfg.Location = cmp.Or(cfg.Location, time.UTC)
	if cfg.OnError == nil {
		cfg.OnError = unexpected(t)
	}
	f, err := NewTimedRotatingFile(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f, filepath.Dir(cfg.Path)
}

// advance lets the clock of a synctest bubble go on.
func advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// In a bubble the time is 2000-01-01 00:00:00 UTC.

func TestTimedRotatingFileRollsOverWhileNothingIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dir := timed(t, TimedRotatingFileConfig{When: "H"})
		write(t, f, "one\n")
		advance(time.Hour + time.Second)
		assert.Equal(t, map[string]string{"app.log": "", "app.log.2000-01-01_00": "one\n"}, tree(t, dir))
		advance(5 * time.Hour)
		assert.Len(t, names(t, dir), 2, "an empty file stays")
		write(t, f, "two\n")
		advance(time.Hour)
		assert.Equal(t, map[string]string{"app.log": "", "app.log.2000-01-01_00": "one\n", "app.log.2000-01-01_06": "two\n"}, tree(t, dir))
		require.NoError(t, f.Close())
	})
}

func TestTimedRotatingFileOpensALargeNextFileAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dir := timed(t, TimedRotatingFileConfig{When: "midnight", Compress: Gzip})
		big := strings.Repeat("x", 1<<20) + "\n"
		write(t, f, big)
		advance(day - rotation.OpenAheadBy)
		if fsys.OpensAhead {
			assert.Len(t, names(t, dir), 2, "the next file: %v", names(t, dir))
		}
		advance(2 * rotation.OpenAheadBy)
		require.NoError(t, f.Close())
		assert.Equal(t, []string{"app.log", "app.log.2000-01-01.gz"}, names(t, dir))
		assert.Equal(t, big, plain(t, filepath.Join(dir, "app.log.2000-01-01.gz")))
	})
}

func TestTimedRotatingFileCatchesUpOnceAfterARestart(t *testing.T) {
	for _, delay := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.log")
			require.NoError(t, os.WriteFile(path, []byte("old\n"), 0o600))
			last := time.Date(1999, 12, 24, 18, 0, 0, 0, time.UTC)
			require.NoError(t, os.Chtimes(path, last, last))
			f, dir := timed(t, TimedRotatingFileConfig{Path: path, When: "midnight", Delay: delay})
			write(t, f, "new\n")
			assert.Equal(t, map[string]string{"app.log": "new\n", "app.log.1999-12-24": "old\n"}, tree(t, dir))
			require.NoError(t, f.Close())
		})
	}
}

func TestTimedRotatingFileNeverOverwritesABackup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dir := timed(t, TimedRotatingFileConfig{When: "H"})
		taken := filepath.Join(dir, "app.log.2000-01-01_00")
		require.NoError(t, os.WriteFile(taken, []byte("was here\n"), 0o600))
		write(t, f, "one\n")
		advance(time.Hour + time.Second)
		assert.Equal(t, map[string]string{"app.log": "", "app.log.2000-01-01_00": "was here\n", "app.log.2000-01-01_00.1": "one\n"}, tree(t, dir))
		require.NoError(t, f.Close())
	})
}

func TestTimedRotatingFileSizeAndTimeTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, dir := timed(t, TimedRotatingFileConfig{When: "H", MaxBytes: 5, BackupCount: 3})
		write(t, f, "1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n", "8\n", "9\n")
		assert.Equal(t, map[string]string{
			"app.log": "9\n", "app.log.2000-01-01_00.1": "3\n4\n", "app.log.2000-01-01_00.2": "5\n6\n", "app.log.2000-01-01_00.3": "7\n8\n",
		}, tree(t, dir))
		advance(time.Hour + time.Second)
		write(t, f, "a\n", "b\n", "c\n")
		assert.Equal(t, map[string]string{
			"app.log": "c\n", "app.log.2000-01-01_00.3": "7\n8\n", "app.log.2000-01-01_00.4": "9\n", "app.log.2000-01-01_01": "a\nb\n",
		}, tree(t, dir))
		paths, err := f.Backups()
		require.NoError(t, err)
		assert.Equal(t, filepath.Join(dir, "app.log.2000-01-01_01"), paths[0])
		require.NoError(t, f.Close())
	})
}

// With periods of so many hours the next one begins with a Rollover, as with CPython's doRollover, and not with a rollover by size; the
// end of a day stays what it is.
func TestTimedRotatingFileRolledOverByHand(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2024, 3, 1, hour, minute, 0, 0, time.UTC) }
	for _, tt := range []struct {
		when string
		by   func(t *testing.T, f *TimedRotatingFile)
		want map[string]string
	}{
		{"H", rollOver, map[string]string{"app.log": "four\n", "app.log.2024-03-01_10": "one\n", "app.log.2024-03-01_10.1": "two\nthree\n"}},
		{"midnight", rollOver, map[string]string{"app.log": "two\nthree\nfour\n", "app.log.2024-03-01": "one\n"}},
		{"H", func(*testing.T, *TimedRotatingFile) {}, map[string]string{"app.log": "three\nfour\n", "app.log.2024-03-01_10": "one\ntwo\n"}},
	} {
		clock := &fakeClock{now: at(10, 0)}
		f, dir := timed(t, TimedRotatingFileConfig{When: tt.when, Clock: clock})
		write(t, f, "one\n")
		clock.set(at(10, 30))
		tt.by(t, f)
		write(t, f, "two\n")
		clock.set(at(11, 1))
		write(t, f, "three\n")
		clock.set(at(11, 30))
		write(t, f, "four\n")
		assert.Equal(t, tt.want, tree(t, dir), "%+v", tt)
	}
}

func rollOver(t *testing.T, f *TimedRotatingFile) { require.NoError(t, f.Rollover()) }

func TestTimedRotatingFileWhenTheClockIsSet(t *testing.T) {
	for _, shared := range []bool{false, fsys.CanShare} { // the file was made at a time that is still to come, by that clock
		testClockThatIsSet(t, shared)
	}
}

func testClockThatIsSet(t *testing.T, shared bool) {
	clock := &fakeClock{now: time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)}
	f, dir := timed(t, TimedRotatingFileConfig{When: "midnight", Clock: clock, Shared: shared})
	set := func(day, hour int) {
		clock.set(time.Date(2024, 3, day, hour, 0, 0, 0, time.UTC))
	}
	write(t, f, "1st\n")
	set(9, 1)
	write(t, f, "9th, forward\n")
	set(2, 1)
	write(t, f, "2nd, back\n")
	set(3, 1)
	write(t, f, "3rd\n")
	set(4, 1)
	write(t, f, "4th\n")
	assert.Equal(t, map[string]string{
		"app.log": "4th\n", "app.log.2024-03-01": "1st\n", "app.log.2024-03-02": "9th, forward\n2nd, back\n", "app.log.2024-03-03": "3rd\n",
	}, tree(t, dir))
}

func TestTimedRotatingFilePrunesOnlyItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		namer := func(name string) string {
			dir, file := filepath.Split(name)
			return filepath.Join(dir, "app-"+strings.TrimPrefix(file, "app.log.")+".log")
		}
		f, dir := timed(t, TimedRotatingFileConfig{When: "S", BackupCount: 2, Namer: namer, Compress: Gzip})
		for _, name := range []string{"app-1999-12-31_23-59-59.log", "app-1999-12-31_23-59-59.log.bak", "app-1999-12-31.log", "ap-1999-12-31_23-59-59.log"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600))
		}
		for i := range 4 {
			write(t, f, fmt.Sprintf("%d\n", i))
			advance(time.Second)
		}
		require.NoError(t, f.Close())
		assert.Equal(t, []string{
			"ap-1999-12-31_23-59-59.log", "app-1999-12-31_23-59-59.log.bak",
			"app-2000-01-01_00-00-02.log.gz", "app-2000-01-01_00-00-03.log.gz", "app.log",
		}, names(t, dir))
	})
}

func TestTimedRotatingFileRefusedTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told errorLog
		var broken atomic.Bool
		broken.Store(true)
		f, dir := timed(t, TimedRotatingFileConfig{When: "H", OnError: told.add, Rotator: func(src, dst string) error {
			if broken.Load() {
				return fmt.Errorf("no")
			}
			return os.Rename(src, dst)
		}})
		write(t, f, "one\n")
		advance(time.Hour + 10*time.Second)
		write(t, f, "two\n")
		broken.Store(false)
		advance(2 * time.Hour)
		require.NoError(t, f.Close())
		assert.Equal(t, map[string]string{"app.log": "", "app.log.2000-01-01_00": "one\n", "app.log.2000-01-01_01": "two\n"}, tree(t, dir))
		require.Len(t, told.list(), 2, "%v", told.list())
	})
}

func TestTimedRotatingFileConfigErrorsNameTheField(t *testing.T) {
	_, err := NewTimedRotatingFile(TimedRotatingFileConfig{Path: "x", When: "never"})
	assert.EqualError(t, err, `writesyncers: When "never" is unknown: there are S, M, H, D, midnight, and W0 (Monday) to W6`)
	_, err = NewTimedRotatingFile(TimedRotatingFileConfig{When: "S"})
	assert.EqualError(t, err, "writesyncers: Path is required")
}

func TestTimedRotatingFileFindsThePeriodOfAFileLeftByACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "app.log")
		left := filepath.Join(filepath.Dir(path), ".app.log.next-1-1")
		require.NoError(t, os.WriteFile(left, []byte("left\n"), 0o600))
		friday := time.Date(1999, 12, 24, 18, 0, 0, 0, time.UTC)
		require.NoError(t, os.Chtimes(left, friday, friday))
		f, dir := timed(t, TimedRotatingFileConfig{Path: path, When: "W6"})
		require.NoError(t, f.Close())
		assert.Equal(t, map[string]string{"app.log": "", "app.log.1999-12-20": "left\n"}, tree(t, dir), "the Monday of that week")
	})
}

func TestTimedRotatingFileWithATimetableOfOnesOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quarters := func(t time.Time) time.Time { return t.Truncate(15 * time.Minute).Add(15 * time.Minute) }
		f, dir := timed(t, TimedRotatingFileConfig{Next: quarters})
		advance(5 * time.Minute)
		write(t, f, "one\n")
		advance(15 * time.Minute)
		write(t, f, "two\n")
		advance(15 * time.Minute)
		require.NoError(t, f.Close())
		assert.Equal(t, map[string]string{
			"app.log": "", "app.log.2000-01-01_00-00-00": "one\n", "app.log.2000-01-01_00-15-00": "two\n",
		}, tree(t, dir))
	})
}

// A timetable is asked in the time zone that the names are of, as a Schedule is: a cron expression goes by the zone of what it gets.
func TestTimedRotatingFileAsksATimetableInItsLocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		midnights := func(t time.Time) time.Time {
			return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
		}
		f, dir := timed(t, TimedRotatingFileConfig{Next: midnights, Location: time.FixedZone("", 2*60*60)})
		for range 47 { // from 02:00 there
			write(t, f, "one\n")
			advance(time.Hour)
		}
		require.NoError(t, f.Close())
		assert.Equal(t, map[string]string{
			"app.log":                     "one\n",
			"app.log.2000-01-01_02-00-00": strings.Repeat("one\n", 22),
			"app.log.2000-01-02_00-00-00": strings.Repeat("one\n", 24),
		}, tree(t, dir))
	})
}

// A timetable that names no later time, or panics, ends no period: it is asked again, and the file gives way when it does.
func TestTimedRotatingFileWithATimetableThatStandsStill(t *testing.T) {
	for name, standsStill := range map[string]func(time.Time) time.Time{
		"the same time": func(t time.Time) time.Time { return t },
		"never again":   func(time.Time) time.Time { return time.Time{} },
		"a panic":       func(time.Time) time.Time { panic("oh") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told errorLog
				ready := time.Now().Add(10 * time.Minute)
				f, dir := timed(t, TimedRotatingFileConfig{OnError: told.add, Next: func(at time.Time) time.Time {
					if at.Before(ready) {
						return standsStill(at)
					}
					return at.Add(time.Hour)
				}})
				for range 10 {
					write(t, f, "one\n")
					advance(time.Minute)
				}
				assert.Equal(t, []string{"app.log"}, names(t, dir))
				advance(2 * time.Hour)
				require.NoError(t, f.Close())
				assert.Equal(t, map[string]string{"app.log": "", "app.log.2000-01-01_00-00-00": strings.Repeat("one\n", 10)}, tree(t, dir))
				require.Len(t, told.list(), 2)
				assert.ErrorContains(t, told.list()[0], "Next of "+f.path)
				assert.ErrorContains(t, told.list()[1], "works again")
			})
		})
	}
}
