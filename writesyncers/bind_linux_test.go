package writesyncers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A directory that is mounted beside the log's, from the same file system, is another one to a rename, as with two volumes of a container.
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
