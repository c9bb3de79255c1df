package httpcore

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/internal/sockets"
)

// Where the first server of the DNS is down each lookup takes five seconds. A connection has less, and yet the second one has what the
// first has begun.
func TestALookupThatTakesLongerThanACall(t *testing.T) {
	names := sockets.Resolve(t, "127.0.0.1")
	names.Late()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	core, err := New(Config{
		URL: "http://" + net.JoinHostPort("loghost.test", port) + "/logs", Envelope: JSONLines(),
		ConnectTimeout: sockets.Brief, RetryStart: sockets.Brief, OnError: func(error) {},
	})
	require.NoError(t, err)
	write := func() error { return core.Write(zap.New(core).Check(zap.InfoLevel, "hello").Entry, nil) }
	require.ErrorContains(t, write(), "the server did not take the connection in time")
	names.Answer(t)
	require.Eventually(t, func() bool { return write() == nil }, 20*sockets.Brief, sockets.Brief/4)
	require.NoError(t, core.Close())
}
