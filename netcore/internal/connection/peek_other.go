//go:build !unix || aix

package connection

import (
	"net"
	"time"
)

// peek would ask the kernel whether the peer has left. On Windows only the reader tells.
type peek struct{ left error }

func newPeek(net.Conn) *peek { return &peek{} }

func (*peek) hasLeft() bool { return false }

func (*peek) hasInput() bool { return false }

func (*peek) wasReset() bool { return false }

func (*peek) unacknowledged() int { return 0 }

func (*peek) acknowledged() (bytes uint64, quiet time.Duration, waits bool) { return 0, 0, false }

func (*peek) receipt() receipt { return receipt{} }

// refusal returns nil: Go hides these errors on Windows, https://go.dev/issue/5834.
func (*peek) refusal() error { return nil }

func (*peek) tellsReceipt() bool { return false }
