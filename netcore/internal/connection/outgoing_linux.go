package connection

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tellsReceipt reports whether the system tells what has arrived: for TCP, and for a unix socket, where everything written has.
func tellsReceipt(raw syscall.RawConn) (tells bool) {
	_ = raw.Control(func(fd uintptr) {
		protocol, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL)
		tells = err == nil && (protocol == unix.IPPROTO_TCP || protocol == 0)
	})
	return tells
}

// outgoing returns how many bytes written to a TCP connection its peer's system has not acknowledged; 0 if that is unknown.
func outgoing(fd int) int {
	if protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL); err != nil || protocol != unix.IPPROTO_TCP {
		return 0 // on a unix socket SIOCOUTQ means something else
	}
	n, _ := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	return max(n, 0)
}

// acknowledged returns how many bytes written to a TCP connection its peer's system has acknowledged, how long ago it last
// acknowledged anything, and whether data is under way to it.
func acknowledged(raw syscall.RawConn) (bytes uint64, quiet time.Duration, waits bool) {
	_ = raw.Control(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			bytes, quiet, waits = info.Bytes_acked, time.Duration(info.Last_ack_recv)*time.Millisecond, info.Unacked > 0
		}
	})
	return bytes, quiet, waits
}
