package hosts

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

func addresses(texts ...string) (list []netip.Addr) {
	for _, text := range texts {
		list = append(list, netip.MustParseAddr(text))
	}
	return list
}

func TestAlternating(t *testing.T) {
	assert.Equal(t, addresses("::1", "127.0.0.1", "::2", "127.0.0.2", "::3"), alternating(addresses("::1", "::2", "::3", "127.0.0.1", "127.0.0.2")))
	assert.Equal(t, addresses("127.0.0.1", "::1", "127.0.0.2"), alternating(addresses("127.0.0.1", "127.0.0.2", "::1")))
	assert.Equal(t, addresses("::ffff:127.0.0.1", "127.0.0.2"), alternating(addresses("::ffff:127.0.0.1", "127.0.0.2")))
}

func TestInTurn(t *testing.T) {
	var r Resolver
	a := addresses("::ffff:127.0.0.1", "::1", "127.0.0.2")
	for _, first := range []int{0, 1, 2, 0} {
		turn := r.inTurn(a)
		assert.ElementsMatch(t, a, turn)
		assert.Equal(t, a[first], turn[0])
		r.connected(net.TCPAddrFromAddrPort(netip.AddrPortFrom(turn[0], 1)))
		assert.Equal(t, turn, r.inTurn(a), "it works")
		r.Pass()
	}
	assert.Equal(t, addresses("127.0.0.9"), r.inTurn(addresses("127.0.0.9")), "the name means others now")
}

// host is the addresses of one: after how long each takes a connection; negative: refuses it. The others are silent.
type host map[netip.Addr]time.Duration

var errRefused = errors.New("refused")

func (h host) dial(ctx context.Context, a netip.Addr) (net.Conn, error) {
	after, answers := h[a]
	switch {
	case !answers:
		<-ctx.Done()
		return nil, ctx.Err()
	case after < 0:
		time.Sleep(-after)
		return nil, errRefused
	}
	time.Sleep(after) // whatever ctx says: a connection may be there when another one is already
	conn, _ := net.Pipe()
	return conn, nil
}

func TestRace(t *testing.T) {
	const never = time.Hour
	a := addresses("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
	for name, c := range map[string]struct {
		host    host
		timeout time.Duration
		want    time.Duration // until the connection
		err     error
	}{
		"the first is there at once":         {host{a[0]: 0}, never, 0, nil},
		"the first takes its time":           {host{a[0]: 100 * time.Millisecond}, never, 100 * time.Millisecond, nil},
		"the first is silent":                {host{a[1]: 0}, never, pause, nil},
		"the first three are silent":         {host{a[3]: 0}, never, 3 * pause, nil},
		"and there is little time":           {host{a[3]: 0}, 80 * time.Millisecond, 30 * time.Millisecond, nil},
		"the first refuses":                  {host{a[0]: -time.Millisecond, a[1]: 0}, never, time.Millisecond, nil},
		"one refuses, one is silent":         {host{a[0]: -time.Millisecond, a[2]: 0}, never, time.Millisecond + pause, nil},
		"all refuse":                         {host{a[0]: -1, a[1]: -1, a[2]: -1, a[3]: -1}, never, 4, errRefused},
		"all are silent":                     {nil, time.Second, time.Second, context.DeadlineExceeded},
		"two are there in the same moment":   {host{a[0]: pause, a[1]: 0}, never, pause, nil},
		"the first is late, and there still": {host{a[0]: 2 * pause, a[1]: 0}, never, 2 * pause, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.timeout)
				defer cancel()
				begin := time.Now()
				conn, err := race(ctx, a, c.host.dial)
				require.ErrorIs(t, err, c.err)
				assert.Equal(t, c.want, time.Since(begin))
				if err == nil {
					require.NotNil(t, conn)
					require.NoError(t, conn.Close())
				}
			}) // which has no goroutine left
		})
	}
}

func TestDial(t *testing.T) {
	peer := sockets.Listen(t, "tcp", func(net.Conn) {})
	_, port, err := net.SplitHostPort(peer.Address())
	require.NoError(t, err)
	names := sockets.Resolve(t, "127.0.0.1")
	var r Resolver
	defer r.Close()
	for _, host := range []string{"127.0.0.1", "loghost.test"} {
		conn, err := r.Dial(t.Context(), new(net.Dialer), "tcp", net.JoinHostPort(host, port))
		require.NoError(t, err, host)
		require.NoError(t, conn.Close())
	}
	names.Set()
	_, err = r.Dial(t.Context(), new(net.Dialer), "tcp", "loghost.test:9")
	require.ErrorAs(t, err, new(*net.DNSError))
	assert.Contains(t, err.Error(), "dial tcp: lookup loghost.test")
}
