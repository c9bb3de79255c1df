//go:build unix

package writesyncers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/fsys"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The file was removed, and no other can be opened: records written to it would be lost. Once a writer has noticed that, no record counts
// as written.
func TestNoRecordIsWrittenToAFileThatNobodyCanFind(t *testing.T) {
	watch := func(cfg WatchedFileConfig) func(path string, onError func(error)) (writeCloser, error) {
		return func(path string, onError func(error)) (writeCloser, error) {
			cfg.Path, cfg.OnError = path, onError
			return NewWatchedFile(cfg)
		}
	}
	for name, open := range map[string]func(path string, onError func(error)) (writeCloser, error){
		"every record":         watch(WatchedFileConfig{}),
		"notify":               watch(WatchedFileConfig{Notify: true}),
		"check every":          watch(WatchedFileConfig{CheckEvery: 5 * time.Millisecond}),
		"buffer":               watch(WatchedFileConfig{Buffer: 10, FlushEvery: -1}),
		"buffer, check every":  watch(WatchedFileConfig{Buffer: 10, FlushEvery: -1, CheckEvery: 5 * time.Millisecond}),
		"fsync each":           watch(WatchedFileConfig{Fsync: FsyncEach, CheckEvery: 5 * time.Millisecond}),
		"only when told, told": watch(WatchedFileConfig{CheckEvery: -1}),
		"full": func(path string, onError func(error)) (writeCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 50, BackupCount: 3, OnError: onError})
		},
		"full, buffer": func(path string, onError func(error)) (writeCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 50, BackupCount: 3, Buffer: 10, FlushEvery: -1, OnError: onError})
		},
		"a period is over": func(path string, onError func(error)) (writeCloser, error) {
			return NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "S", OnError: onError})
		},
		"shared": func(path string, onError func(error)) (writeCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 20, BackupCount: 3, Shared: true, OnError: onError})
		},
		"shared, buffer": func(path string, onError func(error)) (writeCloser, error) {
			return NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 1 << 20, BackupCount: 3, Shared: true, Buffer: 10, FlushEvery: -1, OnError: onError})
		},
		"shared, by time": func(path string, onError func(error)) (writeCloser, error) {
			return NewTimedRotatingFile(TimedRotatingFileConfig{Path: path, When: "D", Shared: true, OnError: onError})
		},
	} {
		for how, vanish := range map[string]func(dir string) error{
			"the directory is gone": os.RemoveAll,
			"a file is in its place": func(dir string) error {
				if err := os.RemoveAll(dir); err != nil {
					return err
				}
				return os.WriteFile(dir, nil, 0o600)
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "logs")
				require.NoError(t, os.Mkdir(dir, 0o755))
				f, err := open(filepath.Join(dir, "app.log"), func(error) {})
				require.NoError(t, err)
				write(t, f, "before\n")
				require.NoError(t, f.Sync())
				require.NoError(t, vanish(dir))
				record := []byte("a record\n") // of 9 bytes: the buffer is written with each second
				require.Eventually(t, func() bool {
					if w, ok := f.(*WatchedFile); ok && strings.HasPrefix(name, "only") {
						_ = w.ReopenIfNeeded()
					}
					_, err := f.Write(record)
					return err != nil
				}, 5*time.Second, time.Millisecond, "the loss is found")
				for range 20 {
					_, err := f.Write(record)
					assert.Error(t, err, "written to a file without a name")
				}
				require.NoError(t, os.RemoveAll(dir))
				require.NoError(t, os.Mkdir(dir, 0o755))
				require.Eventually(t, func() bool { _, err := f.Write([]byte("after\n")); return err == nil }, 5*time.Second, time.Millisecond)
				require.NoError(t, f.Close())
				assert.Contains(t, read(t, filepath.Join(dir, "app.log")), "after\n")
			})
		}
	}
}

// If another program has cut or emptied a file, its new size counts.
func TestAFileThatWasCutFromOutsideIsAsLongAsItIs(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 1000, BackupCount: 3})
	path := filepath.Join(dir, "app.log")
	line := strings.Repeat("x", 99) + "\n"
	for range 9 {
		write(t, f, line)
	}
	require.NoError(t, os.Truncate(path, 0))
	for i := range 9 {
		write(t, f, line)
		assert.Equal(t, []string{"app.log"}, names(t, dir), "after %d records", i+1)
	}
	write(t, f, line)
	assert.Equal(t, []string{"app.log", "app.log.1"}, names(t, dir))
	assert.Len(t, read(t, filepath.Join(dir, "app.log.1")), 900)

	require.NoError(t, os.Truncate(path, 0))
	require.NoError(t, f.Rollover())
	assert.Equal(t, []string{"app.log", "app.log.1"}, names(t, dir), "an empty backup pushes no other out")
}

func TestRolloverBeforeTheFirstRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(path, []byte("found\n"), 0o600))
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, BackupCount: 1, Delay: true, OnError: unexpected(t)})
	require.NoError(t, err)
	require.NoError(t, f.Rollover())
	require.NoError(t, f.Close())
	assert.Equal(t, map[string]string{"app.log": "", "app.log.1": "found\n"}, tree(t, filepath.Dir(path)))
}

// A backup that cannot be compressed is compressed later, and only then is the failure over.
func TestACompressionThatFailedIsTriedAgain(t *testing.T) {
	var told errorLog
	f, dir := rotating(t, RotatingFileConfig{BackupCount: 5, Compress: Gzip, OnError: told.add})
	rolls(t, f, "one\n")
	other, err := os.OpenFile(filepath.Join(dir, "app.log"), os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	require.True(t, fsys.LockShared(other))
	rolls(t, f, "two\n")
	assert.Equal(t, []string{"app.log", "app.log.1", "app.log.2.gz"}, names(t, dir))
	require.Len(t, told.list(), 1)
	assert.ErrorContains(t, told.list()[0], "still writes to it")
	require.NoError(t, other.Close())
	rolls(t, f, "three\n")
	require.NoError(t, f.Close())
	assert.Equal(t, []string{"app.log", "app.log.1.gz", "app.log.2.gz", "app.log.3.gz"}, names(t, dir))
	require.Len(t, told.list(), 2)
	assert.ErrorContains(t, told.list()[1], "works again after 1 failure")
}

// A directory that may be written and not read rotates; so does a name that leaves no room for more.
func TestRotationWhereItIsTight(t *testing.T) {
	for name, path := range map[string]func(dir string) string{
		"a directory that cannot be read": func(dir string) string {
			require.NoError(t, os.Chmod(dir, 0o333))
			return filepath.Join(dir, "app.log")
		},
		"a name of 250 bytes":             func(dir string) string { return filepath.Join(dir, strings.Repeat("n", 250)) },
		"a name that is short of letters": func(dir string) string { return filepath.Join(dir, strings.Repeat("ü", 120)+"\n") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := NewRotatingFile(RotatingFileConfig{Path: path(dir), MaxBytes: 100, BackupCount: 3, OnError: unexpected(t)})
			require.NoError(t, err)
			for i := range 30 {
				write(t, f, fmt.Sprintf("record %d\n", i))
			}
			require.NoError(t, f.Close())
			require.NoError(t, os.Chmod(dir, 0o755))
			assert.Len(t, names(t, dir), 4)
		})
	}
}

// In a directory like /tmp anybody may have made what looks like the hidden directory. It is not used; the log goes on.
func TestAHiddenDirectoryThatIsATrap(t *testing.T) {
	for name, trap := range map[string]func(t *testing.T, hidden, elsewhere string) error{
		"a link": func(_ *testing.T, hidden, elsewhere string) error { return os.Symlink(elsewhere, hidden) },
		"a file": func(_ *testing.T, hidden, _ string) error { return os.WriteFile(hidden, nil, 0o600) },
		"another user's": func(t *testing.T, hidden, _ string) error {
			if os.Getuid() != 0 {
				t.Skip("only root can give a directory away")
			}
			return errors.Join(os.Mkdir(hidden, 0o777), os.Chown(hidden, 65534, 65534), os.Chmod(filepath.Dir(hidden), 0o777|os.ModeSticky))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var told errorLog
			elsewhere := t.TempDir()
			f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: 2, OnError: told.add})
			require.NoError(t, trap(t, filepath.Join(dir, ".app.log.rotation"), elsewhere))
			for i := range 30 {
				write(t, f, fmt.Sprintf("record %d\n", i))
			}
			require.Len(t, told.list(), 1)
			assert.ErrorContains(t, told.list()[0], "rotate "+f.path+": use "+f.path+": the hidden directory beside it is a link, a file, or another user's")
			assert.Len(t, strings.Split(read(t, f.path), "\n"), 31)
			assert.Empty(t, names(t, elsewhere))
			require.NoError(t, f.Close())
		})
	}
}
