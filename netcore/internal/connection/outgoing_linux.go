package connection

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// tellsReceipt tells whether unacknowledged knows: for TCP, and for a unix socket, where what was written has arrived.
func tellsReceipt(raw syscall.RawConn) (tells bool) {
	_ = raw.Control(func(fd uintptr) {
		protocol, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL)
		tells = err == nil && (protocol == unix.IPPROTO_TCP || protocol == 0)
	})
	return tells
}

// unacknowledged returns how many bytes written to a TCP connection its peer's system has not acknowledged. It is 0 where that
// cannot be known.
func unacknowledged(raw syscall.RawConn) int {
	n := 0
	_ = raw.Control(func(fd uintptr) {
		if protocol, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL); err != nil || protocol != unix.IPPROTO_TCP {
			return // on a unix socket the number means something else
		}
		n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return max(n, 0)
}
