package writesyncers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Shared is refused on a file system of a process also where the directory is made later: then it is the first record's error, and each
// one's. Nothing of the log is there.
func TestSharedWhereItIsUnsafe(t *testing.T) {
	lower, at := t.TempDir(), t.TempDir()
	if out, err := exec.Command("bindfs", lower, at).CombinedOutput(); err != nil {
		t.Skipf("no bindfs: %v: %s", err, out)
	}
	t.Cleanup(func() { assert.NoError(t, exec.Command("fusermount", "-u", at).Run()) })
	for _, delay := range []bool{false, true} {
		for _, sub := range []string{"", "sub"} {
			cfg := RotatingFileConfig{
				Path: filepath.Join(at, sub, "app.log"), MakeDirs: true, Delay: delay, MaxBytes: 100, BackupCount: 3, Shared: true, OnError: unexpected(t),
			}
			f, err := NewRotatingFile(cfg)
			if delay && sub != "" {
				require.NoError(t, err, "there is nothing to look at yet")
				for range 2 {
					_, err = f.Write([]byte("record\n"))
					assert.ErrorContains(t, err, "Shared: "+cfg.Path+": needs")
				}
				require.NoError(t, f.Close())
			}
			assert.ErrorContains(t, err, "Shared: "+cfg.Path+": needs")
			assert.NoFileExists(t, cfg.Path)
			require.NoError(t, os.RemoveAll(filepath.Join(at, "sub")))
		}
	}
}
