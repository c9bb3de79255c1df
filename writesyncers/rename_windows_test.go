//go:build windows

package writesyncers

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Windows renames no file that another program has open: the log goes on growing, and rolls over when it can.
func TestRotationWhileAnotherProgramReads(t *testing.T) {
	var told errorLog
	f, dir := rotating(t, RotatingFileConfig{MaxBytes: 100, BackupCount: -1, OnError: told.add})
	write(t, f, "record\n")
	reader, err := os.Open(filepath.Join(dir, "app.log"))
	require.NoError(t, err)
	for i := range 100 {
		write(t, f, fmt.Sprintf("record %d\n", i))
	}
	assert.Equal(t, []string{"app.log"}, names(t, dir))
	require.Len(t, told.list(), 1, "%v", told.list())
	require.NoError(t, reader.Close())
	require.NoError(t, f.Rollover())
	write(t, f, "the last\n")
	assert.Equal(t, []string{"app.log", "app.log.1"}, names(t, dir))
	assert.Len(t, allLines(t, dir, "app.log"), 102)
}

// A backup that somebody reads cannot be renamed: it keeps its number, and the file rolls over all the same.
func TestABackupThatSomebodyReads(t *testing.T) {
	dir := t.TempDir()
	var told errorLog
	f, err := NewRotatingFile(RotatingFileConfig{Path: filepath.Join(dir, "app.log"), MaxBytes: 1 << 20, BackupCount: 4, OnError: told.add})
	require.NoError(t, err)
	roll := func(records ...string) {
		for _, record := range records {
			write(t, f, record+"\n")
			require.NoError(t, f.Rollover())
		}
	}
	roll("one", "two", "three")
	reader, err := os.Open(filepath.Join(dir, "app.log.2"))
	require.NoError(t, err)
	roll("four")
	require.NotEmpty(t, told.list())
	assert.ErrorContains(t, told.list()[0], "move backups of")
	assert.Equal(t, "two\n", read(t, filepath.Join(dir, "app.log.2")))
	assert.Equal(t, "four\n", read(t, filepath.Join(dir, "app.log.1")))
	require.NoError(t, reader.Close())
	roll("five")
	require.NoError(t, f.Close())
	assert.Len(t, names(t, dir), 5)
}
