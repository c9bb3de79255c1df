package sockets

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Silence makes a port of an IPv4 address unresponsive until tb ends, like a machine that is off. It fills the queue of connections
// to be accepted, so the system drops further attempts.
func Silence(tb testing.TB, address netip.AddrPort) {
	tb.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = unix.Close(fd) })
	require.NoError(tb, unix.Bind(fd, &unix.SockaddrInet4{Addr: address.Addr().As4(), Port: int(address.Port())}))
	require.NoError(tb, unix.Listen(fd, 0))
	for range 10 {
		conn, err := net.DialTimeout("tcp", address.String(), 100*time.Millisecond)
		if os.IsTimeout(err) {
			return
		}
		require.NoError(tb, err)
		tb.Cleanup(func() { _ = conn.Close() })
	}
	require.Fail(tb, "the system accepts whatever comes")
}

// Vanish makes one end of a TCP connection behave like a machine that was switched off: nothing that is sent to it arrives, without
// any error.
func Vanish(tb testing.TB, conn net.Conn) {
	tb.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if !assert.NoError(tb, err) {
		return
	}
	nothing := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K}
	controlErr := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &nothing})
	})
	assert.NoError(tb, errors.Join(controlErr, err))
}
