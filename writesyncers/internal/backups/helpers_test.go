package backups

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fixture is a directory with a log's backups.
type fixture struct {
	*testing.T
	dir string
	set *Set
	cfg Config

	told []error // what Report heard
}

// newFixture makes the Set for app.log in a new directory.
func newFixture(t *testing.T, cfg Config) *fixture {
	t.Helper()
	b := &fixture{T: t, dir: t.TempDir()}
	b.again(cfg)
	return b
}

// again makes the Set anew, as the next start of a program would, with other settings.
func (b *fixture) again(cfg Config) {
	b.Helper()
	cfg.Path = b.path("app.log")
	if cfg.Report == nil {
		cfg.Report = func(err error) {
			if err != nil {
				b.told = append(b.told, err)
			}
		}
	}
	set, err := New(cfg)
	require.NoError(b, err)
	require.NoError(b, set.Repair())
	b.set, b.cfg = set, cfg
}

func (b *fixture) path(name string) string { return filepath.Join(b.dir, name) }

// put writes a file that was there before.
func (b *fixture) put(name, text string) {
	b.Helper()
	require.NoError(b, os.WriteFile(b.path(name), []byte(text), 0o600))
}

// putGzip writes a gzip file with a header.
func (b *fixture) putGzip(name, text string, header gzip.Header) {
	b.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Header = header
	_, err := z.Write([]byte(text))
	require.NoError(b, err)
	require.NoError(b, z.Close())
	b.put(name, buf.String())
}

// roll places a file with a text, as rotation does, and applies retention.
func (b *fixture) roll(text string, label ...time.Time) (name string) {
	b.Helper()
	return b.rollAs(text, false, append(label, time.Time{})[0])
}

func (b *fixture) rollAs(text string, compressed bool, label time.Time) (name string) {
	b.Helper()
	src := filepath.Join(b.TempDir(), "out")
	require.NoError(b, os.WriteFile(src, []byte(text), 0o600))
	if compressed {
		plain, err := os.Open(src)
		require.NoError(b, err)
		src += Gzip
		dst, err := os.Create(src)
		require.NoError(b, err)
		require.NoError(b, Compress(dst, plain, b.set.Mark(time.Now()), nil))
		require.NoError(b, dst.Close())
		require.NoError(b, plain.Close())
	}
	dst, err := b.set.Place(src, label, compressed)
	require.NoError(b, err)
	require.NoError(b, b.set.Retain(time.Now()))
	name, err = filepath.Rel(b.dir, dst)
	require.NoError(b, err)
	return filepath.ToSlash(name)
}

// tree returns the files and what is in them, unpacked; directories and the like with what they are.
func (b *fixture) tree() map[string]string {
	b.Helper()
	files := map[string]string{}
	require.NoError(b, filepath.WalkDir(b.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || path == b.dir {
			return err
		}
		name, err := filepath.Rel(b.dir, path)
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() {
			if !d.IsDir() || isEmpty(path) {
				files[filepath.ToSlash(name)] = d.Type().String()
			}
			return nil
		}
		text, err := os.ReadFile(path)
		if z, zErr := gzip.NewReader(bytes.NewReader(text)); zErr == nil && strings.HasSuffix(name, Gzip) {
			text, err = io.ReadAll(z)
		}
		files[filepath.ToSlash(name)] = string(text)
		return err
	}))
	return files
}

func isEmpty(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) == 0
}

// listed returns what List says, in its order.
func (b *fixture) listed() (names []string) {
	b.Helper()
	found, err := b.set.List()
	require.NoError(b, err)
	for _, f := range found {
		name, err := filepath.Rel(b.dir, f.Path)
		require.NoError(b, err)
		assert.Equal(b, strings.HasSuffix(name, Gzip) && isCompressed(f.Path), f.Compressed)
		names = append(names, filepath.ToSlash(name))
	}
	return names
}

// age sets the time of the last write.
func (b *fixture) age(name string, ago time.Duration) {
	b.Helper()
	at := time.Now().Add(-ago)
	require.NoError(b, os.Chtimes(b.path(name), at, at))
}

// inTime fails the test if f does not return.
func inTime(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		panic(fmt.Sprintf("%s: still running", t.Name()))
	}
}

// date is a time in UTC.
func date(text string) time.Time {
	for _, layout := range Layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	panic(text)
}

// daily is for backups named for days.
func daily() *Dates { return &Dates{Layout: "2006-01-02", Location: time.UTC} }

// placeOf places a file of the period that began at begin, last written before now, applies retention, and returns the file's name.
func (b *fixture) placeOf(t *testing.T, begin, now time.Time) string {
	t.Helper()
	src := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(src, []byte("x"), 0o600))
	require.NoError(t, os.Chtimes(src, now, now.Add(-time.Second)))
	dst, err := b.set.Place(src, begin, false)
	require.NoError(t, err)
	require.NoError(t, b.set.Retain(now))
	return filepath.Base(dst)
}
