package writesyncers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A directory mounted beside the log's, from the same file system, is on another device for a rename, as with two volumes of a container.
func TestANamerOfADirectoryThatIsMountedFromTheSameFileSystem(t *testing.T) {
	top := t.TempDir()
	for _, dir := range []string{"log", "archive", "elsewhere"} {
		require.NoError(t, os.Mkdir(filepath.Join(top, dir), 0o755))
	}
	archive := filepath.Join(top, "archive")
	if err := unix.Mount(filepath.Join(top, "elsewhere"), archive, "", unix.MS_BIND, ""); err != nil {
		t.Skip("nothing can be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(archive, unix.MNT_DETACH) })
	_, err := NewRotatingFile(RotatingFileConfig{
		Path: filepath.Join(top, "log", "app.log"), MaxBytes: 10, BackupCount: 3,
		Namer: func(name string) string { return filepath.Join(archive, filepath.Base(name)) },
	})
	require.ErrorContains(t, err, "on another device than the log (a Rotator could copy it)")
}

// A file that is mounted itself, such as a volume of a container, cannot be renamed: the log goes on, and the error says what to do.
func TestAFileThatIsMounted(t *testing.T) {
	top := t.TempDir()
	path, other := filepath.Join(top, "app.log"), filepath.Join(top, "elsewhere.log")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	require.NoError(t, os.WriteFile(other, nil, 0o644))
	if err := unix.Mount(other, path, "", unix.MS_BIND, ""); err != nil {
		t.Skip("nothing can be mounted here: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(path, unix.MNT_DETACH) })
	var told errorLog
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 10, BackupCount: 3, OnError: told.add})
	require.NoError(t, err)
	write(t, f, "one\n", "two\n", "three\n", "four\n")
	require.NoError(t, f.Close())
	require.Equal(t, "one\ntwo\nthree\nfour\n", read(t, other))
	require.Len(t, told.list(), 1)
	require.ErrorIs(t, told.list()[0], unix.EBUSY)
	require.ErrorContains(t, told.list()[0], "mount its directory")
}
