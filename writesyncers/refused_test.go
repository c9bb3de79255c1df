//go:build linux

package writesyncers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/zaphandlers/writesyncers/internal/rotation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// immutable makes a directory refuse every change of names, for root as well, until it is called again with false.
func immutable(t *testing.T, dir string, on bool) { attribute(t, dir, 0x10, on) } // FS_IMMUTABLE_FL

// appendOnly makes a file refuse to be renamed, linked to or removed, for root as well.
func appendOnly(t *testing.T, file string, on bool) { attribute(t, file, 0x20, on) } // FS_APPEND_FL

func attribute(t *testing.T, dir string, flag uint32, on bool) {
	t.Helper()
	d, err := os.Open(dir)
	require.NoError(t, err)
	defer d.Close()
	flags, err := unix.IoctlGetUint32(int(d.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil {
		flags &^= flag
		if on {
			flags |= flag
		}
		err = unix.IoctlSetPointerInt(int(d.Fd()), unix.FS_IOC_SETFLAGS, int(flags))
	}
	if err != nil {
		t.Skipf("cannot set the attributes of a file here: %v", err)
	}
}

func TestRefusedRotationGoesOnInTheFileItHolds(t *testing.T) {
	for _, max := range []int64{300, 1 << 20} {
		t.Run(fmt.Sprint(max), func(t *testing.T) {
			var told errorLog
			f, dir := rotating(t, RotatingFileConfig{MaxBytes: max, BackupCount: -1, OnError: told.add})
			line := strings.Repeat("x", int(max/40))
			immutable(t, dir, true)
			t.Cleanup(func() { immutable(t, dir, false) })
			for i := range 100 {
				write(t, f, fmt.Sprintf("%d %s\n", i, line))
			}
			require.Len(t, told.list(), 1, "said once: %v", told.list())
			assert.ErrorContains(t, told.list()[0], "rotate "+f.path)
			assert.Equal(t, []string{"app.log"}, names(t, dir))

			immutable(t, dir, false)
			require.Eventually(t, func() bool {
				write(t, f, fmt.Sprintf("later %s\n", line))
				return f.Stats().Rotations > 0
			}, 10*time.Second, 10*time.Millisecond)
			require.NoError(t, f.Close())
			require.Len(t, told.list(), 2, "%v", told.list())
			assert.ErrorContains(t, told.list()[1], "works again")
			assert.Equal(t, f.Stats().Delivered, uint64(len(allLines(t, dir, "app.log"))))
		})
	}
}

func TestAnOutsiderRemovesOrRenamesTheFile(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: -1})
	path := filepath.Join(dir, "app.log")
	write(t, f, "renamed\n")
	require.NoError(t, os.Rename(path, filepath.Join(dir, "app.log.away")))
	for i := range 100 {
		write(t, f, fmt.Sprintf("record %d\n", i))
	}
	lines := allLines(t, dir, "app.log")
	assert.Len(t, lines, 101)
	require.NoError(t, os.Remove(path))
	for range 100 {
		write(t, f, "more of it\n")
	}
	assert.FileExists(t, path, "made anew at the next rollover")
}

// A directory that somebody has moved is made again by MakeDirs, where the log would grow without a bound in the one that was moved.
func TestAnOutsiderRenamesTheDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	path := filepath.Join(dir, "app.log")
	var told errorLog
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 100, BackupCount: -1, MakeDirs: true, OnError: told.add})
	require.NoError(t, err)
	write(t, f, "before\n")
	require.NoError(t, os.Rename(dir, dir+".moved"))
	for i := range 100 {
		write(t, f, fmt.Sprintf("record %d\n", i))
	}
	require.NoError(t, f.Close())
	moved := allLines(t, dir+".moved", "app.log")
	assert.Less(t, len(moved), 20)
	assert.LessOrEqual(t, len(told.list()), 1)
	assert.Len(t, append(moved, allLines(t, dir, "app.log")...), 101)
}

// The next file, which was opened ahead, has moved as well, and is of no use.
func TestAnOutsiderRenamesTheDirectoryOfTheNextFile(t *testing.T) {
	const most = 1 << 20
	dir := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.Mkdir(dir, 0o755))
	f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: most, BackupCount: -1, OnError: unexpected(t)})
	require.NoError(t, err)
	line := strings.Repeat("x", most/20) + "\n"
	ahead := func() bool {
		next, _ := filepath.Glob(filepath.Join(dir, ".app.log.rotation", "next-*"))
		return len(next) == 1
	}
	for range 18 {
		write(t, f, line)
	}
	require.Eventually(t, ahead, 5*time.Second, time.Millisecond)
	require.NoError(t, os.Rename(dir, dir+".moved"))
	require.NoError(t, os.Mkdir(dir, 0o755))
	for range 1 + 18 {
		write(t, f, line)
	}
	require.Eventually(t, ahead, 5*time.Second, time.Millisecond, "so is the one after that")
	for range 30 {
		write(t, f, line)
	}
	require.NoError(t, f.Close())
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Less(t, info.Size(), int64(most), name)
	}
}

func TestRolloverSaysWhatWasRefused(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: 1, OnError: func(error) {}})
	write(t, f, "one\n")
	immutable(t, dir, true)
	t.Cleanup(func() { immutable(t, dir, false) })
	assert.ErrorIs(t, f.Rollover(), os.ErrPermission)
	immutable(t, dir, false)
	assert.NoError(t, f.Rollover())
	assert.FileExists(t, filepath.Join(dir, "app.log.1"))
	assert.Eventually(t, func() bool { return f.Stats().Rotations == 1 }, time.Second, time.Millisecond)
}

func TestRefusedExchangeGoesOnInTheFileItHolds(t *testing.T) {
	var told errorLog
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: -1, OnError: told.add})
	path := filepath.Join(dir, "app.log")
	appendOnly(t, path, true)
	t.Cleanup(func() { appendOnly(t, path, false) })
	for i := range 100 {
		write(t, f, fmt.Sprintf("record %d\n", i))
	}
	assert.Equal(t, []string{"app.log"}, names(t, dir), "the next file is gone as well")
	require.Len(t, told.list(), 1)
	assert.ErrorIs(t, told.list()[0], unix.EPERM)
	appendOnly(t, path, false)
	require.NoError(t, f.Rollover())
	assert.Len(t, allLines(t, dir, "app.log"), 100)
}

func TestWithoutHardLinks(t *testing.T) {
	rotation.LinkFile = func(string, string) error { return errors.ErrUnsupported }
	t.Cleanup(func() { rotation.LinkFile = os.Link })
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: -1})
	for i := range 100 {
		write(t, f, fmt.Sprintf("record %d\n", i))
	}
	require.NoError(t, f.Close())
	assert.Len(t, allLines(t, dir, "app.log"), 100)
	assert.Greater(t, len(names(t, dir)), 9)
}

// A path under what is no directory is refused once: by the error of opening.
func TestAPathUnderAFileIsToldOnce(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o644))
	var told errorLog
	_, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(plain, "app.log"), MaxBytes: 1 << 20, BackupCount: 1, OnError: told.add})
	require.ErrorIs(t, err, unix.ENOTDIR)
	assert.Empty(t, told.list())
}
