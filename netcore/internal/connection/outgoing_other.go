//go:build !linux

package connection

import "syscall"

// unacknowledged would return how many bytes the peer's system has not acknowledged. Here nobody says.
func unacknowledged(syscall.RawConn) int { return 0 }

// tellsReceipt tells whether unacknowledged knows.
func tellsReceipt(syscall.RawConn) bool { return false }
