package writesyncers

import (
	"fmt"
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

// knowsBirth skips where the file system does not keep the time a file was made.
func knowsBirth(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer f.Close()
	if _, known := fsys.Birth(f); !known {
		t.Skip("the time a file was made is not known here")
	}
}

// A program that starts often and writes each time rolls over as one that runs on: the period is that in which the file was made.
func TestAProgramThatStartsOftenRollsOverByTime(t *testing.T) {
	knowsBirth(t)
	path := filepath.Join(t.TempDir(), "app.log")
	runs, start := 0, time.Now()
	require.Eventually(t, func() bool {
		f, err := NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "S", Interval: 1, OnError: unexpected(t)})
		require.NoError(t, err)
		write(t, f, fmt.Sprintf("run %d\n", runs))
		require.NoError(t, f.Close())
		runs++
		return len(names(t, filepath.Dir(path))) > 2
	}, 10*time.Second, 100*time.Millisecond)
	assert.Greater(t, time.Since(start), time.Second, "no more often than each second")
	assert.Len(t, allLines(t, filepath.Dir(path), "app.log"), runs)
}

// A file whose last write is earlier than its birth (a copy that kept its time) counts from that.
func TestAFileThatIsYoungerThanItsContents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(path, []byte("old\n"), 0o600))
	written := time.Date(2020, 5, 17, 12, 0, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(path, written, written))
	f, dir := timed(t, TimedRotatingFileConfig{Path: path, When: "midnight"})
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"app.log", "app.log.2020-05-17"}, names(t, dir))
}

// A file that follows at the end of a period is made in the next, also where one was opened ahead because of its size: a restart must
// not take it for one of the period before.
func TestARestartJustAfterTheEndOfAPeriod(t *testing.T) {
	if !fsys.OpensAhead {
		t.Skip("this system opens nothing ahead")
	}
	clock := &fakeClock{now: time.Now()}
	begun := clock.now
	path := filepath.Join(t.TempDir(), "app.log")
	cfg := TimedRotatingFileConfig{
		Path: path, MaxBytes: 2 << 20, OnError: unexpected(t), Clock: clock,
		Next: func(at time.Time) time.Time { // the first period ends when the clock is moved
			if at.Before(begun.Add(time.Hour)) {
				return begun.Add(time.Hour)
			}
			return at.Add(100 * time.Hour)
		},
	}
	f, err := NewTimedRotatingFile(cfg)
	require.NoError(t, err)
	write(t, f, strings.Repeat("x", 1900<<10)+"\n")
	write(t, f, "opens the next file ahead\n")
	var ahead os.FileInfo
	require.Eventually(t, func() bool {
		found, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".app.log.rotation", "next-*"))
		require.NoError(t, err)
		if len(found) == 0 {
			return false
		}
		open, err := os.Open(found[0]) // and keep it, so that its inode is no other file's
		require.NoError(t, err)
		t.Cleanup(func() { open.Close() })
		ahead, err = open.Stat()
		return err == nil
	}, 5*time.Second, time.Millisecond)
	clock.set(begun.Add(2 * time.Hour))
	write(t, f, "in the next period\n")
	require.NoError(t, f.Close())
	require.Len(t, names(t, filepath.Dir(path)), 2)
	now, err := os.Lstat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(ahead, now), "the file was made in the period before")
}

// A Namer that is a pure function of the date, or not even that, gives many backups one name. They get numbers; all are kept, listed and
// pruned, and nothing goes round in circles.
func TestANamerThatGivesOneNameTwice(t *testing.T) {
	for name, namer := range map[string]func(dir, name string) string{
		"by the date": func(dir, name string) string {
			date, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(name), "app.log."), ".")
			return filepath.Join(dir, "app-"+date+".log")
		},
		"the same for all": func(dir, _ string) string { return filepath.Join(dir, "old.log") },
		"the month": func(dir, name string) string {
			return filepath.Join(dir, "app-"+strings.TrimPrefix(filepath.Base(name), "app.log.")[:7]+".log")
		},
	} {
		for _, compress := range []string{"", Gzip} {
			t.Run(name+compress, func(t *testing.T) {
				dir := t.TempDir()
				cfg := TimedRotatingFileConfig{
					Path: filepath.Join(dir, "app.log"), When: "midnight", MaxBytes: 30, BackupCount: 6, Compress: compress, OnError: unexpected(t),
					Namer: func(name string) string { return namer(dir, name) },
				}
				for run := range 2 {
					f, err := NewTimedRotatingFile(cfg)
					require.NoError(t, err)
					for i := range 10 {
						write(t, f, fmt.Sprintf("%d: record %d\n", run, i)) // two to a file
					}
					require.NoError(t, f.Rollover())
					require.NoError(t, f.Sync())
					paths, err := f.Backups()
					require.NoError(t, err)
					assert.Len(t, paths, 5+run)
					require.NoError(t, f.Close())
				}
				assert.Len(t, names(t, dir), 7)
			})
		}
	}
}

func TestNamesBeyondASCIIAreCompressed(t *testing.T) {
	for _, name := range []string{"журнал.log", "日志.log", "new\nline.log", "é.log"} {
		if runtime.GOOS == "windows" && strings.Contains(name, "\n") {
			continue
		}
		dir := t.TempDir()
		f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, name), BackupCount: 2, Compress: Gzip, OnError: unexpected(t)})
		require.NoError(t, err)
		rolls(t, f, "one\n", "two\n", "three\n")
		require.NoError(t, f.Close())
		assert.ElementsMatch(t, []string{name, name + ".1.gz", name + ".2.gz"}, names(t, dir))
	}
}
