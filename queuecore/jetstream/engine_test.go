package jetstream

import (
	"os"
	"testing"
	"time"

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
	require.NoError(t, e.local.checkDir())
	require.NoError(t, e.local.restart(e.local.current()))
	left, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, left)
}

const credentials = `-----BEGIN NATS USER JWT-----
header.claims.signature
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
SUAGMJH5XLGZKQQWAWKRZJIGMOU4HPFUYLXJMXOO5NLFEO2OOQJ5LPRDPM
------END USER NKEY SEED------
`

// The same for a relative path of Credentials, which are read for each connection.
func TestRelativeCredentials(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("shop.creds", []byte(credentials), 0o600))
	s := newTestServer(t, nil).start() // it asks for none, and gets them all the same
	e := open(t, Config{URL: s.url(), Credentials: "shop.creds", Timeout: 2 * time.Second})
	t.Chdir(t.TempDir())
	s.stop()
	s.start()
	require.Eventually(t, func() bool { _, err := e.Append(batchOf(t, "a")); return err == nil }, 20*time.Second, time.Millisecond)
}
