package connection

import (
	"syscall"

	"golang.org/x/sys/unix"
)

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
