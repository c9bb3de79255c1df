package writesyncers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/zaphandlers/writesyncers/internal/backups"
	"example.com/zaphandlers/writesyncers/internal/fsys"
	"example.com/zaphandlers/writesyncers/internal/rotation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// copyFile is a Rotator that leaves the file.
func copyFile(src, dst string) error {
	b, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	return os.WriteFile(dst, b, 0o600)
}

// If a file of a killed process is refused its name at the next start, that is tried again. Else the log would never roll over again.
func TestALeftFileThatIsRefusedItsNameAtTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	hidden := filepath.Join(filepath.Dir(path), ".app.log.rotation")
	require.NoError(t, os.Mkdir(hidden, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(hidden, "out-00000000000000000001-1-1"), []byte("left\n"), 0o600))
	var told errorLog
	var works atomic.Bool
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 100, BackupCount: 5, OnError: told.add, Rotator: func(src, dst string) error {
		if !works.Load() {
			return errors.New("refused")
		}
		return os.Rename(src, dst)
	}})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(told.list()) == 1 }, 10*time.Second, time.Millisecond)
	write(t, f, "first\n")
	assert.ErrorContains(t, f.Rollover(), "refused")
	works.Store(true)
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Close())
	assert.Equal(t, "first\n", read(t, path+".1"))
	assert.Equal(t, "left\n", read(t, path+".2"))
	require.Len(t, told.list(), 2, "%v", told.list())
	assert.ErrorContains(t, told.list()[1], "works again")
	assert.Equal(t, []string{"app.log", "app.log.1", "app.log.2"}, names(t, filepath.Dir(path)))
}

// If a file cannot be removed after it was copied to its backup, because a virus scanner on Windows has it open, it is removed later, and
// makes no second backup; OnRotate is called once.
func TestAFileThatCannotBeRemovedBehindItsBackup(t *testing.T) {
	defer func(remove func(string) error) { rotation.RemoveFile = remove }(rotation.RemoveFile)
	for name, cfg := range map[string]RotatingFileConfig{
		"Compress": {Compress: Gzip},
		"Rotator":  {Rotator: copyFile},
	} {
		t.Run(name, func(t *testing.T) {
			refuse := true
			rotation.RemoveFile = func(path string) error {
				if refuse && strings.HasPrefix(filepath.Base(path), "out-") {
					return &os.PathError{Op: "remove", Path: path, Err: os.ErrPermission}
				}
				return os.Remove(path)
			}
			var told errorLog
			var rotated []string
			cfg.MaxBytes, cfg.BackupCount, cfg.OnError = 1000, 5, told.add
			cfg.OnRotate = func(_, backup string) { rotated = append(rotated, filepath.Base(backup)) }
			f, dir := rotating(t, cfg)
			write(t, f, "first\n")
			err := f.Rollover()
			require.Error(t, err)
			assert.NotContains(t, fmt.Sprint(err, told.list()), ".rotation", "a name that is hidden")
			refuse = false
			write(t, f, "second\n")
			require.NoError(t, f.Rollover())
			require.NoError(t, f.Close())
			backups, err := f.Backups()
			require.NoError(t, err)
			var texts []string
			for _, backup := range backups {
				texts = append(texts, plain(t, backup))
			}
			assert.Equal(t, []string{"second\n", "first\n"}, texts)
			first := filepath.Base(backups[0])
			assert.Equal(t, []string{first, first}, rotated, "each was the first when it was told")
			assert.Len(t, names(t, dir), 3)
			assert.ErrorContains(t, told.list()[len(told.list())-1], "works again", fmt.Sprint(told.list()))
		})
	}
}

// If a Namer gives names that end in .gz, a backup that could not be compressed has such a name as well, and is compressed later.
func TestAPlainFileUnderACompressedName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(path+".1.gz", []byte("plain\n"), 0o640))
	require.NoError(t, os.WriteFile(path, []byte("first\n"), 0o640))
	f, err := NewRotatingFile(RotatingFileConfig{
		Path: path, BackupCount: 5, Compress: Gzip, Namer: func(name string) string { return name + gz }, OnError: unexpected(t),
	})
	require.NoError(t, err)
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz"}, names(t, filepath.Dir(path)))
	assert.Equal(t, "first\n", plain(t, path+".1.gz"))
	assert.Equal(t, "plain\n", plain(t, path+".2.gz"))
	assert.EqualValues(t, 2, f.Stats().Compressed)
}

// If a backup was compressed in place, and its plain form cannot be removed then, that is tried again before the next start.
func TestABackupThatCannotBeRemovedBehindItsCompressedForm(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(path+".1", []byte("plain\n"), 0o640))
	var works atomic.Bool
	defer func(remove func(string) error) { backups.RemoveFile = remove }(backups.RemoveFile)
	backups.RemoveFile = func(path string) error {
		if !works.Load() {
			return &os.PathError{Op: "remove", Path: path, Err: os.ErrPermission}
		}
		return os.Remove(path)
	}
	var told errorLog
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, BackupCount: 5, Compress: Gzip, OnError: told.add})
	require.NoError(t, err)
	write(t, f, "first\n")
	require.NoError(t, f.Rollover())
	require.Eventually(t, func() bool { return len(told.list()) == 1 }, 10*time.Second, time.Millisecond)
	works.Store(true)
	write(t, f, "second\n")
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz", "app.log.3.gz"}, names(t, filepath.Dir(path)))
	assert.Equal(t, "plain\n", plain(t, path+".3.gz"))
	assert.EqualValues(t, 3, f.Stats().Compressed)
	require.Len(t, told.list(), 2, "%v", told.list())
	assert.ErrorContains(t, told.list()[1], "works again")
}

// If a hook ends its goroutine while it handles a file of a killed process, neither a descriptor nor the lock of that file stays: the next
// files would wait a minute each.
func TestAHookThatExitsOverALeftFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	hidden := filepath.Join(filepath.Dir(path), ".app.log.rotation")
	require.NoError(t, os.Mkdir(hidden, 0o755))
	left := filepath.Join(hidden, "out-00000000000000000001-1-1")
	require.NoError(t, os.WriteFile(left, []byte("left\n"), 0o600))
	var told errorLog
	var works atomic.Bool
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 100, BackupCount: 5, OnError: told.add, Rotator: func(src, dst string) error {
		if !works.Load() {
			runtime.Goexit()
		}
		return os.Rename(src, dst)
	}})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(told.list()) == 1 }, 10*time.Second, time.Millisecond)
	assert.False(t, fsys.Held(left))
	works.Store(true)
	write(t, f, "first\n")
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Close())
	assert.Equal(t, "first\n", read(t, path+".1"))
	assert.Equal(t, "left\n", read(t, path+".2"))
}

// If a Rotator copies a file of a killed process, and the file cannot be removed then, it gets one backup, however often that is tried:
// each further one would push out a good one.
func TestALeftFileThatCannotBeRemovedBehindItsCopy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	hidden := filepath.Join(filepath.Dir(path), ".app.log.rotation")
	require.NoError(t, os.Mkdir(hidden, 0o755))
	left := filepath.Join(hidden, "out-00000000000000000001-1-1")
	require.NoError(t, os.WriteFile(left, []byte("left\n"), 0o600))
	var works atomic.Bool
	defer func(remove func(string) error) { rotation.RemoveFile = remove }(rotation.RemoveFile)
	rotation.RemoveFile = func(path string) error {
		if path == left && !works.Load() {
			return &os.PathError{Op: "remove", Path: path, Err: os.ErrPermission}
		}
		return os.Remove(path)
	}
	var told errorLog
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, BackupCount: 5, OnError: told.add, Compress: Gzip, Rotator: copyFile})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(told.list()) == 1 }, 10*time.Second, time.Millisecond)
	write(t, f, "first\n")
	require.Error(t, f.Rollover())
	require.Error(t, f.Rollover())
	assert.False(t, exists(path+".2"))
	works.Store(true)
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz"}, names(t, filepath.Dir(path)))
	assert.Equal(t, "first\n", plain(t, path+".1.gz"))
	assert.Equal(t, "left\n", plain(t, path+".2.gz"))
}

// A file that is refused its name only after Close has stopped waiting, or in the hook that calls Close, is closed all the same. Else a
// program that opens the log again could not name it, and would wait for it at each rollover.
func TestAFileThatIsRefusedItsNameAfterClose(t *testing.T) {
	for name, stuck := range map[string]bool{"Close in the hook": false, "Close without the hook": true} {
		t.Run(name, func(t *testing.T) {
			var f *RotatingFile
			answer := make(chan struct{})
			f, dir := rotating(t, RotatingFileConfig{MaxBytes: 2 << 20, BackupCount: 5, OnError: func(error) {}, Rotator: func(string, string) error {
				if stuck {
					<-answer
				} else {
					_ = f.Close()
				}
				return errors.New("refused")
			}})
			write(t, f, "first\n")
			if stuck {
				rotation.ShortWait.Store(int64(time.Millisecond))
				defer rotation.ShortWait.Store(0)
			}
			assert.Error(t, f.Rollover())
			if stuck {
				assert.Error(t, f.Close())
				rotation.ShortWait.Store(0)
			}
			hidden := filepath.Join(dir, ".app.log.rotation")
			left := filepath.Join(hidden, names(t, hidden)[0])
			close(answer)
			assert.Eventually(t, func() bool { return !fsys.Held(left) }, 10*time.Second, time.Millisecond)
			again, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), BackupCount: 5, OnError: unexpected(t)})
			require.NoError(t, err)
			require.NoError(t, again.Close())
			assert.Equal(t, []string{"app.log", "app.log.1"}, names(t, dir))
		})
	}
}

// Close does not wait to the end for a slow hook, on a file that was refused its name before, and returns an error.
func TestAHookThatTakesItsTimeAtClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := true
		answer := make(chan struct{})
		path := filepath.Join(t.TempDir(), "app.log")
		f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 100, BackupCount: 5, OnError: func(error) {}, Rotator: func(src, dst string) error {
			if first {
				first = false
				return errors.New("refused")
			}
			<-answer
			return os.Rename(src, dst)
		}})
		require.NoError(t, err)
		write(t, f, "first\n")
		require.ErrorContains(t, f.Rollover(), "refused")
		assert.ErrorContains(t, f.Close(), "a hook or another process takes too long")
		close(answer)
		synctest.Wait()
		assert.Equal(t, "first\n", read(t, path+".1"))
	})
}
