//go:build unix

package writesyncers

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/peers"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/writer"
)

// watched returns a WatchedFile on app.log in a directory of its own.
func watched(t *testing.T, cfg WatchedFileConfig) (*WatchedFile, string) {
	t.Helper()
	dir := t.TempDir()
	cfg.Path = filepath.Join(dir, "app.log")
	if cfg.OnError == nil {
		cfg.OnError = unexpected(t)
	}
	f, err := NewWatchedFile(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f, dir
}

// lookers are the ways to watch under which the very next record finds a change.
var lookers = map[string]func(t *testing.T){
	"the kernel is asked": func(*testing.T) {},
	"the kernel has no watch left": func(t *testing.T) {
		before := writer.NewWatch
		writer.NewWatch = func() (*fsys.Watch, error) { return nil, syscall.EMFILE }
		t.Cleanup(func() { writer.NewWatch = before })
	},
}

// askEvery is how long a record trusts the kernel's last answer.
const askEvery = 10 * time.Microsecond

// askAgain waits until the kernel is asked again.
func askAgain() {
	for start := time.Now(); time.Since(start) <= askEvery; {
		runtime.Gosched()
	}
}

// lookAgain waits until a record looks at the path, whatever the kernel says.
func lookAgain() {
	for start := time.Now(); time.Since(start) <= 300*time.Microsecond; {
		runtime.Gosched()
	}
}

func TestWatchedFileFollowsThePath(t *testing.T) {
	for name, look := range lookers {
		t.Run(name, func(t *testing.T) {
			look(t)
			f, dir := watched(t, WatchedFileConfig{})
			path := filepath.Join(dir, "app.log")
			write(t, f, "one\n")
			require.NoError(t, os.Rename(path, path+".1"))
			askAgain()
			write(t, f, "two\n")
			require.NoError(t, os.Remove(path))
			askAgain()
			write(t, f, "three\n")
			require.NoError(t, os.WriteFile(path+".new", []byte("found\n"), 0o600))
			require.NoError(t, os.Rename(path+".new", path))
			askAgain()
			write(t, f, "four\n")
			assert.Equal(t, map[string]string{"app.log": "found\nfour\n", "app.log.1": "one\n"}, tree(t, dir))
			assert.Equal(t, uint64(4), f.Stats().Opens)
		})
	}
}

func TestWatchedFileNeverTruncatesWhatItFollowsTo(t *testing.T) {
	for _, delay := range []bool{false, true} {
		f, dir := watched(t, WatchedFileConfig{Mode: ModeTruncate, Delay: delay})
		path := filepath.Join(dir, "app.log")
		write(t, f, "one\n", "two\n")
		assert.Equal(t, "one\ntwo\n", read(t, path))
		require.NoError(t, os.Rename(path, path+".1"))
		require.NoError(t, os.WriteFile(path, []byte("another process\n"), 0o600))
		write(t, f, "three\n")
		assert.Equal(t, "another process\nthree\n", read(t, path))
	}
}

func TestWatchedFileTruncatedByAnotherHasNoHoles(t *testing.T) {
	f, dir := watched(t, WatchedFileConfig{})
	write(t, f, "one\n")
	require.NoError(t, os.Truncate(filepath.Join(dir, "app.log"), 0))
	write(t, f, "two\n")
	assert.Equal(t, "two\n", read(t, filepath.Join(dir, "app.log")))
}

func TestWatchedFileCheckEvery(t *testing.T) {
	f, dir := watched(t, WatchedFileConfig{CheckEvery: 10 * time.Millisecond})
	path := filepath.Join(dir, "app.log")
	write(t, f, "one\n")
	require.NoError(t, os.Rename(path, path+".1"))
	require.Eventually(t, func() bool {
		write(t, f, "more\n")
		return exists(path)
	}, 5*time.Second, time.Millisecond)
	f, dir = watched(t, WatchedFileConfig{CheckEvery: -1})
	path = filepath.Join(dir, "app.log")
	require.NoError(t, os.Rename(path, path+".1"))
	write(t, f, "one\n")
	assert.NoFileExists(t, path)
	require.NoError(t, f.ReopenIfNeeded())
	assert.FileExists(t, path)
	write(t, f, "two\n")
	require.NoError(t, f.ReopenIfNeeded())
	require.NoError(t, f.Reopen())
	assert.Equal(t, map[string]string{"app.log": "two\n", "app.log.1": "one\n"}, tree(t, dir))
	assert.Equal(t, uint64(3), f.Stats().Opens)
	require.NoError(t, f.Close())
	assert.ErrorIs(t, f.Reopen(), os.ErrClosed)
	assert.ErrorIs(t, f.ReopenIfNeeded(), os.ErrClosed)
}

// Where the kernel sees only what is done on this machine it is not asked, unless that is said to be enough.
func TestWatchedFileNotify(t *testing.T) {
	isLocal, newWatch := writer.IsLocal, writer.NewWatch
	t.Cleanup(func() { writer.IsLocal, writer.NewWatch = isLocal, newWatch })
	asked := 0
	writer.IsLocal = func(*os.File) bool { return false }
	writer.NewWatch = func() (*fsys.Watch, error) { asked++; return newWatch() }
	for _, notify := range []bool{false, true} {
		f, dir := watched(t, WatchedFileConfig{Notify: notify})
		path := filepath.Join(dir, "app.log")
		write(t, f, "one\n")
		require.Equal(t, notify, asked > 0)
		require.NoError(t, os.Rename(path, path+".1"))
		askAgain()
		write(t, f, "two\n")
		assert.Equal(t, map[string]string{"app.log": "two\n", "app.log.1": "one\n"}, tree(t, dir))
	}
}

func TestWatchedFileThatCannotBeReopened(t *testing.T) {
	for name, look := range lookers {
		t.Run(name, func(t *testing.T) {
			look(t)
			var told errorLog
			f, dir := watched(t, WatchedFileConfig{OnError: told.add})
			moved := dir + ".moved"
			path := filepath.Join(dir, "app.log")
			write(t, f, "one\n")
			require.NoError(t, os.Rename(path, filepath.Join(dir, "app.log.1")))
			require.NoError(t, os.Rename(dir, moved))
			t.Cleanup(func() { os.RemoveAll(moved) })
			askAgain()
			write(t, f, "two\n", "three\n")
			assert.Equal(t, "one\ntwo\nthree\n", read(t, filepath.Join(moved, "app.log.1")), "it has a name yet")
			require.Len(t, told.list(), 1)
			assert.ErrorIs(t, told.list()[0], fs.ErrNotExist)

			require.NoError(t, os.Remove(filepath.Join(moved, "app.log.1")))
			askAgain()
			_, err := f.Write([]byte("four\n"))
			assert.ErrorIs(t, err, fs.ErrNotExist, "it would be written to a file without a name")

			require.NoError(t, os.Mkdir(dir, 0o755))
			require.NoError(t, f.ReopenIfNeeded())
			write(t, f, "five\n")
			assert.Equal(t, "five\n", read(t, path))
			require.Len(t, told.list(), 2)
		})
	}
}

// What the kernel is not asked about, a look at the path finds: a directory that moves, and a link that leads elsewhere.
func TestWatchedFileNoticesThatItsDirectoryMoved(t *testing.T) {
	f, dir := watched(t, WatchedFileConfig{})
	write(t, f, "one\n")
	require.NoError(t, os.Rename(dir, dir+".moved"))
	t.Cleanup(func() { os.RemoveAll(dir + ".moved") })
	require.NoError(t, os.Mkdir(dir, 0o755))
	lookAgain()
	write(t, f, "two\n")
	assert.Equal(t, "two\n", read(t, filepath.Join(dir, "app.log")))
}

func TestWatchedFileNoticesThatALinkLeadsElsewhere(t *testing.T) {
	dir := t.TempDir()
	for _, day := range []string{"monday", "tuesday"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, day), 0o755))
	}
	current := filepath.Join(dir, "current")
	require.NoError(t, os.Symlink("monday", current))
	f, err := NewWatchedFile(WatchedFileConfig{Path: filepath.Join(current, "app.log"), OnError: unexpected(t)})
	require.NoError(t, err)
	defer f.Close()
	write(t, f, "one\n")
	require.NoError(t, os.Symlink("tuesday", current+".new"))
	require.NoError(t, os.Rename(current+".new", current))
	lookAgain()
	write(t, f, "two\n")
	assert.Equal(t, "one\n", read(t, filepath.Join(dir, "monday", "app.log")))
	assert.Equal(t, "two\n", read(t, filepath.Join(dir, "tuesday", "app.log")))
}

// pour writes numbered lines from some goroutines until stop is called, which returns how many were accepted from each.
func pour(t *testing.T, w interface{ Write([]byte) (int, error) }, goroutines int) (stop func() []int) {
	t.Helper()
	var wg sync.WaitGroup
	var over atomic.Bool
	accepted := make([]int, goroutines)
	for g := range goroutines {
		wg.Go(func() {
			line := make([]byte, 0, 128)
			for !over.Load() {
				line = fmt.Appendf(line[:0], "%d/%d %s\n", g, accepted[g], strings.Repeat("x", 60))
				if _, err := w.Write(line); !assert.NoError(t, err) {
					return
				}
				accepted[g]++
			}
		})
	}
	return func() []int {
		over.Store(true)
		wg.Wait()
		return accepted
	}
}

// checkPoured wants every accepted line, whole, in the files of dir; once, but for those that are known to be repeated.
func checkPoured(t *testing.T, dir string, accepted []int, repeated uint64) {
	t.Helper()
	seen := make([][]bool, len(accepted))
	for g, n := range accepted {
		seen[g] = make([]bool, n)
	}
	total := 0
	for _, name := range names(t, dir) {
		if !strings.HasPrefix(name, "app.log") {
			continue
		}
		for line := range strings.Lines(plain(t, filepath.Join(dir, name))) {
			var g, i int
			var rest string
			_, err := fmt.Sscanf(line, "%d/%d %s\n", &g, &i, &rest)
			require.NoError(t, err, "torn line %q in %s", line, name)
			require.Len(t, rest, 60, "torn line %q in %s", line, name)
			if seen[g][i] {
				require.NotZero(t, repeated, "%s twice", line)
				repeated--
				continue
			}
			seen[g][i] = true
			total++
		}
	}
	want := 0
	for _, n := range accepted {
		want += n
	}
	assert.Equal(t, want, total, "lines lost")
}

func TestWatchedFileUnderLoadWhileOthersRename(t *testing.T) {
	for name, look := range lookers {
		t.Run(name, func(t *testing.T) {
			look(t)
			f, dir := watched(t, WatchedFileConfig{})
			stop := pour(t, f, 2)
			path := filepath.Join(dir, "app.log")
			for i := range 30 {
				before := f.Stats()
				require.NoError(t, os.Rename(path, fmt.Sprintf("%s.%d", path, i)))
				require.Eventually(t, func() bool { return f.Stats().Opens > before.Opens && exists(path) }, 5*time.Second, time.Millisecond)
			}
			accepted := stop()
			checkPoured(t, dir, accepted, f.Stats().Repeated)
		})
	}
}

func TestWatchedFileUnderLoadWhileOthersRemove(t *testing.T) {
	for name, look := range lookers {
		t.Run(name, func(t *testing.T) {
			look(t)
			f, dir := watched(t, WatchedFileConfig{})
			stop := pour(t, f, 2)
			path := filepath.Join(dir, "app.log")
			for range 20 {
				before := f.Stats()
				require.NoError(t, os.Remove(path))
				require.Eventually(t, func() bool { return f.Stats().Opens > before.Opens && exists(path) }, 5*time.Second, time.Millisecond)
			}
			stop()
			assert.Zero(t, f.Stats().Refused)
			for line := range strings.Lines(read(t, path)) {
				require.Regexp(t, `^[01]/\d+ x{60}\n$`, line)
			}
		})
	}
}

func TestWatchedFileAndTheRealLogrotate(t *testing.T) {
	program := peers.Program(t, "logrotate")
	for name, look := range lookers {
		for _, directives := range []string{"create", "nocreate", "create compress nodelaycompress", "create compress delaycompress"} {
			t.Run(name+", "+directives, func(t *testing.T) {
				look(t)
				for !followsLogrotate(t, program, directives) {
				}
			})
		}
		t.Run(name+", copytruncate", func(t *testing.T) {
			look(t)
			f, dir := watched(t, WatchedFileConfig{})
			stop := pour(t, f, 2)
			for range 6 {
				logrotate(t, program, dir, "copytruncate")
			}
			stop()
			for file, text := range tree(t, dir) {
				assert.NotContains(t, text, "\x00", file)
			}
			for line := range strings.Lines(read(t, filepath.Join(dir, "app.log"))) {
				require.Regexp(t, `^[01]/\d+ x{60}\n$`, line)
			}
		})
	}
}

// followsLogrotate has a file rotated six times while it is written. It is false if logrotate has lost some of it.
func followsLogrotate(t *testing.T, program, directives string) (all bool) {
	t.Helper()
	f, dir := watched(t, WatchedFileConfig{})
	stop := pour(t, f, 2)
	for range 6 {
		before := f.Stats()
		if !logrotate(t, program, dir, directives) {
			stop()
			return false
		}
		require.Eventually(t, func() bool { return f.Stats().Opens > before.Opens }, 5*time.Second, time.Millisecond)
	}
	accepted := stop()
	checkPoured(t, dir, accepted, f.Stats().Repeated)
	return true
}

// logrotate rotates the log in dir. Where it finds a file that was made in the place of the one it has renamed it moves that away under a
// name that is the same for an hour: this is made another. It is false if that happened more than once: then the first is gone.
func logrotate(t *testing.T, program, dir, directives string) (all bool) {
	t.Helper()
	conf := filepath.Join(dir, "logrotate.conf")
	text := fmt.Sprintf("%q {\n rotate 100\n size 1\n %s\n}\n", filepath.Join(dir, "app.log"), strings.ReplaceAll(directives, " ", "\n "))
	require.NoError(t, os.WriteFile(conf, []byte(text), 0o600))
	out, err := exec.Command(program, "-f", "-s", filepath.Join(dir, "state"), conf).CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(out) > 0 && strings.Contains(string(out), "gzip") {
		t.Skipf("logrotate has no gzip here: %s", out)
	}
	switch strings.Count(string(out), "already exists, renaming") {
	case 0:
		require.NoError(t, err, "%s", out)
	case 1:
		require.NoError(t, err, "%s", out)
		moved, err := filepath.Glob(filepath.Join(dir, "*.backup"))
		require.NoError(t, err)
		require.Len(t, moved, 1, "%s", out)
		require.NoError(t, os.Rename(moved[0], fmt.Sprintf("%s.%d", moved[0], time.Now().UnixNano())))
	default:
		return false
	}
	return true
}
