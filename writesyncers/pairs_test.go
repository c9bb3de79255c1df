package writesyncers

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// everyOption is one line an option, or a value of it. Each pair of them writes, rolls over, starts again, and reads every record back
// once. A new option joins by a line.
var everyOption = []struct {
	name string
	set  func(c *pairConfig)
}{
	{"BackupCount 90", func(c *pairConfig) { c.BackupCount = 90 }},
	{"Namer", func(c *pairConfig) { c.Namer = func(name string) string { return name + ".old" } }},
	{"Namer with one name for all", func(c *pairConfig) {
		c.Namer = func(name string) string { return filepath.Join(filepath.Dir(name), "app.log.backup") }
	}},
	{"Rotator", func(c *pairConfig) { c.Rotator = os.Rename }},
	{"ShouldRollover", func(c *pairConfig) {
		c.ShouldRollover = func(size int64, n int) bool { return size+int64(n) > 90 }
	}},
	{"OnRotate", func(c *pairConfig) { c.OnRotate = func(_, backup string) { _, _ = os.Stat(backup) } }},
	{"Compress", func(c *pairConfig) { c.Compress = Gzip }},
	{"MaxAge", func(c *pairConfig) { c.MaxAge = time.Hour }},
	{"MaxTotalBytes", func(c *pairConfig) { c.MaxTotalBytes = 1 << 30 }},
	{"Shared", func(c *pairConfig) { c.Shared = true }},
	{"Buffer", func(c *pairConfig) { c.Buffer = 50 }},
	{"Delay", func(c *pairConfig) { c.Delay = true }},
	{"Perm", func(c *pairConfig) { c.Perm = 0o600 }},
	{"MakeDirs", func(c *pairConfig) {
		c.MakeDirs = true
		c.Path = filepath.Join(filepath.Dir(c.Path), "deeper", "app.log")
	}},
	{"Encode", func(c *pairConfig) {
		c.Encode = func(dst, src []byte) ([]byte, error) { return append(dst, src...), nil }
	}},
	{"Header", func(c *pairConfig) { c.Header = "# header" }},
	{"Symlink", func(c *pairConfig) { c.Symlink = filepath.Join(filepath.Dir(c.Path), "current") }},
	{"ModeTruncate", func(c *pairConfig) { c.Mode = ModeTruncate }},
	{"FsyncOnSync", func(c *pairConfig) { c.Fsync = FsyncOnSync }},
	{"FsyncEach", func(c *pairConfig) { c.Fsync = FsyncEach }},
	{"FsyncInterval", func(c *pairConfig) { c.Fsync, c.FsyncEvery = FsyncInterval, time.Hour }},
	{"by time", func(c *pairConfig) { c.timed = true }},
	{"watched", func(c *pairConfig) { c.watched = true }},
	{"watched, Notify", func(c *pairConfig) { c.watched, c.notify = true, true }},
	{"a large file", func(c *pairConfig) { c.line = 150 << 10; c.MaxBytes = 1 << 20 }},
}

// pairConfig is a RotatingFileConfig, or one of the others with those of its fields that they share.
type pairConfig struct {
	RotatingFileConfig
	timed, watched, notify bool
	line                   int // length of a record
}

// open opens the file. Roll rolls it over; of a watched file it renames it.
func (c *pairConfig) open(t *testing.T, run int) (f writeCloser, roll func()) {
	t.Helper()
	switch {
	case c.watched:
		w, err := NewWatchedFile(WatchedFileConfig{
			Path: c.Path, Notify: c.notify, Mode: c.Mode &^ ModeTruncate, Delay: c.Delay, Perm: c.Perm, MakeDirs: c.MakeDirs, Encode: c.Encode, Header: c.Header,
			Fsync: c.Fsync, FsyncEvery: c.FsyncEvery, Buffer: c.Buffer, FlushEvery: c.FlushEvery, OnError: c.OnError,
		})
		require.NoError(t, err)
		n := 0
		return w, func() {
			require.NoError(t, w.Sync())
			n++
			require.NoError(t, os.Rename(c.Path, fmt.Sprintf("%s.%d.%d", c.Path, run, n)))
			require.NoError(t, w.ReopenIfNeeded())
		}
	case c.timed:
		w, err := NewTimedRotatingFile(TimedRotatingFileConfig{
			Path: c.Path, When: "D", MaxBytes: c.MaxBytes, BackupCount: max(c.BackupCount, 0), Delay: c.Delay, Perm: c.Perm, MakeDirs: c.MakeDirs,
			Encode: c.Encode, Namer: c.Namer, Rotator: c.Rotator, ShouldRollover: c.ShouldRollover, Compress: c.Compress, MaxAge: c.MaxAge,
			MaxTotalBytes: c.MaxTotalBytes, OnRotate: c.OnRotate, Symlink: c.Symlink, Header: c.Header, Fsync: c.Fsync, FsyncEvery: c.FsyncEvery,
			Buffer: c.Buffer, FlushEvery: c.FlushEvery, Shared: c.Shared, OnError: c.OnError,
		})
		require.NoError(t, err)
		return w, func() { require.NoError(t, w.Rollover()) }
	default:
		w, err := NewRotatingFile(c.RotatingFileConfig)
		require.NoError(t, err)
		return w, func() { require.NoError(t, w.Rollover()) }
	}
}

func TestEveryPairOfOptions(t *testing.T) {
	for i, one := range everyOption {
		for _, other := range everyOption[i+1:] {
			name := one.name + ", " + other.name
			switch {
			case strings.Contains(name, "Buffer, FsyncEach"): // refused
				continue
			case runtime.GOOS == "windows" && strings.Contains(name, "Symlink"): // see symlink
				continue
			case !fsys.CanShare && strings.Contains(name, "Shared"), !fsys.RenamesOpenFiles && strings.Contains(name, "watched"):
				continue
			}
			t.Run(name, func(t *testing.T) {
				c := &pairConfig{RotatingFileConfig: RotatingFileConfig{
					Path: filepath.Join(t.TempDir(), "app.log"), MaxBytes: 100, BackupCount: -1, Fsync: FsyncNever, OnError: unexpected(t),
				}, line: 10}
				one.set(c)
				other.set(c)
				var want []string
				for run := range 2 {
					f, roll := c.open(t, run)
					for i := range 14 {
						want = append(want, fmt.Sprintf("%d/%d", run, i))
						write(t, f, fmt.Sprintf("%d/%d %s\n", run, i, strings.Repeat("x", c.line)))
						if i == 9 {
							roll()
						}
					}
					require.NoError(t, f.Close())
				}
				assert.ElementsMatch(t, want, recordsUnder(t, filepath.Dir(c.Path)))
			})
		}
	}
}

// recordsUnder returns the first word of every line of every file, but for headers. Nothing hidden may be there.
func recordsUnder(t *testing.T, dir string) (records []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Type()&fs.ModeSymlink != 0 {
			assert.False(t, path != dir && strings.HasPrefix(d.Name(), "."), "left over: %s", path)
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.HasPrefix(b, []byte{0x1f, 0x8b}) {
			z, zerr := gzip.NewReader(bytes.NewReader(b))
			require.NoError(t, zerr)
			b, err = io.ReadAll(z)
		}
		for line := range strings.Lines(string(b)) {
			if !strings.HasPrefix(line, "#") {
				records = append(records, strings.Fields(line)[0])
			}
		}
		return err
	}))
	return records
}
