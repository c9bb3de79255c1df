//go:build !linux

package connection

import (
	"syscall"
	"time"
)

// outgoing would return how many bytes the peer's system has not acknowledged. Here that is unknown.
func outgoing(int) int { return 0 }

// tellsReceipt reports whether outgoing is known.
func tellsReceipt(syscall.RawConn) bool { return false }

// acknowledged would return what the peer's system has acknowledged. Here that is unknown.
func acknowledged(syscall.RawConn) (bytes uint64, quiet time.Duration, waits bool) {
	return 0, 0, false
}
