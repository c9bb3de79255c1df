//go:build unix && !solaris && !aix

package fsys

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestDirectoryLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rotation")
	require.NoError(t, os.Mkdir(path, 0o700))
	one, err := OpenDirectory(path)
	require.NoError(t, err)
	other, err := OpenDirectory(path)
	require.NoError(t, err)
	require.NoError(t, one.TryLock())
	assert.ErrorIs(t, other.TryLock(), ErrLocked)
	assert.True(t, other.IsAt(path))
	require.NoError(t, os.Remove(path))
	assert.False(t, one.IsAt(path), "it was removed")
	require.NoError(t, os.Mkdir(path, 0o700))
	assert.False(t, one.IsAt(path), "and this is another one")
	require.NoError(t, one.Close())
	require.NoError(t, other.TryLock())
	require.NoError(t, other.Close())
	require.NoError(t, other.Close(), "twice")
	require.NoError(t, (*Directory)(nil).Close())
	_, err = OpenDirectory(path + "x")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestHeld(t *testing.T) {
	dir := t.TempDir()
	path := makeFile(t, dir, "app.log", "x")
	f := open(t, path, os.O_WRONLY)
	assert.False(t, Held(path), "open, but without a lock")
	require.True(t, LockShared(f))
	assert.True(t, Held(path))
	second := open(t, path, os.O_WRONLY)
	require.True(t, LockShared(second), "any number of processes may say so")
	Unlock(f)
	assert.True(t, Held(path))
	require.NoError(t, second.Close())
	assert.False(t, Held(path))
	require.True(t, TryLockExclusive(f))
	assert.True(t, Held(path))
	assert.False(t, TryLockExclusive(open(t, path, os.O_RDONLY)))
	Unlock(f)
	assert.False(t, Held(filepath.Join(dir, "gone")))
	assert.False(t, Held(dir))
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, unix.Mkfifo(pipe, 0o600))
	assert.False(t, Held(pipe), "without a wait for whoever writes to it")
}

// A lock call that a signal has interrupted is made again. Else it would look like a file system without locks, and the lock like taken.
func TestInterruptedLock(t *testing.T) {
	path := makeFile(t, t.TempDir(), "app.log", "x")
	f := open(t, path, os.O_WRONLY)
	calls, flock := 0, flockCall
	t.Cleanup(func() { flockCall = flock })
	flockCall = func(fd, how int) error {
		if calls++; calls%2 == 1 {
			return unix.EINTR
		}
		return flock(fd, how)
	}
	require.True(t, LockShared(f))
	assert.False(t, TryLockExclusive(open(t, path, os.O_RDONLY)))
	assert.True(t, Held(path))
	Unlock(f)
	assert.False(t, Held(path))
	one, err := OpenDirectory(filepath.Dir(path))
	require.NoError(t, err)
	defer one.Close()
	other, err := OpenDirectory(filepath.Dir(path))
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, one.TryLock())
	assert.ErrorIs(t, other.TryLock(), ErrLocked)
	flockCall = func(int, int) error { return unix.EINTR }
	assert.False(t, LockShared(f), "not for ever")
}

// The lock on a file that may be written and not read is found.
func TestHeldOfAFileThatMayNotBeRead(t *testing.T) {
	inChild(t, nobody, func(t *testing.T, dir string) {
		for _, perm := range []os.FileMode{0o200, 0o220, 0} {
			path := makeFile(t, dir, "app.log", "x")
			f := open(t, path, os.O_WRONLY)
			require.NoError(t, os.Chmod(path, perm))
			_, err := os.Open(path)
			require.ErrorIs(t, err, os.ErrPermission)
			assert.False(t, Held(path), "%v", perm)
			require.True(t, LockShared(f))
			assert.Equal(t, perm != 0, Held(path), "%v: and there is no telling where nothing is allowed", perm)
			require.NoError(t, os.Remove(path))
		}
	})
}

func TestHasName(t *testing.T) {
	path := makeFile(t, t.TempDir(), "app.log", "")
	f := open(t, path, os.O_WRONLY)
	assert.True(t, HasName(f))
	require.NoError(t, os.Remove(path))
	assert.False(t, HasName(f))
}

// A directory that may be written and not read cannot be synced, which is no error.
func TestSyncDirectory(t *testing.T) {
	require.NoError(t, SyncDirectory(t.TempDir()))
	assert.ErrorIs(t, SyncDirectory("/nowhere/at/all"), os.ErrNotExist)
	inChild(t, nobody, func(t *testing.T, dir string) {
		require.NoError(t, os.Chmod(dir, 0o333))
		defer os.Chmod(dir, 0o700)
		require.NoError(t, SyncDirectory(dir))
	})
}

// A process that is being started has all files open until it execs. A lock ends before.
func TestDirectoryIsClosedWhileAProcessIsStarted(t *testing.T) {
	path := t.TempDir()
	one, err := OpenDirectory(path)
	require.NoError(t, err)
	require.NoError(t, one.TryLock())
	inherited, err := unix.Dup(one.fd)
	require.NoError(t, err)
	defer unix.Close(inherited)
	require.NoError(t, one.Close())
	other, err := OpenDirectory(path)
	require.NoError(t, err)
	require.NoError(t, other.TryLock())
	require.NoError(t, other.Close())
}
