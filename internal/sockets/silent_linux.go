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

// Silence makes a port of an IPv4 address one that answers nothing, as a machine that is off does, until tb ends: its queue of connections
// that nobody accepts is full, so that the system drops what asks for another.
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

// Vanish makes one end of a TCP connection what it is when its machine is off: nothing that is sent to it arrives, and nobody says so.
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
