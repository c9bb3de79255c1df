//go:build unix && !solaris && !aix

package filelock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A process that is being started has all files open until it begins. The lock does not last as long.
func TestCloseEndsTheLockOfOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		require.NoError(t, err)
		return f
	}
	first, second := open(), open()
	taken, err := TryLock(first)
	require.NoError(t, err)
	require.False(t, taken)
	inherited, err := unix.Dup(int(first.Fd()))
	require.NoError(t, err)
	require.NoError(t, Close(first))
	taken, err = TryLock(second)
	require.NoError(t, err)
	require.False(t, taken)
	require.NoError(t, Close(second))
	require.NoError(t, unix.Close(inherited))
}
