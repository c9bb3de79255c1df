//go:build linux

package mailcore_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
	"example.com/zaphandlers/mailcore"
)

// A machine that is off answers nothing, and what its name means besides is in time all the same.
func TestAnAddressThatDoesNotAnswer(t *testing.T) {
	server := newServer(t, &server{})
	at := netip.MustParseAddrPort(server.listen(t))
	sockets.Silence(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), at.Port()))
	sockets.Resolve(t, "127.0.0.2", "127.0.0.1")
	_, port, _ := net.SplitHostPort(at.String())
	core, err := mailcore.New(mailcore.Config{
		Addr: net.JoinHostPort("loghost.test", port), From: "a@example.com", To: []string{"b@example.com"}, Timeout: 2 * time.Second,
	})
	require.NoError(t, err)
	require.NoError(t, write(core, "hello"))
	require.Len(t, server.received(), 1)
	require.NoError(t, core.Close())
}
