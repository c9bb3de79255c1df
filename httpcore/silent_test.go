//go:build linux

package httpcore

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/internal/sockets"
)

// A machine that is off answers nothing, and what its name means besides is in time all the same.
func TestAnAddressThatDoesNotAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	sockets.Silence(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), at.Port()))
	sockets.Resolve(t, "127.0.0.2", "127.0.0.1")
	_, port, _ := net.SplitHostPort(at.String())
	core, err := New(Config{URL: "http://" + net.JoinHostPort("loghost.test", port) + "/logs", Envelope: JSONLines()})
	require.NoError(t, err)
	require.NoError(t, core.Write(zap.New(core).Check(zap.InfoLevel, "hello").Entry, nil))
	require.EqualValues(t, 1, core.Stats().Delivered)
	require.NoError(t, core.Close())
}

// A proxy that hangs up at one address of the name does not keep records from those that work at the others.
func TestAnAddressThatIsOfNoUse(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	sockets.ListenAt(t, net.JoinHostPort("127.0.0.2", port), func(conn net.Conn) { _, _ = conn.Read(make([]byte, 100)) })
	sockets.Resolve(t, "127.0.0.2", "127.0.0.1")
	core, err := New(Config{URL: "http://" + net.JoinHostPort("loghost.test", port) + "/logs", Envelope: JSONLines(), RetryStart: time.Millisecond,
		RetryMax: time.Millisecond, OnError: func(error) {}})
	require.NoError(t, err)
	write := func() error { return core.Write(zap.New(core).Check(zap.InfoLevel, "hello").Entry, nil) }
	require.Error(t, write())
	require.Eventually(t, func() bool { return write() == nil }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, core.Close())
}
