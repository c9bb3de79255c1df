//go:build linux

package writesyncers

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// owner returns the user and group of a file.
func owner(info fs.FileInfo) string {
	st := info.Sys().(*syscall.Stat_t)
	return fmt.Sprint(struct{ UID, GID uint32 }{st.Uid, st.Gid})
}

// descriptors counts those this process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	return len(names(t, "/proc/self/fd"))
}

func TestOpenWriteCloseLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	cycle := func(i int) {
		f, err := NewRotatingFile(RotatingFileConfig{
			Path: filepath.Join(dir, "app.log"), MaxBytes: 2 << 20, BackupCount: 2, Compress: Gzip,
			Fsync: FsyncInterval, OnRotate: func(string, string) {}, OnError: unexpected(t),
		})
		require.NoError(t, err)
		write(t, f, strings.Repeat("x", 1900<<10)+"\n", fmt.Sprintln(i), strings.Repeat("y", 200<<10)+"\n")
		require.NoError(t, f.Close())
		for _, w := range everyWriter(t, t.TempDir()) {
			write(t, w, "one\n", "two\n")
			require.NoError(t, w.Sync())
			require.NoError(t, w.Close())
		}
	}
	cycle(0) // the runtime opens what it waits with, once
	goroutines, open := runtime.NumGoroutine(), descriptors(t)
	for i := range 50 {
		cycle(i)
	}
	// One more is the goroutine that Eventually asks in.
	assert.Eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines+1 }, 5*time.Second, time.Millisecond)
	assert.Equal(t, open, descriptors(t))
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz"}, names(t, dir))
	assert.NoError(t, os.RemoveAll(dir))
}

// everyWriter opens one of each.
func everyWriter(t *testing.T, dir string) []writeCloser {
	path := func(name string) string { return filepath.Join(dir, name) }
	file, err := NewFile(FileConfig{Path: path("file"), Buffer: 100})
	require.NoError(t, err)
	watched, err := NewWatchedFile(WatchedFileConfig{Path: path("watched")})
	require.NoError(t, err)
	every, err := NewWatchedFile(WatchedFileConfig{Path: path("every"), CheckEvery: time.Millisecond})
	require.NoError(t, err)
	shared, err := NewRotatingFile(RotatingFileConfig{Path: path("shared"), MaxBytes: 5, BackupCount: 2, Shared: true})
	require.NoError(t, err)
	timed, err := NewTimedRotatingFile(TimedRotatingFileConfig{Path: path("timed"), When: "S", Fsync: FsyncEach})
	require.NoError(t, err)
	return []writeCloser{file, watched, every, shared, timed}
}

// The file opened ahead gets the permissions that the log has at the rollover, not those from before.
func TestPermissionsThatChangeAfterTheNextFileWasMade(t *testing.T) {
	for _, change := range []func(path string) error{
		func(path string) error { return os.Chmod(path, 0o600) },
		func(path string) error { return os.Chmod(path, 0o666) },
		func(path string) error {
			if os.Getuid() != 0 {
				return nil
			}
			return os.Chown(path, 12, 34)
		},
	} {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 2 << 20, BackupCount: 2})
		path := filepath.Join(dir, "app.log")
		write(t, f, strings.Repeat("x", 2<<20-100)+"\n")
		require.Eventually(t, func() bool {
			found, err := filepath.Glob(filepath.Join(dir, ".app.log.rotation", "next-*"))
			return err == nil && len(found) == 1
		}, 5*time.Second, time.Millisecond)
		require.NoError(t, change(path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		write(t, f, strings.Repeat("y", 200)+"\n")
		after, err := os.Stat(path)
		require.NoError(t, err)
		require.False(t, os.SameFile(info, after))
		assert.Equal(t, info.Mode(), after.Mode())
		assert.Equal(t, owner(info), owner(after))
		require.NoError(t, f.Close())
	}
}

func TestRotationKeepsPermissionsOfTheFile(t *testing.T) {
	for _, max := range []int64{5, 2 << 20} {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: max, BackupCount: 2})
		path := filepath.Join(dir, "app.log")
		require.NoError(t, os.Chmod(path, 0o600))
		if os.Getuid() == 0 {
			require.NoError(t, os.Chown(path, 12, 34))
		}
		rolls(t, f, "one\n", "two\n")
		require.NoError(t, f.Close())
		for _, name := range names(t, dir) {
			info, err := os.Stat(filepath.Join(dir, name))
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o600), info.Mode(), name)
			if os.Getuid() == 0 {
				assert.Equal(t, "{12 34}", owner(info), name)
			}
		}
	}
}
