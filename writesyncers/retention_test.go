package writesyncers

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/rotation"
)

// Where there are many backups no Write waits until they have been looked through, and those are removed that are too much.
func TestManyBackupsHoldUpNoWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.log")
	for i := range 600 {
		require.NoError(t, os.WriteFile(fmt.Sprintf("%s.%d", path, i+1), []byte("old\n"), 0o600))
	}
	f, err := NewRotatingFile(RotatingFileConfig{Path: path, MaxBytes: 6, MaxTotalBytes: 20, OnError: unexpected(t)})
	require.NoError(t, err)
	release := make(chan struct{})
	rotation.Step = func(name string) {
		if name == "retaining" {
			<-release
		}
	}
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		for _, record := range []string{"one\n", "two\n"} {
			_, err := f.Write([]byte(record))
			assert.NoError(t, err)
		}
	}()
	select {
	case <-wrote:
		assert.Equal(t, "one\n", read(t, path+".601"), "it has its name")
	case <-time.After(10 * time.Second):
		assert.Fail(t, "the Write waits")
	}
	close(release)
	<-wrote
	require.NoError(t, f.Close())
	rotation.Step = func(string) {}
	paths, err := f.Backups()
	require.NoError(t, err)
	assert.Len(t, paths, 5)
	assert.Equal(t, path+".601", paths[0])
}
