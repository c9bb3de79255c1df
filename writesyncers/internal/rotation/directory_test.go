//go:build unix

package rotation

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// If several writers close a log at the same moment, each may find the lock taken by another, and that one the directory not empty yet.
func TestTheLastOfThoseWhoCloseAtOnceRemovesTheDirectory(t *testing.T) {
	for range 500 {
		log := filepath.Join(t.TempDir(), "app.log")
		start := make(chan struct{})
		var leaving sync.WaitGroup
		var path string
		for range 4 {
			d := newDirectory(log)
			path = d.path
			require.NoError(t, d.enter())
			file := d.name(nextTag)
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			d.leave(false)
			leaving.Go(func() {
				<-start
				_ = os.Remove(file)
				d.close()
			})
		}
		close(start)
		leaving.Wait()
		require.NoDirExists(t, path)
	}
}
