package backups

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNumberedNewestFirst(t *testing.T) {
	b := newFixture(t, Config{Count: 2})
	assert.Equal(t, "app.log.1", b.roll("one"))
	assert.Equal(t, "app.log.1", b.roll("two"))
	assert.Equal(t, "app.log.1.gz", b.rollAs("three", true, time.Time{}))
	assert.Equal(t, map[string]string{"app.log.1.gz": "three", "app.log.2": "two"}, b.tree())
	assert.Equal(t, []string{"app.log.1.gz", "app.log.2"}, b.listed())
	b.roll("four")
	assert.Equal(t, map[string]string{"app.log.1": "four", "app.log.2.gz": "three"}, b.tree())
}

// Without a crash a gap stays a gap, as in Python.
func TestGapsStay(t *testing.T) {
	b := newFixture(t, Config{Count: 4})
	for _, i := range []int{1, 3, 5} {
		b.put(fmt.Sprintf("app.log.%d", i), fmt.Sprint(i))
	}
	b.roll("0")
	assert.Equal(t, map[string]string{"app.log.1": "0", "app.log.2": "1", "app.log.4": "3", "app.log.5": "5"}, b.tree())
	b.roll("new")
	assert.Equal(t, map[string]string{"app.log.1": "new", "app.log.2": "0", "app.log.3": "1", "app.log.4": "3"}, b.tree(),
		"the oldest goes, and the gap before one that is still wanted")
}

// A process killed while it made room has moved the upper numbers already: none is dropped before its time for that.
func TestAGapThatACrashLeftDropsNothing(t *testing.T) {
	for _, gap := range []int{1, 2, 3, 4} {
		b := newFixture(t, Config{Count: 4})
		for i := 1; i <= 4; i++ {
			if i != gap {
				b.put(fmt.Sprintf("app.log.%d", i), fmt.Sprint(i))
			}
		}
		b.roll("new")
		b.again(b.cfg)
		assert.Len(t, b.tree(), 4, "gap %d", gap)
		assert.Equal(t, "new", b.tree()["app.log.1"])
		last := ""
		for _, name := range b.listed()[1:] {
			assert.Less(t, last, b.tree()[name], "in the order they were in")
			last = b.tree()[name]
		}
	}
}

func TestACountThatWasLowered(t *testing.T) {
	b := newFixture(t, Config{Count: 6, Compress: true})
	for i := range 6 {
		b.rollAs(fmt.Sprint(i), i%2 == 0, time.Time{})
	}
	b.again(Config{Count: 2})
	assert.Len(t, b.listed(), 6, "all are ours")
	b.roll("new")
	assert.Equal(t, map[string]string{"app.log.1": "new", "app.log.2": "5"}, b.tree())
}

// What a rollover costs depends on the files there are, not on the count.
func TestACountOfAnySize(t *testing.T) {
	for _, unreadable := range []bool{false, true} {
		b := newFixture(t, Config{Count: math.MaxInt})
		if unreadable {
			b.set.names.readDir = func(dir string) ([]os.DirEntry, error) {
				return nil, &os.PathError{Op: "open", Path: dir, Err: os.ErrPermission}
			}
		}
		require.NoError(t, os.Mkdir(b.path("app.log.2"), 0o700))
		start := time.Now()
		for i := range 4 {
			b.roll(fmt.Sprint(i))
		}
		assert.Less(t, time.Since(start), 5*time.Second)
		assert.Equal(t, []string{"app.log.1", "app.log.3", "app.log.4", "app.log.5"}, b.listed())
	}
}

func TestLastOf(t *testing.T) {
	assert.Equal(t, 3, lastOf(3, nil))
	assert.Equal(t, 5, lastOf(3, map[int]bool{1: true, 4: true, 9: true}))
	assert.Equal(t, 7, lastOf(3, map[int]bool{1: true, 4: true, 3: true, 5: true, 8: true}))
}

func TestForeignThingsAreSteppedOver(t *testing.T) {
	b := newFixture(t, Config{Count: 3})
	foreign := func(i int) string {
		name := b.path(fmt.Sprintf("app.log.%d", i))
		switch i {
		case 1:
			require.NoError(t, os.Mkdir(name, 0o700))
		case 3:
			require.NoError(t, os.WriteFile(name+Gzip, []byte("no gzip"), 0o600))
		case 4:
			b.putGzip("app.log.4.gz", "somebody else's", gzip.Header{Name: "app.log.4", OS: 3})
		case 6:
			if runtime.GOOS == "windows" {
				require.NoError(t, os.Mkdir(name, 0o700))
				break
			}
			l, err := net.Listen("unix", name)
			require.NoError(t, err)
			t.Cleanup(func() { l.Close() })
		case 7:
			if runtime.GOOS == "windows" || os.Symlink("nowhere", name) != nil {
				require.NoError(t, os.Mkdir(name, 0o700))
			}
		}
		return name
	}
	for _, i := range []int{1, 3, 4, 6, 7} {
		foreign(i)
	}
	b.put("app.log.20240301", "a date")
	b.put("app.log.07", "no number")
	b.put("app.log.1x", "no number either")
	before := len(entriesOf(t, b.dir))
	for i := range 5 {
		assert.Equal(t, "app.log.2", b.rollAs(fmt.Sprint(i), false, time.Time{}))
	}
	assert.Equal(t, []string{"app.log.2", "app.log.5", "app.log.8"}, b.listed())
	assert.Equal(t, "4", b.tree()["app.log.2"])
	assert.Equal(t, "3", b.tree()["app.log.5"])
	assert.Equal(t, "2", b.tree()["app.log.8"])
	assert.Len(t, entriesOf(t, b.dir), before+3, "none of them was moved or removed")
	for _, i := range []int{1, 6, 7} {
		_, err := os.Lstat(b.path(fmt.Sprintf("app.log.%d", i)))
		assert.NoError(t, err)
	}
	assert.FileExists(t, b.path("app.log.3.gz"))
	assert.FileExists(t, b.path("app.log.4.gz"))
}

func entriesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// Somebody's archives by year or month are no backups that a Count would remove.
func TestDatesAreNoNumbers(t *testing.T) {
	dates := []string{"app.log.2023", "app.log.2024", "app.log.240301", "app.log.202403", "app.log.2024061", "app.log.20240301"}
	for _, count := range []int{2, -1} {
		b := newFixture(t, Config{Count: count})
		for _, name := range dates {
			b.put(name, "archive")
		}
		for i := range 4 {
			b.roll(fmt.Sprint(i))
		}
		if count > 0 {
			assert.Equal(t, []string{"app.log.1", "app.log.2"}, b.listed())
		} else {
			assert.Equal(t, []string{"app.log.4", "app.log.3", "app.log.2", "app.log.1"}, b.listed())
		}
		for _, name := range dates {
			assert.Equal(t, "archive", b.tree()[name])
		}
	}
	b := newFixture(t, Config{Count: -1})
	for i := 1965; i <= 2110; i++ {
		if i != 2024 {
			b.put(fmt.Sprintf("app.log.%d", i), "ours")
		}
	}
	assert.Len(t, b.listed(), 145, "those that came before are there")
	b = newFixture(t, Config{Count: 2000})
	b.put("app.log.1999", "ours")
	assert.Len(t, b.listed(), 1, "a number that the Count leads to")
}

// Without a count nothing moves, and what a rollover costs does not grow with what is there.
func TestNumberedUpwards(t *testing.T) {
	b := newFixture(t, Config{Count: -1})
	b.put("app.log.7", "seven")
	b.putGzip("app.log.9.gz", "nine", gzip.Header{Name: "app.log", OS: osUnknown})
	require.NoError(t, os.Mkdir(b.path("app.log.11"), 0o700))
	assert.Equal(t, "app.log.12", b.roll("twelve"))
	lists := 0
	read := b.set.names.readDir
	b.set.names.readDir = func(dir string) ([]os.DirEntry, error) { lists++; return read(dir) }
	for i := range 20 {
		assert.Equal(t, fmt.Sprintf("app.log.%d", 13+i), b.roll("x"))
	}
	assert.Zero(t, lists, "the directory is not read again")
	b.put("app.log.33", "another process's")
	b.put("app.log.34.gz", "and that one's")
	assert.Equal(t, "app.log.35", b.roll("x"))
	assert.Equal(t, 1, lists)
	assert.Equal(t, "seven", b.tree()["app.log.7"])
}

// The newest first, in whichever order the numbers were given before.
func TestNumberingThatChangesItsDirection(t *testing.T) {
	b := newFixture(t, Config{Count: -1})
	for i := 1; i <= 5; i++ {
		b.roll(fmt.Sprint(i))
		b.age(fmt.Sprintf("app.log.%d", i), time.Duration(10-i)*time.Minute)
	}
	assert.Equal(t, []string{"app.log.5", "app.log.4", "app.log.3", "app.log.2", "app.log.1"}, b.listed())
	b.again(Config{Count: 3})
	b.roll("6")
	b.age("app.log.1", 0)
	texts := func() (texts []string) {
		for _, name := range b.listed() {
			texts = append(texts, b.tree()[name])
		}
		return texts
	}
	assert.Equal(t, []string{"6", "5", "4"}, texts())
	b.roll("7")
	assert.Equal(t, []string{"7", "6", "5"}, texts())
	for i, name := range b.listed() {
		b.age(name, time.Duration(i+1)*time.Minute)
	}
	b.again(Config{Count: -1})
	b.roll("8")
	assert.Equal(t, []string{"8", "7", "6", "5"}, texts())
}

// So it is though the clock was put back once in between.
func TestNumberingThatChangesItsDirectionAndAClockThatWasPutBack(t *testing.T) {
	b := newFixture(t, Config{Count: -1})
	for i, ago := range []int{10, 9, 8, 50, 49, 48} {
		b.roll(fmt.Sprint(i + 1))
		b.age(fmt.Sprintf("app.log.%d", i+1), time.Duration(ago)*time.Minute)
	}
	b.again(Config{Count: 3})
	b.roll("7")
	var texts []string
	for _, name := range b.listed() {
		texts = append(texts, b.tree()[name])
	}
	assert.Equal(t, []string{"7", "6", "5"}, texts)
}

// What the Namer answers cannot keep anybody busy, nor cost a file.
func TestNamersOfAllKinds(t *testing.T) {
	calls := 0
	dir := func(name string) string { return filepath.Dir(name) + string(filepath.Separator) }
	for kind, namer := range map[string]func(string) string{
		"one name":  func(name string) string { return dir(name) + "old.log" },
		"two names": func(name string) string { return dir(name) + "old" + name[len(name)-1:][:1][:1] + ".log" },
		"no digits": func(name string) string { return dir(name) + "old-" + strings.Repeat("i", len(name)%3+1) },
		"leading zeros": func(name string) string {
			var i int
			_, _ = fmt.Sscanf(filepath.Ext(name), ".%d", &i)
			return fmt.Sprintf("%sapp-%03d.log", dir(name), i)
		},
		"another each time": func(name string) string { calls++; return fmt.Sprintf("%sapp-%d.old", dir(name), calls) },
		"the log's":         func(name string) string { return dir(name) + "app.log" },
		"empty":             func(string) string { return "" },
		"panic":             func(string) string { panic("no name today") },
		"a missing place":   func(name string) string { return dir(name) + "missing/" + filepath.Base(name) },
		"a directory":       func(name string) string { return filepath.Dir(name) },
		"what is taken":     func(name string) string { return dir(name) + "taken" },
		"a suffix":          func(name string) string { return name + ".old" },
		"gzip's own":        func(name string) string { return name + ".gz" },
		"unclean":           func(name string) string { return dir(name) + "./x/../" + filepath.Base(name) + "-" },
	} {
		for _, count := range []int{3, -1} {
			t.Run(fmt.Sprintf("%s, count %d", kind, count), func(t *testing.T) {
				calls = 0
				good := true
				b := newFixture(t, Config{Count: count, Namer: func(name string) string {
					if good {
						return name
					}
					return namer(name)
				}})
				b.put("taken", "foreign")
				good = false // as a Namer that goes wrong later on
				inTime(t, func() {
					for i := range 8 {
						b.roll(fmt.Sprintf("record %d", i))
					}
				})
				texts := map[string]bool{}
				for _, text := range b.tree() {
					texts[text] = true
				}
				kept := 8
				if count > 0 && kind != "another each time" { // none of those is ours a moment later
					kept = count
				}
				for i := 8 - kept; i < 8; i++ {
					assert.True(t, texts[fmt.Sprintf("record %d", i)], "record %d of %v", i, b.tree())
				}
				if kind == "what is taken" && count < 0 {
					kept++ // it has a backup's name now
				}
				if kind != "another each time" {
					assert.Len(t, b.listed(), kept, "%v", b.tree())
				}
				switch kind {
				case "the log's", "empty", "panic", "a missing place", "a directory":
					require.Len(t, b.told, 8)
					assert.ErrorContains(t, b.told[0], "Namer: ")
				}
			})
		}
	}
}

func TestOneNameForAll(t *testing.T) {
	b := newFixture(t, Config{Count: 3, Namer: func(name string) string { return filepath.Join(filepath.Dir(name), "old.log") }})
	for _, text := range []string{"1", "2", "3", "4"} {
		b.roll(text)
	}
	assert.Equal(t, map[string]string{"old.log": "4", "old.log.2": "3", "old.log.3": "2"}, b.tree())
	assert.Equal(t, []string{"old.log", "old.log.2", "old.log.3"}, b.listed())
}

// Backups from before there was a Namer are ours, and older than all others.
func TestANamerLaterOn(t *testing.T) {
	b := newFixture(t, Config{Count: 4})
	for _, text := range []string{"1", "2", "3"} {
		b.roll(text)
	}
	b.again(Config{Count: 4, Namer: func(name string) string { return name + ".old" }})
	b.roll("4")
	assert.Equal(t, []string{"app.log.1.old", "app.log.1", "app.log.2", "app.log.3"}, b.listed())
	b.roll("5")
	b.roll("6")
	assert.Equal(t, []string{"app.log.1.old", "app.log.2.old", "app.log.3.old", "app.log.1"}, b.listed())
	b.roll("7")
	assert.Equal(t, map[string]string{"app.log.1.old": "7", "app.log.2.old": "6", "app.log.3.old": "5", "app.log.4.old": "4"}, b.tree())
}

// The Namer's directory is away for a while: what got default names meanwhile counts, and goes, once it is back.
func TestTheDirectoryOfTheNamerComesBack(t *testing.T) {
	b := newFixture(t, Config{Count: 1})
	require.NoError(t, os.Mkdir(b.path("old"), 0o700))
	b.again(Config{Count: 2, Namer: func(name string) string { return filepath.Join(filepath.Dir(name), "old", filepath.Base(name)) }})
	b.roll("1")
	require.NoError(t, os.RemoveAll(b.path("old")))
	b.roll("2")
	b.roll("3")
	require.NoError(t, os.Mkdir(b.path("old"), 0o700))
	b.roll("4")
	assert.Equal(t, []string{"old/app.log.1", "app.log.1"}, b.listed())
	b.roll("5")
	assert.Equal(t, map[string]string{"old/app.log.1": "5", "old/app.log.2": "4"}, b.tree())
}

func TestNamersThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	for want, namer := range map[string]func(string) string{
		"is empty":               func(string) string { return "" },
		"that of the log":        func(string) string { return path },
		"that does not exist":    func(name string) string { return filepath.Join(dir, "gone", filepath.Base(name)) },
		"panic: not today":       func(string) string { panic("not today") },
		"that of the log itself": func(string) string { return dir + "/./app.log" },
	} {
		for _, dates := range []Dated{nil, daily()} {
			_, err := New(Config{Path: path, Count: 3, Namer: namer, Dated: dates})
			assert.ErrorContains(t, err, "writesyncers: Namer: ")
			assert.ErrorContains(t, err, want)
		}
	}
	_, err := New(Config{Path: path, Moves: true, Namer: func(name string) string { return filepath.Join(dir, "gone", filepath.Base(name)) }})
	assert.NoError(t, err, "a Rotator may make it")
}

func TestNamesThatAreTooLong(t *testing.T) {
	dir := t.TempDir()
	name := func(n int) string { return filepath.Join(dir, strings.Repeat("x", n)) }
	_, err := New(Config{Path: name(253), Count: 9})
	require.NoError(t, err)
	_, err = New(Config{Path: name(253), Count: 10})
	assert.ErrorContains(t, err, "writesyncers: Path ")
	_, err = New(Config{Path: name(251), Count: 9, Compress: true})
	assert.ErrorContains(t, err, "leaves no room")
	_, err = New(Config{Path: name(250), Count: 9, Compress: true})
	require.NoError(t, err)
	_, err = New(Config{Path: name(246), Dated: daily()})
	assert.ErrorContains(t, err, "leaves no room")
}

func TestPlaceReplacesNothing(t *testing.T) {
	b := newFixture(t, Config{Count: 3})
	for _, text := range []string{"1", "2"} {
		b.roll(text)
	}
	_, err := b.set.Place(b.path("gone"), time.Time{}, false)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	assert.Equal(t, map[string]string{"app.log.1": "2", "app.log.2": "1"}, b.tree(), "and moves nothing for nothing")
	b.put("out", "3")
	raced := false
	b.set.cfg.Step = func(step string) {
		if step == "made room" && !raced {
			raced = true
			b.put("app.log.1", "somebody who knows of no lock")
		}
	}
	_, err = b.set.Place(b.path("out"), time.Time{}, false)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"app.log.1": "3", "app.log.2": "somebody who knows of no lock", "app.log.3": "2"}, b.tree())
}

func TestReserveAndFind(t *testing.T) {
	b := newFixture(t, Config{Count: 3})
	b.roll("1")
	info, err := os.Stat(b.path("app.log.1"))
	require.NoError(t, err)
	require.True(t, os.SameFile(info, info)) // Windows asks which file it is only now
	dst, err := b.set.Reserve(time.Time{})
	require.NoError(t, err)
	assert.Equal(t, b.path("app.log.1"), dst)
	assert.Equal(t, map[string]string{"app.log.2": "1"}, b.tree())
	found, err := b.set.Find(info)
	require.NoError(t, err)
	assert.Equal(t, b.path("app.log.2"), found.Path)
	require.NoError(t, os.Remove(found.Path))
	found, err = b.set.Find(info)
	require.NoError(t, err)
	assert.Empty(t, found.Path)
}

func TestMissingDirectoryIsAnError(t *testing.T) {
	set, err := New(Config{Path: filepath.Join(t.TempDir(), "gone", "app.log"), Count: 2})
	require.NoError(t, err, "it may be made later")
	found, err := set.List()
	assert.Empty(t, found)
	assert.NoError(t, err)
	_, err = set.Place("out", time.Time{}, false)
	assert.True(t, errors.Is(err, fs.ErrNotExist))
}

// A directory with many files in it is read once; after that names are tried, also those beyond the count and those from before there
// was a Namer.
func TestTheDirectoryIsReadOnce(t *testing.T) {
	b := newFixture(t, Config{Count: 2})
	b.put("app.log.3", "too many")
	b.put("app.log.1", "former")
	b.again(Config{Count: 4, Namer: func(name string) string { return name + ".old" }})
	reads := 0
	read := b.set.names.readDir
	b.set.names.readDir = func(dir string) ([]os.DirEntry, error) { reads++; return read(dir) }
	b.roll("1")
	require.NoError(t, os.Mkdir(b.path("app.log.3.old"), 0o700))
	b.roll("2")
	b.roll("3")
	assert.Equal(t, []string{"app.log.1.old", "app.log.2.old", "app.log.4.old", "app.log.1"}, b.listed())
	b.roll("4")
	assert.Equal(t, []string{"app.log.1.old", "app.log.2.old", "app.log.4.old", "app.log.5.old"}, b.listed())
	b.roll("5")
	assert.Equal(t, "2", b.tree()["app.log.5.old"])
	assert.Zero(t, reads)
}

// Whose a compressed backup is was read once, and is not read again at each Place.
func TestACompressedBackupIsOpenedOnce(t *testing.T) {
	b := newFixture(t, Config{Count: 5})
	for i := range 4 {
		b.rollAs(fmt.Sprint(i), true, time.Time{})
	}
	b.listed()
	opened := 0
	read := b.set.names.bearsMark
	b.set.names.bearsMark = func(path, base string) (bool, error) { opened++; return read(path, base) }
	b.roll("plain")
	assert.Len(t, b.listed(), 5)
	assert.Zero(t, opened)
}

// The newest stay, however often a count comes and goes: what was numbered upwards behind backups of a count is newer than these.
func TestNumberingThatChangesItsDirectionTwice(t *testing.T) {
	for _, tt := range []struct{ counted, upwards, count int }{{5, 2, 2}, {3, 3, 5}, {3, 1, 2}, {2, 1, 5}, {1, 2, 2}, {0, 4, 3}} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			b, n := newFixture(t, Config{Count: max(tt.counted, 1)}), 0
			roll := func(times int) {
				for range times {
					n++
					name := b.roll(fmt.Sprint(n))
					at := time.Now().Add(time.Duration(n-1000) * time.Minute)
					require.NoError(t, os.Chtimes(b.path(name), at, at))
				}
			}
			roll(tt.counted)
			b.again(Config{Count: -1})
			roll(tt.upwards)
			b.again(Config{Count: tt.count})
			roll(1)
			var texts, want []string
			for _, name := range b.listed() {
				texts = append(texts, b.tree()[name])
			}
			for i := range min(tt.count, n) {
				want = append(want, fmt.Sprint(n-i))
			}
			assert.Equal(t, want, texts)
		})
	}
}

// So they do under the names they had before there was a Namer, and none goes at a start while older ones have such names.
func TestFormerBackupsThatWereNumberedUpwards(t *testing.T) {
	b := newFixture(t, Config{Count: -1})
	put := func(name string, ago time.Duration) {
		b.put(name, name)
		b.age(name, ago)
	}
	put("app.log.1", 9*time.Hour)
	put("app.log.2", 8*time.Hour)
	put("app.log.3", 7*time.Hour)
	put("old.2", 6*time.Hour)
	put("old.3", 5*time.Hour)
	put("old.4", 4*time.Hour)
	namer := func(name string) string { return filepath.Join(filepath.Dir(name), "old"+filepath.Ext(name)) }
	b.again(Config{Count: 4, Namer: namer})
	var texts []string
	for _, name := range b.listed() {
		texts = append(texts, b.tree()[name])
	}
	assert.Equal(t, []string{"old.4", "old.3", "old.2", "app.log.3"}, texts)
}

// A backup that cannot be moved, as one that may not be changed or, on Windows, one that somebody reads, keeps its name, and what is rolled
// out goes on: the others have the numbers around it.
func TestABackupThatCannotBeMoved(t *testing.T) {
	defer func(rename func(string, string) error) { renameFile = rename }(renameFile)
	for _, stuck := range []string{"app.log.1", "app.log.2.gz", "app.log.4"} {
		for _, refusal := range []error{fs.ErrPermission, syscall.EPERM} {
			b := newFixture(t, Config{Count: 4})
			told := 0
			cfg := Config{Path: b.path("app.log"), Count: 4, Moved: func(err error) {
				if err != nil {
					told++
				}
			}}
			set, err := New(cfg)
			require.NoError(t, err)
			b.set = set
			for i := range 4 {
				b.rollAs(fmt.Sprint("before ", i), i == 2, time.Time{})
			}
			text := b.tree()[stuck]
			require.NotEmpty(t, text)
			renameFile = func(from, to string) error {
				if from == b.path(stuck) {
					return &os.LinkError{Op: "rename", Old: from, New: to, Err: refusal}
				}
				return fsys.RenameNoReplace(from, to)
			}
			for i := range 3 {
				b.roll(fmt.Sprint("after ", i))
			}
			var texts []string
			for _, name := range b.listed() {
				if name != stuck {
					texts = append(texts, b.tree()[name])
				}
			}
			assert.Equal(t, []string{"after 2", "after 1", "after 0"}, texts[:3], "%s: %v", stuck, b.tree())
			assert.LessOrEqual(t, len(texts), 4, "%s: %v", stuck, b.tree())
			if stuck == "app.log.4" { // the oldest could be removed all the same
				assert.NotContains(t, texts, text)
			} else {
				assert.Equal(t, text, b.tree()[stuck])
				assert.Positive(t, told, stuck)
			}
			renameFile = fsys.RenameNoReplace
			for i := range 4 {
				b.roll(fmt.Sprint("later ", i))
			}
			assert.Len(t, b.tree(), 4, "it is one of them again")
		}
	}
}
