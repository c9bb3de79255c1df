package jetstream

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/queuecore"
	"example.com/zaphandlers/queuecore/queuetest"
)

func open(t *testing.T, cfg Config) *Engine {
	t.Helper()
	e, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = e.Close(t.Context()) })
	return e
}

func TestEngineInThisProcess(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuecore.Queue { return open(t, Config{Dir: t.TempDir()}) })
}

// A relative Dir is that of the working directory in which New was called, wherever the program goes afterwards.
func TestEngineInARelativeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	e := open(t, Config{Dir: "server"})
	appendAll(t, e, "a")
	elsewhere := t.TempDir()
	t.Chdir(elsewhere)
	require.NoError(t, e.local.look())
	require.NoError(t, e.local.restart(e.local.current()))
	left, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, left)
}
