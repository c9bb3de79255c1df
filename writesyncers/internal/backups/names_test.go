package backups

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A Namer that has another answer each time leaves backups that nobody finds again.
func TestANamerThatIsNotPure(t *testing.T) {
	calls := 0
	counting := func(name string) string { calls++; return fmt.Sprintf("%s-%d", name, calls) }
	for name, dates := range map[string]Dated{"numbered": nil, "dated": daily()} {
		_, err := New(Config{Path: filepath.Join(t.TempDir(), "app.log"), Count: 2, Dated: dates, Namer: counting})
		assert.ErrorContains(t, err, "backups cannot be found again", name)
	}

	day := "monday"
	b := newFixture(t, Config{Count: 2, Namer: func(name string) string { return name + "-" + day }})
	b.roll("one")
	require.Empty(t, b.told)
	day = "tuesday"
	b.roll("two")
	require.NotEmpty(t, b.told)
	assert.ErrorContains(t, b.told[0], "app.log.1-tuesday now, and was "+b.path("app.log.1-monday"))
	assert.Len(t, b.tree(), 2, "no file is lost")
}

func TestANamerWithRelativeNames(t *testing.T) {
	t.Chdir(t.TempDir())
	b := newFixture(t, Config{Count: 2, Namer: func(name string) string { return filepath.Base(name) + ".old" }})
	for i := range 4 {
		b.roll(fmt.Sprint(i))
	}
	assert.Equal(t, map[string]string{"app.log.1.old": "3", "app.log.2.old": "2"}, b.tree())
	assert.Empty(t, b.told)
}

func TestANameThatNoSystemTakes(t *testing.T) {
	_, err := New(Config{Path: filepath.Join(t.TempDir(), "app.log"), Count: 2, Namer: func(name string) string { return name + "\x00" }})
	assert.ErrorContains(t, err, "NUL")
}

// A year is no number of ours, whatever a Namer makes of numbers today.
func TestAYearBesideANamer(t *testing.T) {
	b := newFixture(t, Config{Count: 1})
	b.put("app.log.2024", "the year")
	b.put("app.log.20240131", "a day")
	b.roll("one")
	b.again(Config{Count: 1, Namer: func(name string) string { return name + ".old" }})
	assert.Equal(t, []string{"app.log.1"}, b.listed())
	b.roll("two")
	b.roll("three")
	assert.Equal(t, map[string]string{"app.log.2024": "the year", "app.log.20240131": "a day", "app.log.1.old": "three"}, b.tree())
}

// What only a Namer of before has named so is nobody's, as the package's comment says.
func TestBackupsOfANamerThatIsGone(t *testing.T) {
	for name, namer := range map[string]func(string) string{"gone": nil, "another": func(name string) string { return name + ".new" }} {
		t.Run(name, func(t *testing.T) {
			for _, dates := range []Dated{nil, daily()} {
				b := newFixture(t, Config{Count: 3, Dated: dates, Namer: func(name string) string { return name + ".old" }})
				for i := range 3 {
					b.roll(fmt.Sprint("old ", i), date("2024-03-01").AddDate(0, 0, i))
				}
				before := b.tree()
				require.Len(t, before, 3)
				b.again(Config{Count: 2, Dated: dates, Namer: namer})
				for i := range 5 {
					b.roll(fmt.Sprint("new ", i), date("2024-03-01").AddDate(0, 0, i))
				}
				assert.Len(t, b.listed(), 2)
				for name, text := range before {
					assert.Equal(t, text, b.tree()[name], "they stay")
				}
			}
		})
	}
}

// Backups with the names of before the Namer stay ours when they are compressed in place.
func TestFormerBackupsThatAreCompressed(t *testing.T) {
	b := newFixture(t, Config{Count: 3})
	for i := range 3 {
		b.roll(fmt.Sprint("former ", i))
	}
	b.again(Config{Count: 3, Compress: true, Namer: func(name string) string { return name + ".old" }})
	b.roll("one")
	for _, name := range []string{"app.log.1", "app.log.2"} {
		text := b.tree()[name]
		b.putGzip(name+Gzip, text, Mark{Base: "app.log"}.header())
		require.NoError(t, os.Remove(b.path(name)))
	}
	b.roll("two")
	assert.Len(t, b.listed(), 3)
	b.roll("three")
	b.roll("four")
	assert.ElementsMatch(t, []string{"app.log.1.old", "app.log.2.old", "app.log.3.old"}, slices.Collect(maps.Keys(b.tree())))
}

// A Namer may fill numbers up with zeros, to any width.
func TestNumbersThatANamerFillsUp(t *testing.T) {
	const backups = 120
	for kind, cfg := range map[string]Config{"numbered upwards": {}, "numbered": {Count: 300}, "dated": {Dated: daily()}} {
		t.Run(kind, func(t *testing.T) {
			b := newFixture(t, Config{})
			cfg.Namer = func(name string) string {
				dir, base := filepath.Split(name)
				dot := strings.LastIndexByte(base, '.')
				n, err := strconv.Atoi(base[dot+1:])
				if err != nil { // it is the date
					return name
				}
				return fmt.Sprintf("%s%s-%010d.log", dir, base[:dot], n)
			}
			b.again(cfg)
			for i := range backups {
				b.roll(fmt.Sprint(i), date("2024-03-01"))
			}
			b.again(cfg)
			listed, tree := b.listed(), b.tree()
			require.Len(t, listed, backups)
			for i, name := range listed {
				assert.Equal(t, fmt.Sprint(backups-1-i), tree[name])
			}
		})
	}
}
