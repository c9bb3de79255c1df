package writesyncers

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process killed while it made room has already moved the upper numbers. This one was of an earlier version, whose hidden files are
// beside the log.
func TestRecoverDropsNoBackupBeforeItsTime(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	for name, text := range map[string]string{
		".app.log.next-1-1": "new\n", ".app.log.next-1-2": "", ".app.log.part-1-3": "half", "app.log.1": "newest\n", "app.log.3": "oldest\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 10, BackupCount: 3, Header: "since today", OnError: unexpected(t)})
	require.NoError(t, err)
	require.NoError(t, f.Close())
	assert.Equal(t, map[string]string{"app.log": "since today\n", "app.log.1": "new\n", "app.log.2": "newest\n", "app.log.3": "oldest\n"}, tree(t, dir))
}

// Without a crash a gap stays a gap, as in Python.
func TestGapsStay(t *testing.T) {
	f, dir := rotating(t, RotatingFileConfig{BackupCount: 4})
	for name, text := range map[string]string{"app.log.1": "1\n", "app.log.3": "3\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	rolls(t, f, "0\n")
	assert.Equal(t, map[string]string{"app.log": "", "app.log.1": "0\n", "app.log.2": "1\n", "app.log.4": "3\n"}, tree(t, dir))
}
