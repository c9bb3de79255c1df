package jetstream

import (
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
