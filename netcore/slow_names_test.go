package netcore

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"example.com/zaphandlers/internal/sockets"
)

// Where the first server of the DNS is down each lookup takes five seconds. A caller has less, and yet the second one has what the
// first has begun.
func TestALookupThatTakesLongerThanACall(t *testing.T) {
	for _, network := range []string{"tcp4", "udp4"} {
		t.Run(network, func(t *testing.T) {
			names := sockets.Resolve(t, "127.0.0.1")
			names.Late()
			address, err := sockets.Sink(t, network[:3])
			require.NoError(t, err)
			_, port, err := net.SplitHostPort(address)
			require.NoError(t, err)
			core, err := New(Config{
				Network: network, Address: net.JoinHostPort("loghost.test", port), Formatter: Records(),
				Timeout: sockets.Brief, RetryStart: sockets.Brief, OnError: func(error) {},
			})
			require.NoError(t, err)
			write := func() error { return core.Write(zap.New(core).Check(zap.InfoLevel, "hello").Entry, nil) }
			require.ErrorContains(t, write(), "lookup loghost.test: i/o timeout")
			names.Answer(t)
			require.Eventually(t, func() bool { return write() == nil }, 20*sockets.Brief, sockets.Brief/4)
			require.NoError(t, core.Close())
		})
	}
}
