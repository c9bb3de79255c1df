package session

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// hello is that of the client with that number, whose first frame is the first there is.
func hello(client uint64) []byte {
	b := append([]byte(helloMagic), make([]byte, sessionSize)...)
	binary.BigEndian.PutUint64(b[len(helloMagic):], client)
	return binary.BigEndian.AppendUint64(b, 1)
}

// TestRegistryForgets those who have been away the longest, and nobody who is connected, however long ago he came.
func TestRegistryForgets(t *testing.T) {
	var r Registry
	greet := func(client uint64) *Session {
		s, first, err := r.Greet(hello(client))
		require.NoError(t, err)
		require.EqualValues(t, 1, first)
		return s
	}
	stays, leaves, returns := greet(1), greet(2), greet(3)
	r.Leave(returns)
	again := greet(3)
	require.Same(t, returns, again)
	for client := range uint64(maxSessions) {
		if client == maxSessions-1 {
			r.Leave(leaves)
		}
		r.Leave(greet(100 + client))
	}
	require.LessOrEqual(t, len(r.known), maxSessions)
	require.Same(t, stays, greet(1), "it is connected")
	require.Same(t, leaves, greet(2), "it has just left")
	require.Same(t, returns, greet(3), "one of its connections is left")
	require.EqualValues(t, 0, greet(100).Last(), "forgotten, and a new one")

	for client := range uint64(maxSessions + 10) { // more than are remembered, all connected
		greet(1<<20 + client).Reached(7)
	}
	require.EqualValues(t, 7, greet(1<<20).Last())
}
