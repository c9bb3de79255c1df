package rotation

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A goroutine has rolled the file over, and is delayed before it finishes the old file, like a timer on a busy machine: Close waits for it.
func TestCloseWaitsForAFileThatIsStillToBeFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, cfg := rotationOf(t, nil)
		next, out, err := r.Exchange(open(t, cfg, "one\n"), false)
		require.NoError(t, err)
		closed := make(chan error, 1)
		go func() { closed <- r.Close() }()
		synctest.Wait()
		assert.Empty(t, closed, "it is at work still")
		r.Finish(out)
		require.NoError(t, <-closed)
		assert.Equal(t, "one\n", text(t, cfg.Path+".1"))
		assert.NoDirExists(t, r.dir.path)
		require.NoError(t, next.Close())
	})
}
