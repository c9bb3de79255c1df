//go:build !unix || aix

package connection

import (
	"net"
	"time"
)

// peek would look whether the kernel already knows that a peer has left. Here only the reader tells.
type peek struct{ left error }

func newPeek(net.Conn) *peek { return &peek{} }

func (*peek) hasLeft() bool { return false }

func (*peek) hasSaid() bool { return false }

func (*peek) wasReset() bool { return false }

func (*peek) unacknowledged() int { return 0 }

func (*peek) acknowledged() (bytes uint64, quiet time.Duration, waits bool) { return 0, 0, false }

func (*peek) receipt() receipt { return receipt{} }

// refusal returns nothing. Go keeps these reports to itself on Windows, https://go.dev/issue/5834.
func (*peek) refusal() error { return nil }

func (*peek) tellsReceipt() bool { return false }
