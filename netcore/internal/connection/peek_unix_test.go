//go:build !windows

package connection

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"example.com/zaphandlers/internal/sockets"
)

// A look at the socket tells silence, words that nobody has read yet, and the end.
func TestPeek(t *testing.T) {
	peers := make(chan net.Conn, 1)
	p := sockets.Listen(t, "tcp", func(conn net.Conn) { peers <- conn; <-t.Context().Done() })
	conn, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	defer conn.Close()
	peer, look := sockets.Receive(t, peers), newPeek(conn)
	assert.False(t, look.hasLeft())
	assert.False(t, look.hasInput())
	_, err = peer.Write([]byte("HELO"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !look.hasLeft() && look.hasInput() }, soon, time.Millisecond)
	_, err = conn.Read(make([]byte, 10))
	require.NoError(t, err)
	assert.False(t, look.hasLeft())
	assert.False(t, look.hasInput(), "it was read")
	require.NoError(t, peer.Close())
	require.Eventually(t, look.hasLeft, soon, time.Millisecond)
}
