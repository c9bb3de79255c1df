package writesyncers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// withDescriptors calls f while the process can open only that many more files: none or one.
func withDescriptors(t *testing.T, more int, f func()) {
	t.Helper()
	free, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	require.NoError(t, err)
	require.NoError(t, unix.Close(free))
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	few := limit
	few.Cur = uint64(free + more)
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)) }()
	f()
}

// A process that has no descriptor left cannot examine a backup. That does not make the backup foreign, or unused.
func TestNoDescriptorLeft(t *testing.T) {
	cfg := RotatingFileConfig{Path: filepath.Join(t.TempDir(), "app.log"), BackupCount: 3, Compress: Gzip, OnError: unexpected(t)}
	first, err := NewRotatingFile(cfg)
	require.NoError(t, err)
	rolls(t, first, "one\n")
	require.NoError(t, first.Close()) // what it opens and closes in the background has come to its end
	f, err := NewRotatingFile(cfg)
	require.NoError(t, err)
	defer f.Close()
	one, err := os.ReadFile(f.path + ".1.gz")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.path+".2.gz", one, 0o600)) // the other one was looked at when it was opened
	withDescriptors(t, 0, func() {
		_, err := f.Backups()
		require.ErrorIs(t, err, unix.EMFILE)
		require.True(t, fsys.Held(f.path))
	})
	found, err := f.Backups()
	require.NoError(t, err)
	require.Equal(t, []string{f.path + ".1.gz", f.path + ".2.gz"}, found)
}

// Nor can it find out whether a file is the log of another program.
func TestNoDescriptorLeftBesideTheLogOfAnother(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 1 << 20, BackupCount: 3})
	other, err := os.OpenFile(filepath.Join(dir, "app.log.1"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	require.NoError(t, err)
	defer other.Close()
	withDescriptors(t, 0, func() {
		_, err := f.Backups()
		require.ErrorIs(t, err, unix.EMFILE)
	})
	rolls(t, f, "one\n", "two\n")
	found, err := f.Backups()
	require.NoError(t, err)
	require.Equal(t, []string{f.path + ".2", f.path + ".3"}, found)
}

// A torn line is noticed before the first record, even if the file could not be read when it was opened.
func TestNoDescriptorLeftAtATornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.log")
	require.NoError(t, os.WriteFile(path, []byte("whole\nhal"), 0o600))
	var f *File
	withDescriptors(t, 1, func() {
		var err error
		f, err = NewFile(FileConfig{Path: path})
		require.NoError(t, err)
	})
	write(t, f, "next\n")
	require.NoError(t, f.Close())
	require.Equal(t, "whole\nhal\nnext\n", read(t, path))
}
