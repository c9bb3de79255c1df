//go:build unix

package writesyncers

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

func init() { children["shared"] = sharedChild }

// sharedChild writes numbered records to the shared path and says that all were accepted.
func sharedChild() error {
	f, err := NewRotatingFile(sharedConfig())
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(os.Getenv("SHARED_COUNT"))
	if err != nil {
		return err
	}
	for i := range count {
		if _, err := fmt.Fprintf(f, "%s/%d %s\n", os.Getenv("SHARED_NAME"), i, strings.Repeat("x", 60)); err != nil {
			return err
		}
	}
	return f.Close()
}

func sharedConfig() RotatingFileConfig {
	return RotatingFileConfig{
		Path: os.Getenv("SHARED_PATH"), MaxBytes: 500_000, BackupCount: -1, Shared: os.Getenv("SHARED") == "yes",
		Compress: os.Getenv("SHARED_COMPRESS"), Fsync: FsyncNever,
	}
}

func TestTwoProcessesOnOnePath(t *testing.T) {
	for _, tt := range []struct {
		shared, compress string
		count            int
	}{{"yes", "", 100_000}, {"yes", Gzip, 40_000}, {"no", "", 40_000}, {"no", Gzip, 40_000}} {
		t.Run(fmt.Sprintf("shared %s, compress %q", tt.shared, tt.compress), func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("SHARED_PATH", filepath.Join(dir, "app.log"))
			t.Setenv("SHARED", tt.shared)
			t.Setenv("SHARED_COUNT", strconv.Itoa(tt.count))
			t.Setenv("SHARED_COMPRESS", tt.compress)
			var wg sync.WaitGroup
			for g := range 2 {
				wg.Go(func() { assert.NoError(t, child(t, "shared", fmt.Sprintf("SHARED_NAME=%d", g)).Run()) })
			}
			wg.Wait()
			checkPoured(t, dir, []int{tt.count, tt.count}, 0)
			rotations := 0
			for _, name := range names(t, dir) {
				assert.False(t, strings.HasPrefix(name, "."), "left over: %s", name)
				rotations++
			}
			assert.Greater(t, rotations, 5)
			if tt.shared == "yes" {
				for _, name := range names(t, dir) {
					assert.Less(t, len(plain(t, filepath.Join(dir, name))), 1_000_000, name)
				}
			}
		})
	}
}

func TestSharedInstancesThatLagAreFollowedUp(t *testing.T) {
	dir := t.TempDir()
	cfg := RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 100, BackupCount: 2, Shared: true, OnError: unexpected(t)}
	busy, err := NewRotatingFile(cfg)
	require.NoError(t, err)
	idle, err := NewRotatingFile(cfg)
	require.NoError(t, err)
	write(t, idle, "the lagging one's\n")
	for i := range 60 {
		write(t, busy, fmt.Sprintf("record %d\n", i))
	}
	assert.Contains(t, allLines(t, dir, "app.log"), "the lagging one's", "a backup that somebody writes to is not removed")
	opens := idle.Stats().Opens
	require.Eventually(t, func() bool { return idle.Stats().Opens > opens }, 10*time.Second, 10*time.Millisecond)
	write(t, idle, "again\n")
	assert.Contains(t, read(t, filepath.Join(dir, "app.log")), "again\n")
	for i := range 60 {
		write(t, busy, fmt.Sprintf("record %d\n", i))
	}
	require.NoError(t, idle.Close())
	require.NoError(t, busy.Rollover())
	require.NoError(t, busy.Close())
	assert.LessOrEqual(t, len(names(t, dir)), 4)
}

// A writer that is overtaken opens the file of the other one, and rolls it over if it is full as well. If it is overtaken again, it
// opens the next file, and the record goes there.
func TestSharedFileOfAnotherIsFull(t *testing.T) {
	for _, tt := range []struct {
		overtaken int
		rotations uint64
		log       string
	}{
		{1, 1, "late\n"},
		{100, 0, "another one's\nlate\n"},
	} {
		path := filepath.Join(t.TempDir(), "app.log")
		cfg := RotatingFileConfig{Path: path, BackupCount: -1, Shared: true, OnError: unexpected(t)}
		other, err := NewRotatingFile(cfg)
		require.NoError(t, err)
		defer other.Close()
		overtaken := 0
		cfg.ShouldRollover = func(size int64, _ int) bool {
			if overtaken > 0 {
				overtaken--
				require.NoError(t, other.Rollover())
				write(t, other, "another one's\n")
			}
			return size > 0
		}
		late, err := NewRotatingFile(cfg)
		require.NoError(t, err)
		defer late.Close()
		write(t, late, "first\n")
		overtaken = tt.overtaken
		write(t, late, "late\n")
		assert.Equal(t, tt.log, read(t, path))
		assert.Equal(t, tt.rotations, late.Stats().Rotations)
		assert.Equal(t, uint64(3), late.Stats().Opens)
	}
}

func TestSharedTimedFilesRollOverOnce(t *testing.T) {
	dir := t.TempDir()
	open := func() *TimedRotatingFile {
		f, err := NewTimedRotatingFile(TimedRotatingFileConfig{
			Path: filepath.Join(dir, "app.log"), When: "S", Interval: 1, Location: time.UTC, Shared: true, OnError: unexpected(t),
		})
		require.NoError(t, err)
		return f
	}
	one, other := open(), open()
	seen := 0
	require.Eventually(t, func() bool {
		write(t, one, "one\n")
		write(t, other, "other\n")
		seen++
		return one.Stats().Rotations+other.Stats().Rotations >= 3
	}, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, one.Close())
	require.NoError(t, other.Close())
	assert.Len(t, allLines(t, dir, "app.log"), 2*seen)
	for _, name := range names(t, dir) {
		assert.LessOrEqual(t, len(strings.Split(name, ".")), 3, "a period of its own for each backup: %v", names(t, dir))
	}
}

// A file that another writer has made in the period that has ended is rolled over as well.
func TestSharedTimedFileOfAnotherIsOld(t *testing.T) {
	dir := t.TempDir()
	clock := &fakeClock{now: time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)}
	open := func() *TimedRotatingFile {
		f, err := NewTimedRotatingFile(TimedRotatingFileConfig{
			Path: filepath.Join(dir, "app.log"), When: "midnight", Location: time.UTC, Clock: clock, Shared: true, OnError: unexpected(t),
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	late, other := open(), open()
	write(t, late, "1st\n")
	require.NoError(t, other.Rollover())
	write(t, other, "1st, another one's\n")
	clock.set(time.Date(2024, 3, 2, 1, 0, 0, 0, time.UTC))
	write(t, late, "2nd\n")
	require.NoError(t, late.Close())
	assert.Equal(t, map[string]string{
		"app.log": "2nd\n", "app.log.2024-03-01": "1st\n", "app.log.2024-03-01.1": "1st, another one's\n",
	}, tree(t, dir))
}

// Processes that start one after the other agree when the period of a file ends: each would begin one of its own else.
func TestSharedTimedFilesAgreeOnThePeriod(t *testing.T) {
	const interval = 2
	dir := t.TempDir()
	open := func() *TimedRotatingFile {
		f, err := NewTimedRotatingFile(TimedRotatingFileConfig{
			Path: filepath.Join(dir, "app.log"), When: "S", Interval: interval, Location: time.UTC, Shared: true, OnError: unexpected(t),
		})
		require.NoError(t, err)
		return f
	}
	one := open()
	begun := time.Now().Unix()
	require.Eventually(t, func() bool { return time.Now().Unix() > begun }, 5*time.Second, time.Millisecond, "another second")
	other := open()
	require.Eventually(t, func() bool {
		write(t, one, "one\n")
		write(t, other, "other\n")
		return one.Stats().Rotations+other.Stats().Rotations >= 3
	}, 30*time.Second, 5*time.Millisecond)
	require.NoError(t, one.Close())
	require.NoError(t, other.Close())
	var before time.Time
	for _, name := range names(t, dir) {
		label, backup := strings.CutPrefix(name, "app.log.")
		if !backup {
			continue
		}
		at, err := time.Parse("2006-01-02_15-04-05", label)
		require.NoError(t, err, "a period of its own for each backup")
		assert.GreaterOrEqual(t, at.Sub(before), interval*time.Second, "%v", names(t, dir))
		before = at
	}
}

// The backup that OnRotate is told of keeps its name as long as that runs, also from other processes.
func TestSharedWhileOnRotateRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "app.log")
		left := filepath.Join(filepath.Dir(path), ".app.log.rotation", "hook-00000000000000000001-1-1") // by a process that was killed in its hook
		require.NoError(t, os.Mkdir(filepath.Dir(left), 0o755))
		require.NoError(t, os.WriteFile(left, nil, 0o600))
		told, release := make(chan string), make(chan struct{})
		open := func(hook func(string, string)) *RotatingFile {
			f, err := NewRotatingFile(RotatingFileConfig{Path: path, BackupCount: 2, Shared: true, OnRotate: hook, OnError: unexpected(t)})
			require.NoError(t, err)
			return f
		}
		one, other := open(func(_, backup string) { told <- backup; <-release }), open(func(string, string) {})
		write(t, one, "one\n")
		answers := make(chan error, 2)
		go func() { answers <- one.Rollover() }()
		backup := <-told
		time.Sleep(2 * 100 * time.Millisecond) // until the other has noticed
		write(t, other, "other\n")
		go func() { answers <- other.Rollover() }()
		for range 5 {
			time.Sleep(time.Second)
			require.Equal(t, "one\n", read(t, backup))
		}
		close(release)
		require.NoError(t, <-answers)
		require.NoError(t, <-answers)
		require.Equal(t, map[string]string{"app.log": "", "app.log.1": "other\n", "app.log.2": "one\n"}, tree(t, filepath.Dir(path)))
		require.NoError(t, one.Close())
		require.NoError(t, other.Close())
	})
}

// What a Rotator has moved is compressed when the other processes have noticed that it is a backup.
func TestSharedRotatorAndCompress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := RotatingFileConfig{
			Path: filepath.Join(t.TempDir(), "app.log"), BackupCount: 2, Shared: true, Rotator: os.Rename, Compress: Gzip, OnError: unexpected(t),
		}
		one, err := NewRotatingFile(cfg)
		require.NoError(t, err)
		other, err := NewRotatingFile(cfg)
		require.NoError(t, err)
		write(t, other, "other\n")
		write(t, one, "one\n")
		require.NoError(t, one.Rollover())
		require.FileExists(t, cfg.Path+".1.gz")
		require.NoFileExists(t, cfg.Path+".1")
		require.NoError(t, one.Close())
		require.NoError(t, other.Close())
	})
}

func TestSharedBesideAFileInThePlaceOfTheHiddenDirectory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(path), ".app.log.rotation"), nil, 0o600))
	_, err := NewRotatingFile(RotatingFileConfig{Path: path, BackupCount: 1, Shared: true})
	require.EqualError(t, err, "writesyncers: Shared: "+path+": use "+path+": the hidden directory beside it is a link, a file, or another user's")
}

// A backup that a process still writes to is the business of the one that has rolled it out: it waits, and tells. Others do not.
func TestSharedTellsOnceOfABackupInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told errorLog
		cfg := RotatingFileConfig{
			Path: filepath.Join(t.TempDir(), "app.log"), BackupCount: 3, Shared: true, Rotator: os.Rename, Compress: Gzip, OnError: told.add,
		}
		one, err := NewRotatingFile(cfg)
		require.NoError(t, err)
		cfg.OnError = unexpected(t)
		other, err := NewRotatingFile(cfg)
		require.NoError(t, err)
		stopped, err := os.Open(cfg.Path)
		require.NoError(t, err)
		defer stopped.Close()
		require.True(t, fsys.LockShared(stopped))
		write(t, one, "one\n")
		require.NoError(t, one.Rollover())
		require.Len(t, told.list(), 1)
		require.ErrorContains(t, told.list()[0], "another process still writes to it")
		time.Sleep(2 * time.Second) // until the other has noticed
		write(t, other, "other\n")
		require.NoError(t, other.Rollover())
		require.FileExists(t, cfg.Path+".1.gz")
		require.FileExists(t, cfg.Path+".2")
		require.NoError(t, one.Close())
		require.NoError(t, other.Close())
	})
}
