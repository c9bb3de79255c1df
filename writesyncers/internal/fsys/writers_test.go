package fsys

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A writer is recognised by the name of its log, whatever name the file has by now.
func TestWhoWritesToAFile(t *testing.T) {
	dir := t.TempDir()
	path, log := filepath.Join(dir, "app.log.1"), filepath.Join(dir, "app.log")
	open := func(as string) (unlock, closeFile func()) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		require.NoError(t, err)
		LockShared(f)
		MarkWriter(f, as)
		return func() { Unlock(f) }, func() {
			UnmarkWriter(f)
			require.NoError(t, f.Close())
		}
	}
	written := func(path, log string) bool {
		by, err := WrittenByOthers(path, log)
		require.NoError(t, err)
		return by
	}
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	assert.False(t, written(path, log), "nobody")
	unlock, closeOne := open(log)
	_, closeOther := open(log)
	assert.False(t, written(path, log), "two writers of the log itself")
	unlock()
	assert.False(t, written(path, log), "one of which is about to close it")
	closeOne()
	assert.False(t, written(path, log), "one")
	closeOther()
	_, closeOne = open(path)
	assert.True(t, written(path, log), "it is a log itself")
	assert.False(t, written(path, path))
	closeOne()
	assert.False(t, written(path, log), "closed")
}
