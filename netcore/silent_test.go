//go:build linux

package netcore

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/internal/sockets"
)

// A machine that is off answers nothing, and what its name means besides is in time all the same.
func TestAnAddressThatDoesNotAnswer(t *testing.T) {
	got := make(chan string, 1)
	peer := sockets.Listen(t, "tcp", func(conn net.Conn) {
		b := make([]byte, 100)
		n, _ := conn.Read(b)
		got <- string(b[:n])
	})
	at := netip.MustParseAddrPort(peer.Address())
	sockets.Silence(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), at.Port()))
	sockets.Resolve(t, "127.0.0.2", "127.0.0.1")
	_, port, _ := net.SplitHostPort(peer.Address())
	core, err := New(Config{Address: net.JoinHostPort("loghost.test", port), Formatter: Records(), Timeout: 2 * time.Second, OnError: func(err error) { t.Error(err) }})
	require.NoError(t, err)
	require.NoError(t, core.Write(zap.New(core).Check(zap.InfoLevel, "hello").Entry, nil))
	require.Contains(t, sockets.Receive(t, got), "hello")
	require.NoError(t, core.Close())
}
