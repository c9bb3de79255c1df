package backups

import (
	"compress/gzip"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRetainByAgeAndSize(t *testing.T) {
	for _, dates := range []Dated{nil, daily()} {
		b := newFixture(t, Config{Count: -1, Dated: dates, MaxAge: time.Hour})
		old := b.roll("old", date("2024-03-01"))
		packed := b.rollAs("old", true, date("2024-03-02"))
		b.age(old, 2*time.Hour)
		b.age(packed, 2*time.Hour)
		last := b.roll("new", date("2024-03-03"))
		assert.Equal(t, map[string]string{last: "new"}, b.tree())

		b = newFixture(t, Config{Count: 9, Dated: dates, MaxTotalBytes: 8})
		for i, text := range []string{"one", "two", "three", "four"} {
			last = b.roll(text, date("2024-03-01").AddDate(0, 0, i))
		}
		assert.Equal(t, map[string]string{last: "four"}, b.tree(), "three does not fit, and so two, which would, is not asked for")
	}
}

// What there is nothing in does not cost what there is something in its place.
func TestEmptyBackupsGoFirst(t *testing.T) {
	for _, dates := range []Dated{nil, daily()} {
		b := newFixture(t, Config{Count: 2, Dated: dates})
		for i, text := range []string{"one", "two", "", "", ""} {
			b.roll(text, date("2024-03-01").AddDate(0, 0, i))
		}
		texts := map[string]bool{}
		for _, text := range b.tree() {
			texts[text] = true
		}
		assert.Len(t, b.tree(), 2)
		assert.True(t, texts["two"], "%v", b.tree())
	}
}

// A backup that a process still writes to stays, beyond the limits if need be, and goes when it may.
func TestNoneGoesThatIsHeld(t *testing.T) {
	if !fsys.CanShare {
		t.Skip("this system has no locks that end with a process")
	}
	for _, count := range []int{1, 2, 3} {
		for _, dates := range []Dated{nil, daily()} {
			b := newFixture(t, Config{Count: count, Dated: dates, MaxAge: time.Hour})
			first := b.roll("held", date("2024-03-01"))
			f, err := os.OpenFile(b.path(first), os.O_WRONLY|os.O_APPEND, 0)
			require.NoError(t, err)
			require.True(t, fsys.LockShared(f))
			b.age(first, 2*time.Hour)
			for i := range 5 {
				b.roll(fmt.Sprint(i), date("2024-03-02").AddDate(0, 0, i))
				_, err = f.WriteString("+")
				require.NoError(t, err)
			}
			texts := map[string]bool{}
			for _, text := range b.tree() {
				texts[text] = true
			}
			assert.True(t, texts["held+++++"], "count %d: %v", count, b.tree())
			for i := 5 - count + 1; i < 5; i++ {
				assert.True(t, texts[fmt.Sprint(i)], "count %d: %v", count, b.tree())
			}
			require.NoError(t, f.Close())
			b.roll("last", date("2024-04-01"))
			assert.Len(t, b.tree(), count)
		}
	}
}

// What cannot be removed is told, and neither keeps the next from its name nor others from going.
func TestRetainTellsWhatCannotGo(t *testing.T) {
	for _, dates := range []Dated{nil, daily()} {
		b := newFixture(t, Config{Count: 2, Dated: dates})
		first := b.roll("stays", date("2024-03-01"))
		stays, err := os.Stat(b.path(first))
		require.NoError(t, err)
		require.True(t, os.SameFile(stays, stays)) // Windows asks which file it is only now
		RemoveFile = func(path string) error {
			if info, err := os.Lstat(path); err == nil && os.SameFile(info, stays) {
				return &os.PathError{Op: "remove", Path: path, Err: os.ErrPermission}
			}
			return os.Remove(path)
		}
		defer func() { RemoveFile = os.Remove }()
		for i := range 4 {
			src := b.path("out")
			b.put("out", fmt.Sprint(i))
			_, err := b.set.Place(src, date("2024-03-02").AddDate(0, 0, i), false)
			require.NoError(t, err)
			if err := b.set.Retain(time.Now()); i > 0 {
				assert.ErrorIs(t, err, os.ErrPermission)
				assert.ErrorContains(t, err, "writesyncers: remove ")
			}
		}
		var texts []string
		for _, name := range b.listed() {
			texts = append(texts, b.tree()[name])
		}
		assert.Equal(t, []string{"3", "2", "stays"}, texts)
	}
}

// Both forms of one backup, which a crash between publishing the one and removing the other leaves.
func TestRepairOfABackupThatIsThereTwice(t *testing.T) {
	for _, dates := range []Dated{nil, daily()} {
		b := newFixture(t, Config{Count: 3, Dated: dates})
		name := b.rollAs("one", true, date("2024-03-01"))
		plain := name[:len(name)-len(Gzip)]
		b.put(plain, "one")
		assert.Equal(t, []string{plain, name}, b.listed())
		b.again(b.cfg)
		assert.Equal(t, map[string]string{name: "one"}, b.tree())

		b.put(plain, "one and a half")
		b.again(b.cfg)
		assert.Equal(t, map[string]string{name: "one", plain: "one and a half"}, b.tree(), "not the same: nothing goes")
		for i := range 2 {
			b.roll("x", date("2024-03-02").AddDate(0, 0, i))
		}
		assert.Len(t, b.tree(), 4, "it counts as one")
		b.roll("x", date("2024-04-01"))
		assert.Len(t, b.tree(), 3, "and goes as one")
	}
}

func TestPublish(t *testing.T) {
	b := newFixture(t, Config{Count: 3})
	b.roll("one")
	b.put("part", "compressed")
	dst, err := b.set.Publish(b.path("part"), b.path("app.log.1"))
	require.NoError(t, err)
	assert.Equal(t, b.path("app.log.1.gz"), dst)
	assert.Equal(t, map[string]string{"app.log.1.gz": "compressed"}, mapOf(t, b))
	b.put("app.log.1", "another")
	b.put("part", "again")
	_, err = b.set.Publish(b.path("part"), b.path("app.log.1"))
	assert.ErrorIs(t, err, os.ErrExist)
	assert.Equal(t, "another", mapOf(t, b)["app.log.1"])
}

// mapOf is tree without unpacking.
func mapOf(t *testing.T, b *fixture) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range entriesOf(t, b.dir) {
		text, err := os.ReadFile(b.path(name))
		require.NoError(t, err)
		files[name] = string(text)
	}
	return files
}

// A log that has rolled over some thousand times comes to numbers that look like years and dates, and steps over them: its backups are its
// own also when those before them have gone.
func TestNumbersThatLookLikeDatesAreSteppedOver(t *testing.T) {
	for _, first := range []int{1960, 2090, 99_990, 100_090, 202_250, 240_290, 2_023_990} {
		cfg := Config{MaxTotalBytes: 3}
		b := newFixture(t, cfg)
		b.put(fmt.Sprintf("app.log.%d", first-first%10), "x")
		b.put("app.log.3", "x")
		b.put("app.log.2024", "an archive")
		b.set.scheme.(*numbered).next = first
		last := 0
		for i := range 50 {
			name := b.roll("x")
			n, err := strconv.Atoi(strings.TrimPrefix(name, "app.log."))
			require.NoError(t, err)
			require.Greater(t, n, last)
			last = n
			if i%7 == 3 {
				b.again(cfg)
			}
			if i >= 2 {
				require.Equal(t, name, b.listed()[0])
				require.Len(t, b.listed(), 3)
			}
		}
		require.Less(t, last, first+4000)
		require.Equal(t, "an archive", b.tree()["app.log.2024"])
	}
}

// A number with more digits would not be known again, and so never be removed.
func TestTheHighestNumberIsFollowedByTheLowest(t *testing.T) {
	for name, put := range map[string]func(b *fixture){
		"ours":        func(b *fixture) { b.put("app.log.9999998", "x"); b.put("app.log.9999999", "x") },
		"compressed":  func(b *fixture) { b.putGzip("app.log.9999999.gz", "x", gzip.Header{Name: "app.log", OS: osUnknown}) },
		"a directory": func(b *fixture) { require.NoError(t, os.Mkdir(b.path("app.log.9999999"), 0o700)) },
		"somebody's":  func(b *fixture) { b.put("app.log.9999999.gz", "no gzip") },
		"a low one of somebody's": func(b *fixture) {
			b.put("app.log.1.gz", "no gzip")
			b.put("app.log.9999998", "x")
			b.put("app.log.9999999", "x")
		},
		"and lower ones": func(b *fixture) { b.put("app.log.1", "x"); b.put("app.log.2", "x"); b.put("app.log.9999998", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{MaxTotalBytes: 3}
			b := newFixture(t, cfg)
			put(b)
			for i := range 20 {
				name := b.roll(string(rune('a' + i)))
				if i%7 == 3 {
					b.again(cfg)
				}
				require.Equal(t, name, b.listed()[0])
			}
			var texts []string
			for _, name := range b.listed() {
				texts = append(texts, b.tree()[name])
			}
			assert.Equal(t, []string{"t", "s", "r"}, texts)
			assert.LessOrEqual(t, len(entriesOf(t, b.dir)), 4)
		})
	}
}

func TestTheHighestNumberOfAPeriod(t *testing.T) {
	b := newFixture(t, Config{Count: 3, Dated: &Dates{Layout: "2006-01-02"}})
	today := time.Now().Truncate(time.Second)
	name := "app.log." + today.Format("2006-01-02")
	b.put(name+".9999999", "x")
	for i := range 20 {
		b.roll(fmt.Sprint(i), today)
	}
	assert.Len(t, b.listed(), 3)
	assert.Len(t, entriesOf(t, b.dir), 3, "no number that is not known again")
}

// Two writers of one log number upwards together: what one rolls out after a long while, in which the other's backups have come and gone,
// is the newest all the same. So it is where the other has come to the highest number meanwhile.
func TestTwoWritersThatNumberUpwards(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg   Config
		first string
	}{
		"limited":            {Config{MaxTotalBytes: 12}, ""},
		"by age":             {Config{MaxAge: time.Hour}, ""},
		"removed by others":  {Config{Count: -1}, ""},
		"the highest number": {Config{MaxTotalBytes: 12}, "app.log.9999990"},
		"and by others":      {Config{Count: -1}, "app.log.9999990"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newFixture(t, tt.cfg)
			if tt.first != "" {
				a.put(tt.first, "x")
			}
			b := &fixture{T: t, dir: a.dir}
			b.again(tt.cfg)
			b.roll("b0")
			for round := range 3 {
				for i := range 15 {
					a.roll(fmt.Sprintf("a%d", i%10))
					if names := a.listed(); tt.cfg.MaxTotalBytes == 0 && len(names) > 4 {
						a.age(names[4], 2*time.Hour)
						if tt.cfg.MaxAge == 0 {
							require.NoError(t, os.Remove(a.path(names[4])))
						}
					}
				}
				text := fmt.Sprintf("b%d", round+1)
				name := b.roll(text)
				require.Equal(t, name, a.listed()[0], "%v", a.tree())
				require.Equal(t, text, a.tree()[name])
				name = a.roll("a")
				require.Equal(t, name, b.listed()[0], "%v", a.tree())
			}
		})
	}
}
