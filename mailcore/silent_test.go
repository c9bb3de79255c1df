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

// A server that does not take mail at one address of its name does not keep mails from those at the others.
func TestAnAddressThatIsOfNoUse(t *testing.T) {
	server := newServer(t, &server{})
	_, port, _ := net.SplitHostPort(server.listen(t))
	for name, greet := range map[string]string{"hangs up": "", "is busy": "421 too many connections\r\n", "takes no mail": "554 no mail here\r\n"} {
		t.Run(name, func(t *testing.T) {
			sockets.ListenAt(t, net.JoinHostPort("127.0.0.2", port), func(conn net.Conn) { _, _ = conn.Write([]byte(greet)) })
			sockets.Resolve(t, "127.0.0.2", "127.0.0.1")
			core := newCore(t, mailcore.Config{
				Addr: net.JoinHostPort("loghost.test", port), From: "a@example.com", To: []string{"b@example.com"},
				RetryStart: time.Millisecond, RetryMax: time.Millisecond, OnError: func(error) {},
			})
			require.Error(t, write(core, "hello"))
			require.Eventually(t, func() bool { return write(core, "hello") == nil }, 20*time.Second, 5*time.Millisecond)
		})
	}
}
