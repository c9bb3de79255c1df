package filelock

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTryLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	open := func() *os.File {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		require.NoError(t, err)
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	first, second := open(), open()
	taken, err := TryLock(first)
	require.NoError(t, err)
	require.False(t, taken)
	taken, err = TryLock(second)
	require.NoError(t, err)
	require.True(t, taken)
	require.NoError(t, first.Close())
	taken, err = TryLock(second)
	require.NoError(t, err)
	require.False(t, taken, "it ends with the file")
}
