package writesyncers

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/writesyncers/internal/fsys"
)

// standByEvery is how often the goroutine that has opened the next file checks whether the file in use is full.
const standByEvery = 250 * time.Microsecond

func TestWhoOpenedTheFileAheadNamesTheBackup(t *testing.T) {
	if !fsys.OpensAhead {
		t.Skip("this system opens nothing ahead")
	}
	synctest.Test(t, func(t *testing.T) {
		f, dir := rotating(t, RotatingFileConfig{MaxBytes: 2 << 20, BackupCount: 1, OnError: unexpected(t)})
		first := strings.Repeat("x", 1900<<10) + "\n"
		last := strings.Repeat("y", 200<<10) + "\n"
		write(t, f, first, "opens the next file ahead\n")
		synctest.Wait()
		write(t, f, last)
		assert.Equal(t, last, read(t, filepath.Join(dir, "app.log")))
		assert.NoFileExists(t, filepath.Join(dir, "app.log.1"))
		advance(standByEvery)
		assert.Equal(t, first+"opens the next file ahead\n", read(t, filepath.Join(dir, "app.log.1")))
		require.NoError(t, f.Close())
	})
}
